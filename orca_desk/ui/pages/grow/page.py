"""The Grow page: tasks from generators, documents and other tasks, reviewed before they are tasks."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QStyle,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.runs import get_run
from orca_desk.library.samples import own_families
from orca_desk.library.tasks import families, tags
from orca_desk.processes.progress import JobControl, Progress
from orca_desk.steps.grow.documents import DocumentsRequest
from orca_desk.steps.grow.grown import Grown
from orca_desk.steps.grow.like import LikeRequest
from orca_desk.steps.grow.procedural import ProceduralRequest
from orca_desk.steps.recorder import request_to_resume
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.page import SEARCH, Command, Page
from orca_desk.ui.pages.grow.documents import DocumentsForm
from orca_desk.ui.pages.grow.generators import GeneratorsForm
from orca_desk.ui.pages.grow.like import LikeForm
from orca_desk.ui.pages.grow.proposals import ProposalsView
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.row_table import row_menu
from orca_desk.ui.widgets.text import button
from orca_desk.ui.words.growing import grown_sentence

Request = ProceduralRequest | DocumentsRequest | LikeRequest
REQUESTS: dict[str, type[Request]] = {
    one.kind: one for one in (ProceduralRequest, DocumentsRequest, LikeRequest)
}
JOBS = {
    ProceduralRequest.kind: "Make procedural tasks",
    DocumentsRequest.kind: "Ask about documents",
    LikeRequest.kind: "Vary tasks",
}


class GrowPage(Page):
    """On the left what to make, on the right what was made."""

    name = "grow"
    title = "Grow"
    widest = WIDE_PANES
    about = "Make new tasks. Nothing enters the library until you accept it."
    watches = frozenset({"tasks", "proposals"})
    offers = (
        Command("&Make proposals", lambda page: page.start(), key="Ctrl+Return", image="play"),
        SEARCH,
        Command(
            "&Accept proposal",
            lambda page: page.proposals.accept(),
            key="Y",
            image="check",
            on_selection=True,
        ),
        Command(
            "&Reject proposal", lambda page: page.proposals.reject(), key="N", image="x", on_selection=True
        ),
        Command(
            "&Edit proposal…", lambda page: page.proposals.edit(), key="E", image="pencil", on_selection=True
        ),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.job: Job | None = None
        self.forms: dict[str, GeneratorsForm | DocumentsForm | LikeForm] = {
            ProceduralRequest.kind: GeneratorsForm(desk),
            DocumentsRequest.kind: DocumentsForm(desk),
            LikeRequest.kind: LikeForm(desk),
        }
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("What tasks are made from")
        for title, form in zip(("Generators", "Documents", "Like tasks"), self.forms.values(), strict=True):
            self.tabs.addTab(_FormArea(form), title)
        self.start_button = button("Make proposals", self.start, primary=True)
        self.panel = JobPanel(desk)
        self.panel.over.connect(self._ended)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tabs, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.start_button)
        column.addLayout(row)
        self.proposals = ProposalsView(desk)
        self.proposals.failed.connect(self.notice.show_error)
        row_menu(self.proposals.table, self.selection_actions)
        self.splitter = Panes()
        self.splitter.setHandleWidth(2 * GRID)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.proposals)
        self.splitter.setSizes([360, 560])
        self.splitter.setStretchFactor(1, 1)
        self.body.addWidget(self.panel)
        self.body.addWidget(self.splitter, 1)
        self.keep("splitter", self.splitter)
        self.keep("proposals", self.proposals.table)
        self.keep("generators", self._generators.table)

    def refresh(self, changes: frozenset[str]) -> None:
        """Read the proposals, and what the forms offer."""
        self._generators.load()
        self.proposals.refresh()
        library = self.desk.library
        if "tasks" in changes:
            self.desk.background.run(self, lambda: _choices(library), self._offer, only_newest="choices")

    def go(self, target: Mapping[str, Any]) -> None:
        """Resume a {"resume": run}, or start a {"kind": kind, "start": request}."""
        if "resume" in target:
            self.resume(str(target["resume"]))
        if "start" in target:
            self._start_stored((str(target["kind"]), target["start"]))

    def search_field(self) -> QLineEdit:
        """See Page: that of the proposals."""
        return self.proposals.search

    def first_focus(self) -> QWidget:
        """Return the table of proposals: a review begins at once."""
        return self.proposals.table

    def start(self) -> None:
        """Make what the shown form asks for, or say what is missing."""
        form = list(self.forms.values())[self.tabs.currentIndex()]
        try:
            wanted = form.value()
        except UserError as error:
            self.notice.show_error(error)
            return
        picker = None if isinstance(form, GeneratorsForm) else form.picker
        if picker is None or picker.selected() or (picker.path and not self.desk.models.is_read):
            self._run(wanted)
        else:
            picker.explain_missing(self.notice, lambda: self.desk.open("models"))

    def resume(self, run_id: str) -> None:
        """Resume an interrupted run by the request stored with it."""
        library = self.desk.library

        def find() -> tuple[str, Mapping[str, Any] | None]:
            kind = get_run(library, run_id).kind
            return kind, request_to_resume(library, run_id, kind)

        self.desk.background.run(self, find, self._start_stored, failed=self.notice.show_error)

    @property
    def _generators(self) -> GeneratorsForm:
        form = self.forms[ProceduralRequest.kind]
        assert isinstance(form, GeneratorsForm)
        return form

    def _start_stored(self, stored: tuple[str, Mapping[str, Any] | None]) -> None:
        kind, request = stored
        if kind not in REQUESTS or request is None:
            self.notice.show_message("The settings of this run are no longer available.", kind="warn")
            return
        try:
            wanted = REQUESTS[kind].from_json(request)
        except UserError as error:
            self.notice.show_error(error)
            return
        self.tabs.setCurrentIndex(list(self.forms).index(kind))
        self.forms[kind].set_value(wanted)  # type: ignore[arg-type]
        self._run(wanted)

    def _run(self, wanted: Request) -> None:
        if self.job is not None:
            self.notice.show_message(
                "Proposals are being made.", "Start this when that has finished.", kind="warn"
            )
            return
        self.notice.hide()
        library = self.desk.library
        self.job = self.desk.jobs.start(
            JOBS[wanted.kind],
            wanted.kind,
            lambda tools: _grow(library, wanted, tools.progress, tools.control),
            changes={"proposals"},
            heavy=not isinstance(wanted, ProceduralRequest),
            again=("grow", {"kind": wanted.kind, "start": wanted.to_json()}),
        )
        self.panel.follow(self.job)
        self.start_button.setEnabled(False)

    def _ended(self, job: Job) -> None:
        self.job = None
        self.start_button.setEnabled(True)
        if isinstance(job.error, UserError):
            self.notice.show_error(job.error)
        elif job.error is not None:
            self.desk.report(job.error)
        elif job.result is not None:
            self.notice.show_message(grown_sentence(job.result))

    def _offer(self, found: tuple[list[str], list[str], tuple[str, ...] | None]) -> None:
        names, tag_names, own = found
        self.proposals.families = names
        for form in self.forms.values():
            form.set_choices(names, tag_names)
            if isinstance(form, LikeForm):
                form.leave_out(own)


def _grow(library: Library, wanted: Request, progress: Progress, control: JobControl) -> Grown:
    return wanted.grow(library, progress=progress, control=control)


def _choices(library: Library) -> tuple[list[str], list[str], tuple[str, ...] | None]:
    return [one.family for one in families(library)], list(tags(library)), own_families(library)


class _FormArea(QScrollArea):
    """Scrolls a form up and down, and is as wide as the form needs."""

    def __init__(self, form: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._form = form
        self.setWidget(form)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the width of the form beside the scroll bar, and the height of some rows."""
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent) + GRID
        return QSize(self._form.minimumSizeHint().width() + bar, 20 * GRID)
