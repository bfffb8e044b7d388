"""The Hub page: find models on a hub, see what they need, and download them, once the user is online."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QItemSelection, Qt, QUrl
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.machine import total_memory
from orca_desk.models.hub.choice import Variant, variants_of
from orca_desk.models.hub.listing import MOST_FOUND, HubModel, HubRepo, Kind, Order
from orca_desk.steps.download.download import Downloaded, download_to_resume
from orca_desk.steps.download.fit import VariantFit, fits_of_variants
from orca_desk.steps.download.recommended import Recommended, for_this_machine
from orca_desk.steps.download.request import (
    DownloadRequest,
    choose_folder,
    chosen_endpoint,
    chosen_folder,
    folder_for,
    request_for,
)
from orca_desk.steps.download.session import OpenedModel
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.jobs import Job
from orca_desk.ui.online import title_of
from orca_desk.ui.page import Command, Page
from orca_desk.ui.pages.hub.connection_dialog import ConnectionDialog
from orca_desk.ui.pages.hub.detail import HubDetail
from orca_desk.ui.pages.hub.results import FoundTable, RecommendedTable, hub_table
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.counting import counted
from orca_desk.ui.words.hub import (
    GO_ONLINE_HINT,
    KIND_TIPS,
    KINDS,
    ORDERS,
    memory_class,
    online_tip,
    resuming_hint,
)

# px: of the columns after the first, and that a table needs to show some of them
RECOMMENDED_WIDTHS, RECOMMENDED_NEEDS = (74, 84, 76, 180), {4: 560, 3: 380}
FOUND_WIDTHS, FOUND_NEEDS = (96, 96, 130, 96), {4: 620, 3: 520, 1: 380}
SIZES = [440, 620]  # px: the list and the model
GO_ONLINE, GO_OFFLINE, SEARCH_ONLINE = "Go online", "Go offline", "Go online and search"


class HubPage(Page):
    """On the left what to choose from, on the right one model; above them the downloads."""

    name = "hub"
    title = "Hub"
    about = "Find models on a hub and download them. Orca Desk connects only while you are online here."
    watches = frozenset({"models", "settings"})
    offers = (
        Command("&Go online or offline", lambda page: page.toggle(), image="wifi"),
        Command("&Search the hub", lambda page: page.focus_search(), key="Ctrl+F", image="search"),
        Command("Show &recommended models", lambda page: page.show_recommended(), image="lightbulb"),
        Command("&Connection…", lambda page: page.ask_for_connection(), image="settings"),
        Command("&Download", lambda page: page.detail.download.click(), image="download", on_selection=True),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._root = Path()  # the folder for downloads
        self._resuming = ""
        self._panels: dict[Job, JobPanel] = {}
        self._make_header()
        self._downloads = QVBoxLayout()
        self._downloads.setSpacing(GRID)
        self.body.addLayout(self._downloads)
        self._make_search()
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
        if not self.recommended.rows:
            self.recommended.show(for_this_machine())
            self.recommended_table.selectRow(0)

    def go(self, target: Mapping[str, Any]) -> None:
        """Resume a download: {"resume": run}; or search: {"search": text}."""
        if "resume" in target:
            self._offer_to_resume(str(target["resume"]))
        if "search" in target:
            self.search.setText(str(target["search"]))
            self.ask_to_search()

    def first_focus(self) -> QWidget:
        """Return the search."""
        return self.search

    def toggle(self) -> None:
        """Go online, or offline again."""
        if self.desk.online.is_online:
            self.desk.online.go_offline()
        else:
            self.desk.online.go_online(self._open_again, failed=self.notice.show_error)

    def ask_to_search(self) -> None:
        """Search the hub; while offline, ask first whether to go online for it."""
        if self.desk.online.is_online:
            self.search_now()
        else:
            self.notice.show_message(
                "You are offline.", GO_ONLINE_HINT, action=SEARCH_ONLINE, run=self.search_now
            )

    def search_now(self) -> None:
        """Search the hub, online: what calls this says so."""
        text, kind, order = self.search.text().strip(), self.kind.currentData(), self.order.currentData()
        self.notice.hide()

        def ask() -> None:
            self.heading.setText("Searching…")
            self.desk.online.ask(
                self,
                lambda hub: hub.search(text, kind=_kind(kind), order=_order(order)),
                lambda found: self._show_found(text, found),
                failed=self._search_failed,
                only_newest="search",
            )

        self.desk.online.go_online(ask, failed=self.notice.show_error)

    def show_recommended(self) -> None:
        """Show the bundled list again."""
        self.stack.setCurrentWidget(self.recommended_table)
        self._show_heading()
        self._recommended_picked(QItemSelection(), QItemSelection())

    def focus_search(self) -> None:
        """Put the cursor into the search."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

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
        self.header.addWidget(self.connection, 0, Qt.AlignmentFlag.AlignTop)
        self.header.addWidget(self.online, 0, Qt.AlignmentFlag.AlignTop)

    def _make_search(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Name of a model, or owner/model")
        self.search.setAccessibleName("Search the hub")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(56 * GRID)
        self.search.returnPressed.connect(self.ask_to_search)
        self.kind = QComboBox()
        self.kind.setAccessibleName("Format of the models")
        for kind, text in KINDS.items():
            self.kind.addItem(text, kind)
            self.kind.setItemData(self.kind.count() - 1, KIND_TIPS[kind], Qt.ItemDataRole.ToolTipRole)
        self.order = QComboBox()
        self.order.setAccessibleName("Order of the results")
        for order, text in ORDERS.items():
            self.order.addItem(text, order)
        self.search_button = button("Search", self.search_now)
        for part in (self.search, self.kind, self.order, self.search_button):
            row.addWidget(part, 1 if part is self.search else 0)
        row.addStretch(1)
        self.kind.activated.connect(self._search_again)
        self.order.activated.connect(self._search_again)
        self.body.addLayout(row)

    def _make_parts(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        head = QHBoxLayout()
        self.heading = label(bold=True)
        self.back = button("Show recommended", self.show_recommended)
        head.addWidget(self.heading, 1)
        head.addWidget(self.back)
        column.addLayout(head)
        self.recommended = RecommendedTable(self.desk.theme)
        self.recommended_table = hub_table(
            self.recommended, "Recommended models", RECOMMENDED_WIDTHS, RECOMMENDED_NEEDS
        )
        self.found = FoundTable(self.desk.theme)
        self.found_table = hub_table(self.found, "Models that were found", FOUND_WIDTHS, FOUND_NEEDS)
        self.recommended_table.selectionModel().selectionChanged.connect(self._recommended_picked)
        self.found_table.selectionModel().selectionChanged.connect(self._found_picked)
        self.nothing = EmptyState(
            self.desk.theme,
            image="search",
            title="Nothing found",
            text="No model on the hub has all of this in its name. Try fewer words, or another format.",
        )
        self.stack = QStackedWidget()
        for part in (self.recommended_table, self.found_table, self.nothing):
            self.stack.addWidget(part)
        column.addWidget(self.stack, 1)
        self.detail = HubDetail(self.desk, self._open_page)
        self.detail.wanted.connect(self.start)
        self.detail.folder_wanted.connect(self._ask_for_folder)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(GRID + 4)
        self.splitter.addWidget(left)
        self.splitter.addWidget(scrolled(self.detail))
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 3)
        self.body.addWidget(self.splitter, 1)
        self._show_heading()
        self.splitter.setSizes(SIZES)
        self.keep("splitter", self.splitter)

    def _show_root(self, root: Path) -> None:
        self._root = root
        if self.detail.name:
            self.detail.set_folder(folder_for(root, self.detail.name))

    def _show_state(self) -> None:
        """Show whether the user is online."""
        online = self.desk.online
        self.online.setText(GO_OFFLINE if online.is_online else GO_ONLINE)
        self.search_button.setText("Search" if online.is_online else SEARCH_ONLINE)
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
        jobs = self.desk.online.downloads
        for job in [job for job in self._panels if job not in jobs]:
            panel = self._panels.pop(job)
            panel.hide()
            panel.deleteLater()
        for place, job in enumerate(jobs):
            if job not in self._panels:
                panel = self._panels[job] = JobPanel(self.desk)
                self._downloads.insertWidget(place, panel)
                panel.follow(job)

    def _search_again(self, _place: int) -> None:
        if self.stack.currentWidget() is not self.recommended_table and self.desk.online.is_online:
            self.search_now()

    def _show_found(self, text: str, found: list[HubModel]) -> None:
        self.found.show(found)
        of = f" for “{text}”" if text else ""
        first = "The first " if len(found) == MOST_FOUND else ""
        self.heading.setText(f"{first}{counted(len(found), 'model')}{of}")
        self.back.show()
        self.stack.setCurrentWidget(self.found_table if found else self.nothing)
        if found:
            self.found_table.clearSelection()  # the same row again shows the same model again
            self.found_table.selectRow(0)

    def _search_failed(self, error: Exception) -> None:
        self._show_heading()
        self.notice.show_error(error)

    def _show_heading(self) -> None:
        is_list = self.stack.currentWidget() is self.recommended_table
        memory = memory_class(total_memory())
        self.heading.setText(
            f"Recommended for {memory} of memory" if is_list else counted(len(self.found.rows), "model")
        )
        self.back.setVisible(not is_list)

    def _recommended_picked(self, chosen: QItemSelection, before: QItemSelection) -> None:
        model = self._chosen_recommended()
        if model is not None:
            self.detail.show_recommended(model)
            self.detail.set_folder(folder_for(self._root, model.repo))
            self._open(model.repo)

    def _found_picked(self, chosen: QItemSelection, before: QItemSelection) -> None:
        rows = self.found_table.selectionModel().selectedRows()
        if rows:
            model = self.found.rows[rows[0].row()]
            self.detail.show_found(model)
            self.detail.set_folder(folder_for(self._root, model.name))
            self._open(model.name)

    def _chosen_recommended(self) -> Recommended | None:
        rows = self.recommended_table.selectionModel().selectedRows()
        return self.recommended.rows[rows[0].row()] if rows else None

    def _open_again(self) -> None:
        """Read the files of the chosen model, which the user saw before going online."""
        if self.stack.currentWidget() is self.recommended_table:
            self._recommended_picked(QItemSelection(), QItemSelection())

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
            self.desk.online.go_online(self._open_again, failed=self.notice.show_error)

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
                f"{request.repo.name} is here, and every file has the hub's hash.",
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
        self.search_button.setIcon(icon("search", colours))
        for model in (self.recommended, self.found, self.detail.files):
            model.repaint()


def _kind(value: Any) -> Kind:
    return next(kind for kind in KINDS if kind == value)


def _order(value: Any) -> Order:
    return next(order for order in ORDERS if order == value)
