"""The models on this machine as a table, and the files that only look like models as another."""

from typing import Any

from PySide6.QtCore import Qt

from orca_desk.inventory.usage import InventoryItem
from orca_desk.models.fits import human_bytes
from orca_desk.models.model_file import ModelFile, NotAModel
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.blocks import Index
from orca_desk.ui.widgets.rows import Column, RowsModel, RowsProxy
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.words.fits import fit_sentence
from orca_desk.ui.words.models import (
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

NAME, _, _, _, _, _, _, MEMORY, USES, ORIGIN, NOTE = range(11)


def _model(item: InventoryItem) -> ModelFile:
    assert isinstance(item.model, ModelFile)
    return item.model


def _refused(item: InventoryItem) -> NotAModel:
    assert isinstance(item.model, NotAModel)
    return item.model


COLUMNS: tuple[Column[InventoryItem], ...] = (
    Column("Name", lambda one: _model(one).name),
    Column("Type", lambda one: kind_of(_model(one))),
    Column(
        "Parameters",
        lambda one: count(_model(one).parameters),
        number=True,
        tip="The number of weights",
        sort=lambda one: _model(one).parameters,
    ),
    Column(
        "Size",
        lambda one: human_bytes(_model(one).size_bytes),
        number=True,
        sort=lambda one: _model(one).size_bytes,
    ),
    Column(
        "Quantisation",
        lambda one: _model(one).quantisation or "–",
        tip="The number format of the weights: fewer bits are smaller but less exact",
    ),
    Column(
        "Context",
        lambda one: context_of(_model(one)),
        number=True,
        tip="The longest conversation that the model supports, in tokens",
        sort=lambda one: _model(one).context,
    ),
    Column(
        "Template",
        lambda one: template_of(_model(one)),
        tip="Whether it has a chat template, which turns messages into one text",
    ),
    Column("Memory", fits_of, tip="Whether it fits in the memory that is free now"),
    Column("Used by", lambda one: uses_of(one) or "–", sort=lambda one: sum(use.count for use in one.uses)),
    Column("Origin", origin_of),
    Column("Note", lambda one: one.note),
)
BAD_COLUMNS: tuple[Column[InventoryItem], ...] = (
    Column("File", lambda one: _refused(one).path.name),
    Column("Reason", lambda one: _refused(one).reason),
)


class ModelTable(RowsModel[InventoryItem]):
    """Usable models, one per row."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(COLUMNS)
        self._theme = theme

    def cell(self, row: InventoryItem, column: int, role: int) -> Any:
        """Return the tool tip or the icon of a cell."""
        if role == Qt.ItemDataRole.ToolTipRole:
            return safe_tip(_tip(row, column))
        if role == Qt.ItemDataRole.DecorationRole:
            return self._picture(row, column)
        return None

    def _picture(self, item: InventoryItem, column: int) -> Any:
        colours = self._theme.colours
        if column == NAME:
            return icon(KINDS[_model(item).kind][0], colours, "muted")
        if column == MEMORY and item.fit:
            good = item.fit.fits
            return icon("circle-check" if good else "triangle-alert", colours, "good" if good else "warn")
        return None


class UnusableTable(RowsModel[InventoryItem]):
    """Files that look like models but cannot be used, each with the reason."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(BAD_COLUMNS)
        self._theme = theme

    def cell(self, row: InventoryItem, column: int, role: int) -> Any:
        """Return the full path, the full reason, or the icon."""
        if role == Qt.ItemDataRole.ToolTipRole:
            refused = _refused(row)
            return safe_tip(refused.reason if column else str(refused.path))
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return icon("circle-x", self._theme.colours, "bad")
        return None


class ModelFilter(RowsProxy):
    """Shows the rows that contain every word of a text."""

    def __init__(self, source: ModelTable) -> None:
        super().__init__()
        self._words: tuple[str, ...] = ()
        self.setSourceModel(source)

    def set_text(self, text: str) -> None:
        """Show the rows that contain every word of `text`."""
        self._words = tuple(text.casefold().split())
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802 - Qt's name
        """Return whether a row contains every word."""
        source = self.sourceModel()
        assert isinstance(source, ModelTable)
        item = source.rows[row]
        model = _model(item)
        whole = " ".join(
            (
                model.name,
                model.title,
                model.architecture,
                model.quantisation,
                kind_of(model),
                origin_of(item),
                str(model.path),
                item.note,
            )
        ).casefold()
        return all(word in whole for word in self._words)


def _tip(item: InventoryItem, column: int) -> str:
    if column == MEMORY and item.fit:
        return fit_sentence(item.fit)
    if column == USES:
        return uses_in_full(item)
    if column == NOTE:
        return item.note
    return shown_path(_model(item).path) if column in (NAME, ORIGIN) else ""
