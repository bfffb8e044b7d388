"""A table of any length: it holds the ordered row ids, and fetches the rows in blocks as they come into view.

A million row ids take 8 MB. A row stays empty until its block arrives; the last 50 blocks stay in memory.
"""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from orca_desk.ui.background import Background
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.words.glossary import tip_of
from orca_desk.yielding import yielding

BLOCK = 200
KEPT = 50
COPIED_TOGETHER = 250  # rows that are fetched between two pauses of a copy
Index = QModelIndex | QPersistentModelIndex
Item = Any
INVALID = QModelIndex()
FULL_TEXT = Qt.ItemDataRole.UserRole + 77  # what a copy holds of a cell that shows less


class BlockTableModel(QAbstractTableModel):
    """Rows by row id. A subclass returns the data of a cell from `cell(item, column, role)`.

    `fetch(rowids)` returns the items of some row ids, in that order; it runs in a background thread.
    An item that was deleted meanwhile is None.
    """

    headers: Sequence[str] = ()

    def __init__(self, background: Background, fetch: Callable[[Sequence[int]], list[Item | None]]) -> None:
        super().__init__()
        self._background, self._fetch = background, fetch
        self.rowids: array[int] = array("q")
        self._blocks: OrderedDict[int, list[Item | None]] = OrderedDict()
        self._asked: set[int] = set()
        self._generation = 0

    def cell(self, item: Item, column: int, role: int) -> Any:
        """Return what `data` returns for an item."""
        raise NotImplementedError

    def set_rowids(self, rowids: "array[int]") -> None:
        """Show other rows. If the row ids have not changed, only fetch the content of the rows again."""
        self._generation += 1
        self._asked.clear()
        if rowids == self.rowids:
            self._blocks.clear()
            if rowids:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rowids) - 1, len(self.headers) - 1))
            return
        self.beginResetModel()
        self.rowids = rowids
        self._blocks.clear()
        self.endResetModel()

    def add_rowids(self, rowids: "array[int]") -> None:
        """Show these rows, of which the present ones are the first: those keep their content."""
        before = len(self.rowids)
        if not before or len(rowids) <= before or rowids[:before] != self.rowids:
            self.set_rowids(rowids)
            return
        self.beginInsertRows(INVALID, before, len(rowids) - 1)
        self.rowids = rowids
        if before % BLOCK:
            self._generation += 1  # the last block is on its way without the rows that follow
            self._asked.clear()
        self.endInsertRows()

    def item(self, row: int) -> Item | None:
        """Return the item of a row if it was fetched; otherwise fetch it and return None."""
        block, place = self._blocks.get(row // BLOCK), row % BLOCK
        if block is None or place >= len(block):  # the last one is short until the rows that follow arrive
            self._ask(row // BLOCK)
            return None
        self._blocks.move_to_end(row // BLOCK)
        return block[place]

    def read_cells(
        self, rows: Sequence[int], columns: Sequence[int], put: Callable[[list[list[str]]], None]
    ) -> None:
        """Give `put` what a copy holds of cells by row, once they are fetched; deleted rows are left out."""
        rowids = [self.rowids[row] for row in rows]

        def read() -> list[list[str]]:
            cells: list[list[str]] = []
            for start in yielding(range(0, len(rowids), COPIED_TOGETHER)):
                for one in self._fetch(rowids[start : start + COPIED_TOGETHER]):
                    if one is not None:
                        cells.append([self._full_text(one, column) for column in columns])
            return cells

        if rowids:
            self._background.run(self, read, put)

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self.rowids)

    def columnCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self.headers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the data of a cell, or None until its block arrives."""
        if not index.isValid() or index.row() >= len(self.rowids):
            return None
        item = self.item(index.row())
        return None if item is None else self.cell(item, index.column(), role)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the heading of a column with what its terms mean, or the number of a row from 1."""
        if role == Qt.ItemDataRole.ToolTipRole and orientation == Qt.Orientation.Horizontal:
            return safe_tip(tip_of(self.headers[section])) or None if section < len(self.headers) else None
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Horizontal:
            return self.headers[section] if section < len(self.headers) else None
        return section + 1

    def _full_text(self, item: Item, column: int) -> str:
        full = self.cell(item, column, FULL_TEXT)
        return str(self.cell(item, column, Qt.ItemDataRole.DisplayRole) or "") if full is None else str(full)

    def _ask(self, block: int) -> None:
        if block in self._asked:
            return
        self._asked.add(block)
        generation = self._generation
        rowids = self.rowids[block * BLOCK : (block + 1) * BLOCK]
        self._background.run(
            self,
            lambda: self._fetch(rowids),
            lambda items: self._receive(block, generation, items),
            urgent=True,
        )

    def _receive(self, block: int, generation: int, items: list[Item | None]) -> None:
        if generation != self._generation:
            return
        self._asked.discard(block)
        self._blocks[block] = items
        while len(self._blocks) > KEPT:
            self._blocks.popitem(last=False)
        last = min((block + 1) * BLOCK, len(self.rowids)) - 1
        self.dataChanged.emit(self.index(block * BLOCK, 0), self.index(last, len(self.headers) - 1))
