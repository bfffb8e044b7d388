"""The form for procedural tasks: which generators, how difficult, how many."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QPlainTextEdit, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.method.procedural import MOST_SEED
from orca_desk.steps.grow.generators import Generator, InstalledGenerators, list_generators
from orca_desk.steps.grow.procedural import ProceduralRequest
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.grow.fields import add_row, form
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.row_table import row_table
from orca_desk.ui.widgets.rows import Column, RowsModel, RowsProxy
from orca_desk.ui.widgets.search_line import SearchLine
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.generators import NO_REFERENCE, SPLITS, levels_text, source_sentence

COLUMNS: tuple[Column[Generator], ...] = (
    Column("Generator", lambda one: one.name.replace("_", " ")),
    Column("Levels", levels_text, tip="Levels of difficulty, from easy to hard"),
    Column("Graded", lambda one: "yes" if one.grading == "reference" else "no", tip=NO_REFERENCE),
)
WIDTHS = (170, 64)  # px
ABOUT = (
    "Generators make questions from a seed, with answers that their verifiers confirm. No model is needed."
)
MOST_LEVEL = 40


class GeneratorsForm(QWidget):
    """Edits a `ProceduralRequest`. `changed` is emitted at each edit."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._chosen: tuple[str, ...] = ()  # to select once the generators are listed
        self._is_listing = False
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label(ABOUT, tone="muted", wrap=True))
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self.search = SearchLine(desk.theme, "Filter generators", "Filter generators")
        layout.addWidget(self.search)
        self._add_table(layout)
        self.source = label("Looking for generators…", tone="muted", size="caption", wrap=True)
        layout.addWidget(self.source)
        self._add_fields(layout)
        layout.addWidget(label(SPLITS, tone="muted", size="caption", wrap=True))
        layout.addStretch(1)

    def load(self) -> None:
        """List the generators, the first time."""
        if not self._is_listing:
            self._is_listing = True
            self.desk.background.run(self, list_generators, self._show, failed=self._fail)

    def value(self) -> ProceduralRequest:
        """Return the request. Raises UserError without a generator."""
        names = tuple(one.name for one in self._selected()) or self._chosen
        if not names:
            raise UserError("No generator is selected.", "Select one or more in the table.")
        lowest, highest = self.lowest.value(), self.highest.value()
        return ProceduralRequest(
            generators=names,
            levels=tuple(range(lowest, max(lowest, highest) + 1)) if lowest else (),
            count=self.count.value(),
            heldout=float(self.heldout.value()),
            seed=self.seed.value(),
        )

    def set_value(self, request: ProceduralRequest) -> None:
        """Show a request."""
        self._chosen = request.generators
        self.count.setValue(request.count)
        self.heldout.setValue(round(request.heldout))
        self.seed.setValue(request.seed)
        self.lowest.setValue(min(request.levels, default=0))
        self.highest.setValue(max(request.levels, default=0))
        self._select()

    def set_choices(self, families: Sequence[str], tags: Sequence[str]) -> None:
        """Each generator makes a family of its own, so there is nothing to offer."""

    def _add_table(self, layout: QVBoxLayout) -> None:
        self.model: RowsModel[Generator] = RowsModel(COLUMNS)
        self.proxy = RowsProxy()
        self.proxy.setSourceModel(self.model)
        self.proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.search.textChanged.connect(self.proxy.setFilterFixedString)
        self.table = row_table(self.proxy, "Generators")
        self.search.below = self.table
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setMinimumHeight(20 * GRID)
        self.table.set_widths(WIDTHS)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._picked())
        self.sample = QPlainTextEdit()
        self.sample.setReadOnly(True)
        self.sample.setTabChangesFocus(True)
        self.sample.setAccessibleName("Sample of the selected generator")
        self.sample.setPlaceholderText("Select generators (several with Ctrl or Shift) to see a sample here.")
        self.sample.setMinimumHeight(14 * GRID)
        layout.addWidget(self.table, 3)
        layout.addWidget(self.sample, 2)

    def _add_fields(self, layout: QVBoxLayout) -> None:
        self.lowest, self.highest = number_box(0, MOST_LEVEL), number_box(0, MOST_LEVEL)
        self.count, self.heldout = number_box(1, 100_000), number_box(0, 100)
        self.seed = number_box(0, MOST_SEED)
        self.lowest.setSpecialValueText("the authors' choice")
        self.lowest.setToolTip(
            "Difficulty, from 1. A generator without this level makes nothing, and says so."
        )
        self.highest.setSpecialValueText("the same")
        self.highest.setToolTip("With a higher level than the lowest, tasks of each level between are made.")
        self.count.setToolTip("For each generator at each level.")
        self.heldout.setSuffix(" %")
        self.heldout.setToolTip("Hold out this share for evaluation; their seeds come from a separate range.")
        self.seed.setToolTip("The first seed. Another one gives other questions.")
        self.count.setValue(100)
        self.heldout.setValue(10)
        rows = form(layout)
        add_row(rows, "Lowest &level", self.lowest)
        add_row(rows, "Hi&ghest level", self.highest)
        add_row(rows, "Tasks of &each", self.count)
        add_row(rows, "&Held out", self.heldout)
        add_row(rows, "&Seed", self.seed)
        for box in (self.lowest, self.highest, self.count, self.heldout, self.seed):
            box.valueChanged.connect(lambda _: self.changed.emit())

    def _show(self, found: InstalledGenerators) -> None:
        self.source.setText(source_sentence(found.version, len(found.generators)))
        self.model.show(found.generators)
        self._select()

    def _fail(self, error: Exception) -> None:
        self.source.setText("")
        self._is_listing = False  # it may be installed meanwhile
        self.notice.show_error(error)

    def _selected(self) -> list[Generator]:
        rows = self.table.selectionModel().selectedRows()
        return [self.model.rows[self.proxy.mapToSource(row).row()] for row in rows]

    def _select(self) -> None:
        """Select the generators of a request, once they are listed."""
        chosen, self._chosen = self._chosen, self._chosen if not self.model.rows else ()
        if not self.model.rows or not chosen:
            return
        self.search.clear()
        self.table.clearSelection()
        model: Any = self.table.selectionModel()
        for row, one in enumerate(self.model.rows):
            if one.name in chosen:
                index = self.proxy.mapFromSource(self.model.index(row, 0))
                model.select(index, model.SelectionFlag.Select | model.SelectionFlag.Rows)

    def _picked(self) -> None:
        chosen = self._selected()
        if chosen:
            one = chosen[0]
            answer = one.answer if one.answer is not None else "(no single answer)"
            about = f"{one.description}\n\n" if one.description else ""
            note = f"\n\n{NO_REFERENCE}" if one.grading == "none" else ""
            self.sample.setPlainText(f"{about}{one.question}\n\nAnswer: {answer}{note}")
        self.changed.emit()
