"""How the rows of a source are read: what every import lets the user choose."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QWidget

from orca_desk.formats.answers import AnswersReadAs
from orca_desk.formats.encoding import WORDS
from orca_desk.formats.read_as import ReadAs
from orca_desk.formats.tasks import DEFAULT_FAMILY
from orca_desk.steps.collect.request import TaskSource
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import label, safe_tip
from orca_desk.ui.words.shorten import shorten

PER_ROW = 5
TYPING_MS = 200  # between the last key and the preview
IMPLIED = ("utf-16-le", "utf-16-be")  # encodings that their first bytes tell; nobody has to choose them


class SourceChoices(QWidget):
    """The family of rows without one, and how the file is read. A subclass adds what it asks between them."""

    changed = Signal()

    def __init__(self, source: TaskSource, families: Sequence[str]) -> None:
        super().__init__()
        self.source = source
        self.typed = QTimer(self)
        self.typed.setSingleShot(True)
        self.typed.setInterval(TYPING_MS)
        self.typed.timeout.connect(self.changed)
        self.family = QComboBox()
        self.family.setEditable(True)
        self.family.addItems(list(dict.fromkeys((source.family, DEFAULT_FAMILY, *families))))
        self.family.currentTextChanged.connect(lambda _: self.typed.start())
        self.family.currentTextChanged.connect(self._show_family)
        self._show_family(self.family.currentText())
        self.encoding = QComboBox()
        self.encoding.addItem("Recognised", None)
        for name, words in WORDS.items():
            if name not in IMPLIED:
                self.encoding.addItem(words, name)
        self.rows_in = QComboBox()
        for box in (self.family, self.encoding, self.rows_in):
            narrow(box)
        for box in (self.encoding, self.rows_in):
            box.activated.connect(lambda _: self.changed.emit())
        self.header = QCheckBox("First row is a header")
        self.header.clicked.connect(self._set_header)
        self.header.hide()
        self._header_set: bool | None = None
        self.grid = grid_of(self)
        place(self.grid, "Family for rows without one", self.family, 0, 0)
        place(self.grid, "Encoding", self.encoding, 0, PER_ROW - 2)
        self._list_title = place(self.grid, "List, sheet or table", self.rows_in, 0, PER_ROW - 1)
        self.grid.addWidget(self.header, 1, PER_ROW - 1)
        self.offer_lists(())

    @property
    def family_chosen(self) -> str:
        """The family for rows without one."""
        return self.family.currentText().strip() or DEFAULT_FAMILY

    @property
    def encoding_chosen(self) -> str | None:
        """The file's encoding; None: as it is recognised."""
        return self.encoding.currentData()  # type: ignore[no-any-return]

    @property
    def header_chosen(self) -> bool | None:
        """Whether the first row is a header; None: as it is recognised."""
        return self._header_set

    @property
    def rows_in_chosen(self) -> str:
        """The list of the document that holds the rows; "" for the only one."""
        return self.rows_in.currentData() or ""

    def show_file(self, read: ReadAs | AnswersReadAs) -> None:
        """Show what the file was recognised as."""
        self.encoding.setItemText(0, WORDS.get(read.encoding, read.encoding))
        self.header.setVisible(read.format in ("CSV", "text"))
        self.header.setChecked(read.has_header)

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

    def _show_family(self, name: str) -> None:
        self.family.setToolTip(safe_tip(name))  # the box may be narrower

    def _set_header(self, is_header: bool) -> None:
        self._header_set = is_header
        self.changed.emit()


def narrow(box: QComboBox) -> None:
    """Let a box be narrower than its longest entry."""
    box.setMinimumContentsLength(12)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)


def grid_of(parent: QWidget) -> QGridLayout:
    """Return a grid of `PER_ROW` equal columns, for `place`."""
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
