"""The left side of the Records page: the filters, and the list of the records that match."""

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.library.fitness import by_rowids
from orca_desk.library.records import RecordFilter
from orca_desk.library.review import RecordChoices, RecordOrder, record_choices, record_rowids, rowid_of
from orca_desk.steps.votes import keep_ready, vote
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.records.filters import RecordFilters
from orca_desk.ui.pages.records.record_list import RecordTable
from orca_desk.ui.theme import GRID


class RecordQueue(QWidget):
    """Reads the list in the background and determines the current record.

    `filled` carries the number of listed records and whether the library has any. `current_changed` carries
    the row id of the current record or None, and is repeated after a change of that record. `not_found`
    follows a request for a record that the library does not have. `hidden` carries the id of a record that
    `show_if_listed` did not find in the list. `listed` is the filter of the list that is on the screen: what
    is typed may be another one already, or nothing that can be read.
    """

    filled = Signal(int, bool)
    current_changed = Signal(object)
    not_found = Signal()
    hidden = Signal(str)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.filters = RecordFilters(desk)
        self.table = RecordTable(desk)
        self._wanted: int | None = None
        self._must_show = False
        self._looked_for = ""
        self.listed = RecordFilter()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(GRID)
        column.addWidget(self.filters)
        column.addWidget(self.table, 1)
        self.setMinimumWidth(32 * GRID)
        self.filters.text.below = self.table
        self.filters.changed.connect(self.read)
        self.table.current_changed.connect(self.current_changed)

    @property
    def position(self) -> tuple[int, int, int]:
        """The current row (from 0, or -1 for none), the number of rows, and of selected rows."""
        return self.table.currentIndex().row(), len(self.table.records.rowids), self.table.selected_count

    def read(self) -> None:
        """Read the list again. The current record stays, or else the next one becomes current."""
        library, wanted, order = self.desk.library, self.filters.value(), self.filters.wanted_order

        def work() -> tuple["array[int]", bool, RecordOrder]:
            rowids = record_rowids(library, by_rowids(library, wanted, vote=vote), order)
            return rowids, bool(rowids) or bool(record_rowids(library, RecordFilter(limit=1))), order

        def show(read: tuple["array[int]", bool, RecordOrder]) -> None:
            self.listed = wanted
            self._show(read)

        self.desk.background.run(self, work, show, only_newest="list")
        self.desk.background.run(self, lambda: keep_ready(library), self._read_standings, only_newest="ready")

    def read_choices(self) -> None:
        """Read the entries of the filters."""
        library = self.desk.library
        self.desk.background.run(self, lambda: record_choices(library), self._offer, only_newest="choices")

    def start_at(self, filters: Mapping[str, Any], rowid: int | None) -> None:
        """Set the filters and the current record for the first read."""
        self.filters.choose(filters)
        self._wanted = rowid

    def show_only(self, filters: Mapping[str, Any]) -> None:
        """Set the filters to these alone."""
        self.filters.choose(filters)
        self.read()

    def show_record(self, record_id: str) -> None:
        """Make a record the current one, clearing the filters if they hide it."""
        library = self.desk.library
        self.desk.background.run(self, lambda: rowid_of(library, record_id), self._go_to, only_newest="go")

    def show_if_listed(self, record_id: str) -> None:
        """Make a record the current one, if the filters let it through; else `hidden` follows."""
        library = self.desk.library

        def go_to(rowid: int | None) -> None:
            self._looked_for = record_id
            self._wanted = rowid
            self.read()

        self.desk.background.run(self, lambda: rowid_of(library, record_id), go_to, only_newest="go")

    def _read_standings(self, changed: bool) -> None:
        """Read the list again, once what the rules ask of new records is known."""
        if changed:
            self.read()

    def _go_to(self, rowid: int | None) -> None:
        if rowid is None:
            self.not_found.emit()
            return
        self._wanted, self._must_show = rowid, True
        self.read()

    def _show(self, read: tuple["array[int]", bool, RecordOrder]) -> None:
        rowids, has_records, order = read
        by_arrival = order == "arrival"
        wanted, self._wanted = self._wanted, None
        must_show, self._must_show = self._must_show, False
        looked_for, self._looked_for = self._looked_for, ""
        if (
            must_show
            and wanted is not None
            and not _has(rowids, wanted, by_arrival)
            and self.filters.chosen()
        ):
            self.filters.choose({})
            self._go_to(wanted)
            return
        if looked_for and wanted is not None and not _has(rowids, wanted, by_arrival):
            wanted = None  # the list stays where it is
            self.hidden.emit(looked_for)
        self.filters.show_count(len(rowids))
        self.filled.emit(len(rowids), has_records)
        before = self.table.rowid
        self.table.show_rowids(rowids, current=wanted, by_arrival=by_arrival)
        if self.table.rowid == before and before is not None:
            self.current_changed.emit(before)

    def _offer(self, choices: RecordChoices) -> None:
        self.filters.offer(choices)


def _has(rowids: "array[int]", rowid: int, by_arrival: bool) -> bool:
    """Whether `rowids`, which are in the order of arrival or in another one, contain `rowid`."""
    if not by_arrival:
        return rowid in rowids
    index = bisect_left(rowids, rowid)
    return index < len(rowids) and rowids[index] == rowid
