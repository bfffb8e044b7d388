"""The proposals in a table, one of them in full, and a person's decisions about them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.library.database import Library
from orca_desk.library.proposals import (
    ProposalFilter,
    Reviewed,
    StoredProposal,
    count_proposals,
    edit_proposal,
    list_proposals,
    reject,
    restore_proposal,
)
from orca_desk.method.diversity import Diversity
from orca_desk.method.proposals import ProposalState
from orca_desk.method.records import Task
from orca_desk.steps.grow.diversity import measure_diversity
from orca_desk.steps.grow.review import accept_proposals, joined, undo_review
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.grow.edit_dialog import ProposalEditor
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.browser import Browser
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.row_table import row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.search_line import SearchLine
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.generators import TEMPLATES, diversity_lines
from orca_desk.ui.words.growing import ancestry_text, checks_text
from orca_desk.ui.words.shorten import shorten
from orca_desk.ui.words.tasks import SPLITS, asked_line

CONFIRMED = {True: "yes", False: "no", None: "—"}
COLUMNS: tuple[Column[StoredProposal], ...] = (
    Column("Question", lambda one: shorten(asked_line(one.proposal.task), 90)),
    Column("Answer", lambda one: shorten(one.proposal.task.answer or "—", 40)),
    Column("Family", lambda one: one.proposal.task.family),
    Column("Split", lambda one: SPLITS[one.proposal.task.split]),
    Column(
        "Confirmed",
        lambda one: CONFIRMED[one.proposal.confirmed],
        tip="Whether a check reproduced the answer; a dash means that nothing was checked",
    ),
)
WIDTHS = (200, 90, 100, 84)  # px
NEEDS = {2: 600, 3: 490}  # px that the table needs to show family and split
STATES: tuple[tuple[str, ProposalState], ...] = (
    ("Open", "open"),
    ("Accepted", "accepted"),
    ("Rejected", "rejected"),
)
EMPTY = "Choose on the left what to make, and start. What is made appears here, and waits for your decision."
TYPING_MS = 200  # between the last key and the search
GRADES = ("tasks", "records", "pairings", "proposals")  # what an accepted task changes


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """The first proposals that match, and how many there are of them."""

    rows: tuple[StoredProposal, ...]
    total: int
    diversity: Diversity


class ProposalsModel(RowsModel[StoredProposal]):
    """The proposals as rows; an edit keeps the selection."""

    def identity(self, row: StoredProposal) -> object:
        """Return the id."""
        return row.id


class ProposalsView(QWidget):
    """Lists proposals and decides about them. `failed` receives the error of a change."""

    failed = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.families: Sequence[str] = ()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        self._add_filters(layout)
        self.meter = label(EMPTY, tone="muted", size="caption", wrap=True)
        self.meter.setToolTip(TEMPLATES)
        layout.addWidget(self.meter)
        layout.addWidget(self._content(), 1)
        self._add_buttons(layout)
        self._selection_changed()

    @property
    def wanted(self) -> ProposalFilter:
        """Which proposals are shown."""
        confirmed = True if self.confirmed.isChecked() else None
        return ProposalFilter(
            state=self.state.currentData(), confirmed=confirmed, text=self.search.text().strip()
        )

    def refresh(self) -> None:
        """Read the proposals again."""
        library, wanted = self.desk.library, self.wanted
        self.desk.background.run(self, lambda: _read(library, wanted), self._show, only_newest="proposals")

    def chosen(self) -> list[StoredProposal]:
        """Return the selected proposals."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        return [self.model.rows[row] for row in rows if row < len(self.model.rows)]

    def accept(self) -> None:
        """Make tasks of the selected proposals."""
        ids = [one.id for one in self.chosen() if one.state != "accepted"]
        if ids:
            self._accept(lambda: ids, len(ids))

    def reject(self) -> None:
        """Reject the selected proposals."""
        library, ids = self.desk.library, [one.id for one in self.chosen() if one.state == "open"]
        if not ids:
            return
        self.desk.do(
            f"reject {counted(len(ids), 'proposal')}",
            lambda: reject(library, ids),
            lambda done: undo_review(library, done),
            "proposals",
            then=lambda done: self.desk.say(
                f"Rejected {counted(len(done.former), 'proposal')}. Press Ctrl+Z to undo."
            ),
            failed=self.failed.emit,
            shows=lambda _: ("grow", {}),
        )

    def accept_all(self) -> None:
        """Make tasks of all proposals that match the filter, also of those beyond the table."""
        library, wanted, total = self.desk.library, self.wanted, self._total
        if total and wanted.state != "accepted":
            self._accept(lambda: _all_ids(library, wanted), total)

    def edit(self) -> None:
        """Edit the selected proposal."""
        chosen = self.chosen()
        if len(chosen) == 1 and chosen[0].state == "open":
            one = chosen[0]
            self.editor = ProposalEditor(
                self, one.proposal.task, families=self.families, save=lambda task: self._edit(one, task)
            )
            self.editor.open()

    def _edit(self, one: StoredProposal, task: Task) -> None:
        library = self.desk.library
        self.desk.do(
            "edit a proposal",
            lambda: edit_proposal(library, one.id, task),
            lambda before: restore_proposal(library, before),
            "proposals",
            failed=self.failed.emit,
            shows=lambda _: ("grow", {}),
        )

    def _accept(self, ids: Callable[[], list[str]], count: int) -> None:
        library = self.desk.library

        def work() -> Reviewed:
            chosen = ids()
            return joined(
                accept_proposals(library, chosen[start : start + 500]) for start in range(0, len(chosen), 500)
            )

        self.desk.do(
            f"accept {counted(count, 'proposal')}",
            work,
            lambda done: undo_review(library, done),
            *GRADES,
            then=self._accepted,
            failed=self.failed.emit,
            shows=lambda _: ("grow", {}),
        )

    def _accepted(self, done: Reviewed) -> None:
        said = f"Added {counted(len(done.added), 'task')}."
        if done.duplicates:
            said += (
                f" {counted(len(done.duplicates), 'proposal')} stayed open: the library already asks them."
            )
        self.desk.say(f"{said} Press Ctrl+Z to undo.")

    def _add_filters(self, layout: QVBoxLayout) -> None:
        self.state = QComboBox()
        self.state.setAccessibleName("State of the proposals")
        for title, state in STATES:
            self.state.addItem(title, state)
        self.confirmed = QCheckBox("Confirmed onl&y")
        self.confirmed.setToolTip("Only proposals whose answer a check reproduced")
        self.search = SearchLine(self.desk.theme, "Search proposals", "Search proposals")
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(self.refresh)
        self.search.textChanged.connect(self._typing.start)
        self.found = label(tone="muted")
        self.state.currentIndexChanged.connect(lambda _: self.refresh())
        self.confirmed.toggled.connect(lambda _: self.refresh())
        row = FlowRow()
        row.addWidget(label("Proposals", bold=True))
        row.addWidget(self.state)
        row.addWidget(self.confirmed)
        row.addWidget(self.search, 1)
        row.addWidget(self.found)
        layout.addLayout(row)

    def _content(self) -> QSplitter:
        self.model = ProposalsModel(COLUMNS)
        self.table = row_table(self.model, "Proposals", needs=NEEDS)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.set_widths(WIDTHS)
        self.search.below = self.table
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._selection_changed())
        self.detail = Browser()
        self.detail.setTabChangesFocus(True)
        self.detail.setAccessibleName("The selected proposal")
        self.detail.setPlaceholderText("Select a proposal to read it in full.")
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.addWidget(self.table)
        splitter.addWidget(self.detail)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setChildrenCollapsible(False)
        return splitter

    def _add_buttons(self, layout: QVBoxLayout) -> None:
        self.accept_button = button("Accept", self.accept, primary=True, tip="Y")
        self.reject_button = button("Reject", self.reject, tip="N")
        self.edit_button = button("Edit…", self.edit, tip="E")
        self.all_button = button("Accept all", self.accept_all, tip="All that match the filter above")
        row = QHBoxLayout()
        for made in (self.accept_button, self.reject_button, self.edit_button):
            row.addWidget(made)
        row.addStretch(1)
        row.addWidget(self.all_button)
        layout.addLayout(row)

    def _show(self, shown: _Shown) -> None:
        row = min((index.row() for index in self.table.selectionModel().selectedRows()), default=0)
        self._total = shown.total
        if self.model.show(shown.rows) and shown.rows:
            self.table.selectRow(min(row, len(shown.rows) - 1))
        said = counted(shown.total, "proposal")
        self.found.setText(said if shown.total == len(shown.rows) else f"first {len(shown.rows):,} of {said}")
        lines = diversity_lines(shown.diversity) if shown.rows else [EMPTY]
        self.meter.setText(". ".join(line.rstrip(".") for line in lines) + ".")
        self.all_button.setText(f"Accept all {shown.total:,}" if shown.total else "Accept all")
        self._selection_changed()

    _total = 0

    def _selection_changed(self) -> None:
        chosen = self.chosen()
        is_open = any(one.state == "open" for one in chosen)
        self.accept_button.setEnabled(any(one.state != "accepted" for one in chosen))
        self.reject_button.setEnabled(is_open)
        self.edit_button.setEnabled(len(chosen) == 1 and is_open)
        self.all_button.setEnabled(self._total > 0 and self.wanted.state != "accepted")
        self.detail.show_text(_in_full(chosen[0]) if chosen else "")


def _in_full(one: StoredProposal) -> str:
    task = one.proposal.task
    example = one.proposal.checks.get("example")
    answer = task.answer or (f"none; one that is correct: {example}" if example else "none")
    return (
        f"{task.conversation}\n\nReference answer: {answer}\n"
        f"Made from: {ancestry_text(one.proposal.ancestry)}\n{checks_text(one.proposal)}."
    )


def _read(library: Library, wanted: ProposalFilter) -> _Shown:
    return _Shown(
        rows=list_proposals(library, wanted).items,
        total=count_proposals(library, wanted),
        diversity=measure_diversity(library, wanted),
    )


def _all_ids(library: Library, wanted: ProposalFilter) -> list[str]:
    found: list[str] = []
    after: int | None = 0
    while after is not None:
        page = list_proposals(library, replace(wanted, after=after))
        found += [one.id for one in page.items]
        after = page.next
    return found
