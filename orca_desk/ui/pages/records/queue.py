"""The left side of the Records page: the filters, and the records that they leave, one after the other."""

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.library.records import RecordFilter
from orca_desk.library.review import RecordChoices, number_of, record_choices, record_numbers
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.records.filters import RecordFilters
from orca_desk.ui.pages.records.record_list import RecordTable
from orca_desk.ui.theme import GRID


class RecordQueue(QWidget):
    """Reads the list in the background and knows which record is the current one.

    `filled` comes when the list was read: how many records are in it, and whether the library has any.
    `shown` comes with the number of the record to show, again when it may have changed, or None; `missing`
    when a record that was asked for is not in the library.
    """

    filled = Signal(int, bool)
    shown = Signal(object)
    missing = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.filters = RecordFilters(desk)
        self.table = RecordTable(desk)
        self._wanted: int | None = None
        self._must_show = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(GRID)
        column.addWidget(self.filters)
        column.addWidget(self.table, 1)
        self.setMinimumWidth(32 * GRID)
        self.filters.changed.connect(self.read)
        self.table.shown.connect(self.shown)

    @property
    def place(self) -> tuple[int, int, int]:
        """The current row from 0 or -1, how many rows there are, and how many are selected."""
        return self.table.currentIndex().row(), len(self.table.records.numbers), self.table.count_chosen

    def read(self) -> None:
        """Read the list anew; the current record stays, or gives way to the one that follows."""
        library, wanted = self.desk.library, self.filters.value()

        def work() -> tuple["array[int]", bool]:
            numbers = record_numbers(library, wanted)
            some = bool(numbers) or bool(record_numbers(library, RecordFilter(limit=1)))
            return numbers, some

        self.desk.background.run(self, work, self._show, only_newest="list")

    def read_choices(self) -> None:
        """Read what the filters can offer."""
        library = self.desk.library
        self.desk.background.run(self, lambda: record_choices(library), self._offer, only_newest="choices")

    def begin_at(self, filters: Mapping[str, Any], number: int | None) -> None:
        """Set where the list is to begin, before it is read for the first time."""
        self.filters.choose(filters)
        self._wanted = number

    def show_only(self, filters: Mapping[str, Any]) -> None:
        """Show what some filters leave."""
        self.filters.choose(filters)
        self.read()

    def show_record(self, record_id: str) -> None:
        """Go to a record, without the filters where they leave it out."""
        library = self.desk.library
        self.desk.background.run(self, lambda: number_of(library, record_id), self._go_to, only_newest="go")

    def _go_to(self, number: int | None) -> None:
        if number is None:
            self.missing.emit()
            return
        self._wanted, self._must_show = number, True
        self.read()

    def _show(self, read: tuple["array[int]", bool]) -> None:
        numbers, some = read
        number, self._wanted = self._wanted, None
        must_show, self._must_show = self._must_show, False
        if must_show and number is not None and not _has(numbers, number) and self.filters.chosen():
            self.filters.choose({})
            self._go_to(number)
            return
        self.filters.show_count(len(numbers))
        self.filled.emit(len(numbers), some)
        before = self.table.number
        self.table.fill(numbers, number=number)
        if self.table.number == before and before is not None:
            self.shown.emit(before)

    def _offer(self, choices: RecordChoices) -> None:
        self.filters.offer(choices)


def _has(numbers: "array[int]", number: int) -> bool:
    """Whether a number is among ordered ones."""
    place = bisect_left(numbers, number)
    return place < len(numbers) and numbers[place] == number
