"""Tables that stand whole on a page that scrolls: all rows, and columns as wide as their texts."""

from PySide6.QtCore import QAbstractItemModel

from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.row_table import ROW, RowTable, row_table

FRAME = 4  # px


def whole_table(model: QAbstractItemModel, name: str) -> RowTable:
    """Return a table that scrolls sideways where it is too narrow, and never up and down."""
    view = row_table(model, name, main=None, sorts=False)
    view.horizontalScrollBar().rangeChanged.connect(lambda *_: _fit_height(view))
    return view


def fit_whole_table(view: RowTable) -> None:
    """Fit the columns to their texts, and the height to the rows: after each change of the rows."""
    view.resizeColumnsToContents()
    for column in range(view.model().columnCount()):
        view.setColumnWidth(column, view.columnWidth(column) + GRID)
    view.setMaximumWidth(view.horizontalHeader().length() + FRAME)
    _fit_height(view)


def _fit_height(view: RowTable) -> None:
    """Leave room below the rows for the bar that scrolls sideways."""
    bar = view.horizontalScrollBar()
    below = bar.sizeHint().height() if bar.maximum() > bar.minimum() else 0
    rows = grown(ROW) * view.model().rowCount()
    view.setFixedHeight(view.horizontalHeader().sizeHint().height() + rows + below + FRAME)
