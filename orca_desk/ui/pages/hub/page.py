"""The Hub page: find models on a hub, see what they need, and download them, once the user is online."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from orca_desk.errors import UserError
from orca_desk.models.hub.address import model_name
from orca_desk.models.hub.choice import Variant, variants_of
from orca_desk.models.hub.listing import HubModel, HubRepo
from orca_desk.steps.download.download import Downloaded, download_to_resume
from orca_desk.steps.download.fit import VariantFit, fits_of_variants
from orca_desk.steps.download.recommended import Recommended
from orca_desk.steps.download.request import (
    DownloadRequest,
    choose_folder,
    chosen_endpoint,
    chosen_folder,
    folder_for,
    request_for,
)
from orca_desk.steps.download.session import HubSession, OpenedModel
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.jobs import Job
from orca_desk.ui.online import title_of
from orca_desk.ui.page import SEARCH, Command, Page
from orca_desk.ui.pages.hub.connection_dialog import ConnectionDialog
from orca_desk.ui.pages.hub.detail import HubDetail
from orca_desk.ui.pages.hub.finder import Finder, SearchRow
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.job_panels import JobPanels
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.text import button
from orca_desk.ui.words.hub import GO_ONLINE_HINT, SEARCH_ONLINE, online_tip, resuming_hint

SIZES = [440, 620]  # px: the list and the model
GO_ONLINE, GO_OFFLINE = "Go online", "Go offline"


class HubPage(Page):
    """On the left what to choose from, on the right one model; above them the downloads."""

    name = "hub"
    title = "Hub"
    widest = WIDE_PANES
    about = "Find models on a hub and download them. Orca Desk connects only while you are online here."
    watches = frozenset({"models", "settings"})
    offers = (
        Command("&Go online or offline", lambda page: page.toggle(), image="wifi"),
        SEARCH,
        Command("Show &recommended models", lambda page: page.finder.show_recommended(), image="lightbulb"),
        Command("&Connection…", lambda page: page.ask_for_connection(), image="settings"),
        Command("&Download", lambda page: page.detail.download.click(), image="download", on_selection=True),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._root = Path()  # the folder for downloads
        self._make_header()
        self._downloads = JobPanels(desk)
        self.body.addLayout(self._downloads)
        self._make_parts()
        desk.online.changed.connect(self._show_state)
        desk.jobs.changed.connect(self._follow)
        desk.theme.changed.connect(self._paint)
        self._paint()
        self._show_state()
        self._follow()

    def refresh(self, changes: frozenset[str]) -> None:
        """Read the folder for downloads, and list what is recommended."""
        library = self.desk.library
        self.desk.background.run(self, lambda: chosen_folder(library), self._show_root, only_newest="root")
        if self.finder.chosen is None:
            self.finder.show_recommended()

    def go(self, target: Mapping[str, Any]) -> None:
        """Resume a download: {"resume": run}; or search: {"search": text}."""
        if "resume" in target:
            self._offer_to_resume(str(target["resume"]))
        if "search" in target:
            self.search.text.setText(str(target["search"]))
            self.ask_to_search()

    def first_focus(self) -> QWidget:
        """Return the search."""
        return self.search.text

    def toggle(self) -> None:
        """Go online, or offline again."""
        if self.desk.online.is_online:
            self.desk.online.go_offline()
        else:
            self.desk.online.go_online(self.finder.pick_again, failed=self.notice.show_error)

    def ask_to_search(self) -> None:
        """Search the hub; while offline, ask first whether to go online for it."""
        if self.desk.online.is_online:
            self.search_now()
        else:
            self.notice.show_message(
                "You are offline.", GO_ONLINE_HINT, action=SEARCH_ONLINE, run=self.search_now
            )

    def search_now(self) -> None:
        """Search the hub, online: what calls this says so. An owner/model finds that one."""
        words, kind, order, size = (
            self.search.words,
            self.search.kind,
            self.search.order,
            self.search.parameters,
        )
        self.notice.hide()

        def find(hub: HubSession) -> list[HubModel]:
            if "/" in words:
                return [hub.open(model_name(words)).repo.model]
            return hub.search(words, kind=kind, order=order, size=size)

        def ask() -> None:
            self.finder.show_searching()
            self.desk.online.ask(
                self,
                find,
                lambda found: self.finder.show_found(words, found),
                failed=self._search_failed,
                only_newest="search",
            )

        self.desk.online.go_online(ask, failed=self.notice.show_error)

    def search_field(self) -> QLineEdit:
        """See Page."""
        return self.search.text

    def ask_for_connection(self) -> None:
        """Let the user change the hub's address and the token."""
        dialog = ConnectionDialog(self.desk, self)
        dialog.saved.connect(self._reconnect)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def start(self, variant: Variant | None) -> None:
        """Download a variant of the model in detail; go online first if the user has not."""
        repo, folder, online = self.detail.repo, self.detail.folder, self.desk.online
        if repo is None or variant is None:
            return
        self.notice.hide()
        online.go_online(
            lambda: self.run(request_for(online.endpoint, repo, variant, folder)),
            failed=self.notice.show_error,
        )

    def run(self, request: DownloadRequest) -> None:
        """Start a download."""
        try:
            job = self.desk.online.download(request)
        except UserError as error:
            self.notice.show_error(error)
            return
        job.ended.connect(lambda: self._ended(job, request))

    def _make_header(self) -> None:
        self.connection = button(
            "Connection…", self.ask_for_connection, tip="The hub's address and your token"
        )
        self.online = button(GO_ONLINE, self.toggle, primary=True)
        self.header.addWidget(self.connection)
        self.header.addWidget(self.online)

    def _make_parts(self) -> None:
        self.search = SearchRow(self.desk.theme)
        self.search.entered.connect(self.ask_to_search)
        self.search.wanted.connect(self.search_now)
        self.search.refined.connect(self._search_again)
        self.body.addWidget(self.search)
        self.finder = Finder(self.desk.theme)
        self.finder.picked.connect(self._picked)
        self.finder.stack.currentChanged.connect(self._search_above)
        self._search_above()
        self.detail = HubDetail(self.desk, self._open_page)
        self.detail.wanted.connect(self.start)
        self.detail.folder_wanted.connect(self._ask_for_folder)
        self.splitter = Panes()
        self.splitter.setHandleWidth(GRID + 4)
        self.splitter.addWidget(self.finder)
        self.splitter.addWidget(scrolled(self.detail))
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 3)
        self.body.addWidget(self.splitter, 1)
        self.splitter.setSizes(SIZES)
        self.keep("splitter", self.splitter)
        self.keep("recommended", self.finder.recommended_table)
        self.keep("found", self.finder.found_table)
        self.keep("files", self.detail.table)

    def _search_above(self) -> None:
        self.search.text.below = self.finder.stack.currentWidget()

    def _show_root(self, root: Path) -> None:
        self._root = root
        if self.detail.name:
            self.detail.set_folder(folder_for(root, self.detail.name))

    def _show_state(self) -> None:
        """Show whether the user is online."""
        online = self.desk.online
        self.online.setText(GO_OFFLINE if online.is_online else GO_ONLINE)
        self.search.show_online(online.is_online)
        self.online.setProperty("kind", "" if online.is_online else "primary")
        self.online.style().unpolish(self.online)
        self.online.style().polish(self.online)
        self.online.setToolTip(
            "End the connection. Downloads stop, and can be resumed"
            if online.is_online
            else "Let searches, model cards and downloads connect to the hub, and nothing else"
        )
        about = online_tip(online.endpoint) if online.is_online else self.about
        self.about_line.setText(about)
        self._paint()

    def _follow(self) -> None:
        """Show a panel for each unfinished download."""
        self._downloads.show_jobs(self.desk.online.downloads)

    def _search_again(self) -> None:
        if self.finder.is_search_shown and self.desk.online.is_online:
            self.search_now()

    def _search_failed(self, error: Exception) -> None:
        self.finder.show_failed()
        self.notice.show_error(error)

    def _picked(self, model: Recommended | HubModel) -> None:
        if isinstance(model, Recommended):
            name = model.repo
            self.detail.show_recommended(model)
        else:
            name = model.name
            self.detail.show_found(model)
        self.detail.set_folder(folder_for(self._root, name))
        self._open(name)

    def _open(self, repo: str) -> None:
        """Read a model's files and card, if the user is online."""
        self.desk.online.ask(
            self,
            lambda hub: hub.open(repo),
            lambda opened: self._show_opened(repo, opened),
            failed=lambda error: self._open_failed(repo, error),
            only_newest="open",
        )

    def _show_opened(self, repo: str, opened: OpenedModel) -> None:
        if self.detail.name != repo:
            return
        self.detail.show_opened(opened, folder_for(self._root, repo))
        listed, variants = opened.repo, variants_of(opened.repo)
        if variants:
            self.desk.online.ask(
                self,
                lambda hub: fits_of_variants(hub, listed, variants),
                lambda fits: self._show_fits(listed, fits),
                failed=lambda error: self._show_fits(listed, {}),
                only_newest="fits",
            )

    def _show_fits(self, repo: HubRepo, fits: dict[str, VariantFit]) -> None:
        if self.detail.repo is repo:
            unknown = {one.name: VariantFit(fit=None) for one in variants_of(repo)}
            self.detail.show_fits(unknown | fits)

    def _open_failed(self, repo: str, error: Exception) -> None:
        if not isinstance(error, UserError):
            self.desk.report(error)
        elif self.detail.name == repo:
            self.detail.show_failed(str(error))

    def _ask_for_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder for downloads", str(self._root))
        if chosen:
            library = self.desk.library
            self.desk.write(lambda: choose_folder(library, Path(chosen)), "settings")

    def _open_page(self) -> None:
        library, name = self.desk.library, self.detail.name
        self.desk.background.run(
            self,
            lambda: chosen_endpoint(library),
            lambda endpoint: self.detail.card.ask_to_open(QUrl(f"{endpoint}/{name}")),
        )

    def _reconnect(self) -> None:
        """Use another address or token from now on."""
        if self.desk.online.is_online and not self.desk.online.downloads:
            self.desk.online.go_offline()
            self.desk.online.go_online(self.finder.pick_again, failed=self.notice.show_error)

    def _offer_to_resume(self, run: str) -> None:
        library = self.desk.library

        def offer(request: DownloadRequest) -> None:
            if self.desk.online.is_online:
                self.run(request)
                return
            self.notice.show_message(
                f"{title_of(request)} is not finished.",
                resuming_hint(request.endpoint),
                kind="warn",
                action="Go online and resume",
                run=lambda: self._resume(request),
            )

        self.desk.background.run(
            self,
            lambda: download_to_resume(library, run),
            offer,
            failed=self.notice.show_error,
            only_newest="resume",
        )

    def _resume(self, request: DownloadRequest) -> None:
        self.notice.hide()
        self.desk.online.go_online(lambda: self.run(request), failed=self.notice.show_error)

    def _ended(self, job: Job, request: DownloadRequest) -> None:
        if job.error is not None:
            self.notice.show_error(job.error)
        elif isinstance(job.result, Downloaded) and job.result.finished:
            self.desk.tell("models")
            path = str(job.result.path)
            self.notice.show_message(
                f"Downloaded {request.repo.name}; every file has the hub's hash.",
                kind="good",
                action="Show on Models",
                run=lambda: self.desk.open("models", model=path),
            )

    def _paint(self) -> None:
        colours = self.desk.theme.colours
        is_online = self.desk.online.is_online
        self.online.setIcon(
            icon("wifi-off" if is_online else "wifi", colours, "text" if is_online else "on_accent")
        )
        self.connection.setIcon(icon("settings", colours))
        self.detail.files.repaint()
