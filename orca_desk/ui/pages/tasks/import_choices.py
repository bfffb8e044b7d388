"""What the user chooses for an import: the columns of the fields, and how the file is read and taken in."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QWidget

from orca_desk.formats.columns import FIELDS
from orca_desk.formats.encoding import WORDS
from orca_desk.formats.layout import Layout
from orca_desk.formats.tasks import DEFAULT_FAMILY
from orca_desk.steps.collect.request import ImportRequest, TaskSource
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.shorten import shorten

# The user can map every field but the id
MAPPED = tuple(field for field in FIELDS if field != "id")
TITLES = {
    "query": "Question",
    "context": "Context",
    "answer": "Answer",
    "choices": "Choices",
    "family": "Family",
    "split": "Split",
    "tags": "Tags",
    "answer_kind": "Answer type",
    "strategy": "Strategy",
}
PER_ROW = 5
TYPING_MS = 200  # between the last key and the preview


class ColumnChoices(QWidget):
    """A box for each field, with the file's columns. `chosen` is what the user set.

    `titles` names the fields, by default those of a task.
    """

    changed = Signal()

    def __init__(self, titles: Mapping[str, str] | None = None) -> None:
        super().__init__()
        titles = titles or {field: TITLES[field] for field in MAPPED}
        self.chosen: dict[str, str] = {}
        self.boxes: dict[str, QComboBox] = {}
        grid = grid_of(self)
        for number, field in enumerate(titles):
            box = QComboBox()
            box.setMinimumContentsLength(10)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setAccessibleName(f"Column for {titles[field]}")
            box.activated.connect(lambda _, field=field, box=box: self.choose(field, box.currentData()))
            self.boxes[field] = box
            row, column = divmod(number, PER_ROW)
            place(grid, titles[field], box, row, column)

    def choose(self, field: str, column: str) -> None:
        """Read a field of the tasks from `column` ("" for none)."""
        self.chosen[field] = column
        self.changed.emit()

    def show_columns(self, columns: Sequence[str], mapping: Mapping[str, str]) -> None:
        """Offer the file's columns, and select those that are read."""
        for field, box in self.boxes.items():
            _fill(box, columns, mapping.get(field, ""))


class ImportChoices(QWidget):
    """How a source is read and taken in."""

    changed = Signal()

    def __init__(self, source: TaskSource, families: Sequence[str]) -> None:
        super().__init__()
        self._source = source
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(TYPING_MS)
        self._typed.timeout.connect(self.changed)
        self._make_boxes(families)
        self.header = QCheckBox("First row is a header")
        self._header_set: bool | None = None
        self.header.clicked.connect(self._set_header)
        self.header.hide()
        grid = grid_of(self)
        held = QHBoxLayout()
        held.addWidget(self.hold)
        held.addWidget(self.percent, 1)
        place(grid, "Family for rows without one", self.family, 0, 0)
        grid.addWidget(label("Evaluation", size="caption", tone="muted"), 0, 1)
        grid.addLayout(held, 1, 1)
        place(grid, "Tasks already in the library", self.existing, 0, 2)
        place(grid, "Encoding", self.encoding, 0, 3)
        self._list_title = place(grid, "List with the rows", self.rows_in, 0, 4)
        grid.addWidget(self.header, 1, 4)
        self.offer_lists(())

    def request(self) -> ImportRequest:
        """Return the request, without the columns."""
        return ImportRequest(
            source=self._source,
            family=self.family.currentText().strip() or DEFAULT_FAMILY,
            heldout=float(self.percent.value()) if self.hold.isChecked() else None,
            update=bool(self.existing.currentData()),
            encoding=self.encoding.currentData(),
            header=self._header_set,
            rows_in=self.rows_in.currentData() or "",
        )

    def show_file(self, layout: Layout) -> None:
        """Show what the file was recognised as."""
        name = layout.encoding.name.removesuffix("-sig")
        self.encoding.setItemText(0, WORDS.get(name, name))
        is_table = layout.format in ("CSV", "text")
        self.header.setVisible(is_table)
        self.header.setChecked(layout.table is not None and layout.table.header)

    def offer_lists(self, names: Sequence[str]) -> None:
        """Offer the lists of a document to choose from; a list that was chosen stays on offer."""
        if names:
            self.rows_in.blockSignals(True)
            self.rows_in.clear()
            self.rows_in.addItem("Select one", "")
            for name in names:
                self.rows_in.addItem(shorten(name, 40), name)
            self.rows_in.blockSignals(False)
        is_shown = self.rows_in.count() > 0
        self.rows_in.setVisible(is_shown)
        self._list_title.setVisible(is_shown)

    def _make_boxes(self, families: Sequence[str]) -> None:
        own = self._source.family
        self.family = QComboBox()
        self.family.setEditable(True)
        self.family.addItems(list(dict.fromkeys((own, DEFAULT_FAMILY, *families))))
        self.family.currentTextChanged.connect(lambda _: self._typed.start())
        self.hold = QCheckBox("Hold out")
        self.hold.setToolTip("Whatever the file says. All variants of a question are on one side.")
        self.percent = number_box(0, 100)
        self.percent.setValue(20)
        self.percent.setSuffix(" %")
        self.percent.setEnabled(False)
        self.percent.setAccessibleName("Percentage to hold out")
        self.hold.toggled.connect(self.percent.setEnabled)
        self.hold.toggled.connect(lambda _: self.changed.emit())
        self.percent.valueChanged.connect(lambda _: self._typed.start())
        self.existing = QComboBox()
        self.existing.addItem("Leave unchanged", False)
        self.existing.addItem("Replace", True)
        self.encoding = QComboBox()
        self.encoding.addItem("Recognised", None)
        for name, words in WORDS.items():
            if name not in ("utf-16-le", "utf-16-be"):
                self.encoding.addItem(words, name)
        self.rows_in = QComboBox()
        for box in (self.encoding, self.rows_in, self.family, self.existing):
            box.setMinimumContentsLength(12)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.encoding.activated.connect(lambda _: self.changed.emit())
        self.rows_in.activated.connect(lambda _: self.changed.emit())

    def _set_header(self, is_header: bool) -> None:
        self._header_set = is_header
        self.changed.emit()


def grid_of(parent: QWidget) -> QGridLayout:
    grid = QGridLayout(parent)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2 * GRID)
    grid.setVerticalSpacing(GRID // 2)
    for column in range(PER_ROW):
        grid.setColumnStretch(column, 1)
    return grid


def place(grid: QGridLayout, text: str, box: QWidget, row: int, column: int) -> QWidget:
    """Put a box below its title; return the title."""
    words = label(text, size="caption", tone="muted")
    words.setBuddy(box)
    if not box.accessibleName():
        box.setAccessibleName(text)
    grid.addWidget(words, 2 * row, column)
    grid.addWidget(box, 2 * row + 1, column)
    return words


def _fill(box: QComboBox, columns: Sequence[str], chosen: str) -> None:
    box.blockSignals(True)
    box.clear()
    box.addItem("–", "")
    for column in columns:
        box.addItem(shorten(column, 60) or "(no name)", column)
    if chosen and box.findData(chosen) < 0:  # several columns of choices
        box.addItem(shorten(chosen, 60), chosen)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    box.blockSignals(False)
