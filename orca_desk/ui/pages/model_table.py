"""The models of this machine as a table, and beneath it what only looks like one."""

import html
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt

from orca_desk.jobs.shelf import Shelved
from orca_desk.models.fits import human_bytes
from orca_desk.models.model_file import ModelFile
from orca_desk.ui.icons import icon
from orca_desk.ui.pages.model_words import (
    KINDS,
    context_of,
    count,
    fits_of,
    kind_of,
    origin_of,
    shown_path,
    template_of,
    uses_in_full,
    uses_of,
)
from orca_desk.ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
INVALID = QModelIndex()
SORT = Qt.ItemDataRole.UserRole
HEADERS = (
    "Name",
    "Kind",
    "Parameters",
    "Size",
    "Quantisation",
    "Context",
    "Template",
    "Memory",
    "Used by",
    "From",
)
TIPS = {
    2: "How many weights it has",
    4: "The number format of the weights: fewer bits are smaller and less exact",
    5: "The longest conversation, in tokens, that it was made for",
    6: "Whether it brings a chat template, which says how messages become one text",
    7: "Whether it fits into the memory that is free now",
}
NUMBERS = (2, 3, 5)
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ModelTable(QAbstractTableModel):
    """Models that can be used, one a row."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[Shelved] = []

    def show(self, rows: list[Shelved]) -> None:
        """Show other models."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return how many models there are."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(HEADERS)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's heading, and what it means."""
        if orientation != Qt.Orientation.Horizontal or section >= len(HEADERS):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.tr(HEADERS[section])
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tr(TIPS[section]) if section in TIPS else None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if section in NUMBERS else Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        shelved, column = self.rows[index.row()], index.column()
        model = shelved.model
        assert isinstance(model, ModelFile)
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(shelved, model, column)
        if role == SORT:
            return _sorted_by(shelved, model, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in NUMBERS:
            return RIGHT
        if role == Qt.ItemDataRole.ToolTipRole:
            text = _tip(shelved, model, column)
            return html.escape(text) if text else None
        if role == Qt.ItemDataRole.DecorationRole:
            return self._picture(shelved, model, column)
        return None

    def _picture(self, shelved: Shelved, model: ModelFile, column: int) -> Any:
        colours = self._theme.colours
        if column == 0:
            return icon(KINDS[model.kind][0], colours, "muted")
        if column == 7 and shelved.fit:
            good = shelved.fit.fits
            return icon("circle-check" if good else "triangle-alert", colours, "good" if good else "warn")
        return None


class BadTable(QAbstractTableModel):
    """Files that look like models and are not usable, with the reason."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.rows: list[Shelved] = []

    def show(self, rows: list[Shelved]) -> None:
        """Show other files."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return how many files there are."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return how many columns there are."""
        return 0 if parent.isValid() else 2

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the file's name, or why it is not usable."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        model = self.rows[index.row()].model
        assert not isinstance(model, ModelFile)
        if role == Qt.ItemDataRole.DisplayRole:
            return model.path.name if index.column() == 0 else model.reason
        if role == Qt.ItemDataRole.ToolTipRole:
            return html.escape(str(model.path) if index.column() == 0 else model.reason)
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0:
            return icon("circle-x", self._theme.colours, "bad")
        return None


class ModelFilter(QSortFilterProxyModel):
    """Sorts by numbers where a column has them, and keeps the rows that hold every word of a text."""

    def __init__(self, source: ModelTable) -> None:
        super().__init__()
        self._words: tuple[str, ...] = ()
        self.setSortRole(SORT)
        self.setSourceModel(source)

    def look_for(self, text: str) -> None:
        """Keep the rows that hold every word of `text`."""
        self._words = tuple(text.casefold().split())
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802 - Qt's name
        """Return whether a row holds every word."""
        source = self.sourceModel()
        assert isinstance(source, ModelTable)
        shelved = source.rows[row]
        model = shelved.model
        assert isinstance(model, ModelFile)
        whole = " ".join(
            (
                model.name,
                model.architecture,
                model.quantisation,
                kind_of(model),
                origin_of(shelved),
                str(model.path),
            )
        ).casefold()
        return all(word in whole for word in self._words)


def _text(shelved: Shelved, model: ModelFile, column: int) -> str:
    texts = (
        lambda: model.name,
        lambda: kind_of(model),
        lambda: count(model.parameters),
        lambda: human_bytes(model.size_bytes),
        lambda: model.quantisation or "–",
        lambda: context_of(model),
        lambda: template_of(model),
        lambda: fits_of(shelved),
        lambda: uses_of(shelved) or "–",
        lambda: origin_of(shelved),
    )
    return texts[column]()


def _sorted_by(shelved: Shelved, model: ModelFile, column: int) -> Any:
    if column == 2:
        return model.parameters
    if column == 3:
        return model.size_bytes
    if column == 5:
        return model.context
    return sum(use.count for use in shelved.uses) if column == 8 else _text(shelved, model, column).casefold()


def _tip(shelved: Shelved, model: ModelFile, column: int) -> str:
    if column == 7 and shelved.fit:
        return shelved.fit.sentence
    if column == 8:
        return uses_in_full(shelved)
    return shown_path(model.path) if column in (0, 9) else ""
