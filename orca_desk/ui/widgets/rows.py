"""A table with all rows in memory, whose columns turn a row into text, and by which it can be sorted."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QSortFilterProxyModel, Qt

from orca_desk.method.hidden_characters import visible
from orca_desk.ui.widgets.blocks import INVALID, Index
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.words.glossary import tip_of

Row = TypeVar("Row")
MOST_STEPS = 500  # rows that come or go one by one
NOTHING = frozenset({"", "–", "—", "-", "…"})  # texts of cells without a value
_DIGITS = re.compile(r"(\d+)")
_NUMBER = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A heading, the text below it, and whether that is a number; `tip` explains the heading.

    `sort` returns what a row is sorted by, None for last; without it that is the text, or the number in it.
    """

    title: str
    text: Callable[[Row], str]
    number: bool = False
    tip: str = ""
    sort: Callable[[Row], Any] | None = None

    @property
    def side(self) -> Qt.AlignmentFlag:
        """The alignment of the heading and the cells: right for numbers."""
        side = Qt.AlignmentFlag.AlignRight if self.number else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def sort_key(self, row: Row) -> Any:
        """Return what a row is sorted by, or None if it comes last in any case."""
        if self.sort is not None:
            return self.sort(row)
        text = self.text(row).strip()
        return number_key(text) if self.number else natural_key(text)


def natural_key(text: str) -> Any:
    """Return a key by which "run-9" comes before "run-10"; None for a text that stands for nothing."""
    if text in NOTHING:
        return None
    parts = _DIGITS.split(text.casefold())  # every second part is digits, which compare by their length first
    return tuple(
        (0, len(part.lstrip("0")), part.lstrip("0")) if place % 2 else (1, 0, part)
        for place, part in enumerate(parts)
        if part
    )


def number_key(text: str) -> float | None:
    """Return the first number of a text, or None if there is none."""
    found = _NUMBER.search(text)
    return float(found[0].replace(",", "").replace("−", "-")) if found else None


def in_order(keys: Sequence[Any], *, descending: bool) -> list[int]:
    """Return the places of these keys in order: equal ones as they came, and None last either way."""
    present = [place for place, key in enumerate(keys) if key is not None]
    present.sort(key=lambda place: keys[place], reverse=descending)
    return present + [place for place, key in enumerate(keys) if key is None]


class RowsModel(QAbstractTableModel, Generic[Row]):
    """Rows under headings. A subclass returns from `cell` what a cell has besides its text.

    `rows` are those on screen, in their order: as they were given or sorted by a column, and all of them or
    those with some words.
    """

    def __init__(self, columns: Sequence[Column[Row]]) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self.rows: list[Row] = []
        self._given: list[Row] = []
        self._order: list[int] = []  # the place in `_given` of each of `rows`
        self._by: tuple[int, bool] | None = None
        self._words: tuple[str, ...] = ()

    @property
    def given(self) -> Sequence[Row]:
        """The rows in the order in which they were given."""
        return self._given

    def cell(self, row: Row, column: int, role: int) -> Any:
        """Return the icon, the colour or the tool tip of a cell."""
        return None

    def identity(self, row: Row) -> object:
        """Return what identifies a row while its content changes; by default each row is new."""
        return id(row)

    def search_text(self, row: Row) -> str:
        """Return what `find` looks through: by default all cells of the row."""
        return "\n".join(column.text(row) for column in self.columns)

    def show(self, rows: Sequence[Row]) -> bool:
        """Show rows; return whether they differ from the previous ones.

        The same rows are only repainted, and moved if sorted by what changed: the selection stays.
        """
        given = list(rows)
        order = self._in_order(given)
        before = [self.identity(row) for row in self.rows]
        after = [self.identity(given[place]) for place in order]
        if before == after:
            self._take(given, order)
            self.repaint()
            return False
        if (
            self._by is not None
            and len(before) == len(after) == len(set(before))
            and set(before) == set(after)
        ):
            self._move(given, order, {identity: place for place, identity in enumerate(after)}, before)
            return False
        self.beginResetModel()
        self._take(given, order)
        self.endResetModel()
        return True

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; -1 shows the rows as they were given."""
        self._by = (
            (column, order == Qt.SortOrder.DescendingOrder) if 0 <= column < len(self.columns) else None
        )
        places = self._in_order(self._given)
        to = {place: row for row, place in enumerate(places)}
        self._move(self._given, places, to, list(self._order))

    def find(self, text: str) -> None:
        """Show only the rows in whose cells all words of `text` occur, whatever their case."""
        words = tuple(text.casefold().split())
        if words == self._words:
            return
        self._words = words
        places = self._in_order(self._given)
        if abs(len(places) - len(self._order)) > MOST_STEPS:
            self.beginResetModel()
            self._take(self._given, places)
            self.endResetModel()
            return
        wanted, here = set(places), set(self._order)
        for row in reversed(range(len(self._order))):  # row by row, so that the selection stays
            if self._order[row] not in wanted:
                self.beginRemoveRows(INVALID, row, row)
                self._take(self._given, self._order[:row] + self._order[row + 1 :])
                self.endRemoveRows()
        for row, place in enumerate(places):
            if place not in here:
                self.beginInsertRows(INVALID, row, row)
                self._take(self._given, [*self._order[:row], place, *self._order[row:]])
                self.endInsertRows()

    def repaint(self) -> None:
        """Repaint all cells, for example in another theme."""
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(self.columns) - 1))

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self.columns)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the heading of a column, or the tool tip that explains or repeats it."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip or safe_tip(tip_of(column.title)) or column.title  # which may be shortened
        return column.side if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the data of a cell."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return visible(self.columns[column].text(row))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.columns[column].side
        return self.cell(row, column, role)

    def _in_order(self, rows: Sequence[Row]) -> list[int]:
        places = [place for place, row in enumerate(rows) if not self._words or self._has_words(row)]
        if self._by is None:
            return places
        column, descending = self._by
        keys = [self.columns[column].sort_key(rows[place]) for place in places]
        return [places[one] for one in in_order(keys, descending=descending)]

    def _has_words(self, row: Row) -> bool:
        whole = self.search_text(row).casefold()
        return all(word in whole for word in self._words)

    def _take(self, given: list[Row], order: list[int]) -> None:
        self._given, self._order = given, order
        self.rows = [given[place] for place in order]

    def _move(self, given: list[Row], order: list[int], to: dict[Any, int], before: Sequence[object]) -> None:
        """Show the same rows in another order: `before` names them as they are, `to` says where each goes."""
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        self._take(given, order)
        self.changePersistentIndexList(
            old, [self.index(to[before[index.row()]], index.column()) for index in old]
        )
        self.layoutChanged.emit()
        self.repaint()


class RowsProxy(QSortFilterProxyModel):
    """Filters a RowsModel, and sorts it by what its columns are sorted by."""

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort the source: the proxy keeps its order, so that what has no value comes last either way."""
        self.sourceModel().sort(column, order)
