"""The models to choose from: the recommended ones, what a search found, and the files of one model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, Qt

from orca_desk.models.fits import human_bytes
from orca_desk.models.hub.choice import Variant
from orca_desk.models.hub.listing import HubModel
from orca_desk.steps.download.fit import VariantFit
from orca_desk.steps.download.recommended import Recommended
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.row_table import RowTable, row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.words.fits import fit_sentence
from orca_desk.ui.words.hub import (
    GATED,
    ROLE,
    facts_of,
    gate_sentence,
    licence_of,
    recommended_line,
    variant_name,
)
from orca_desk.ui.words.models import count


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """One thing to download, and how it fits once that is known."""

    variant: Variant
    fit: VariantFit | None = None


RECOMMENDED: tuple[Column[Recommended], ...] = (
    Column("Model", lambda one: one.name),
    Column("Use", lambda one: ROLE[one.role]),
    Column(
        "Size",
        lambda one: human_bytes(one.size),
        number=True,
        tip="Approximate size of the download",
        sort=lambda one: one.size,
    ),
    Column(
        "Memory",
        lambda one: f"{one.memory} GB",
        number=True,
        tip="Memory that the machine should have at least",
    ),
    Column("Licence", licence_of),
)
FOUND: tuple[Column[HubModel], ...] = (
    Column("Model", lambda one: one.name),
    Column(
        "Parameters",
        lambda one: count(one.parameters),
        number=True,
        tip="The number of weights",
        sort=lambda one: one.parameters,
    ),
    Column("Downloads", lambda one: f"{one.downloads:,}", number=True, tip="In the last month"),
    Column("Licence", licence_of),
    Column("Updated", lambda one: one.updated or "–"),
)
FILES: tuple[Column[FileRow], ...] = (
    Column("File", lambda one: variant_name(one.variant)),
    Column(
        "Quantisation",
        lambda one: one.variant.quantisation or "–",
        tip="The number format of the weights: fewer bits are smaller but less exact",
    ),
    Column("Size", lambda one: human_bytes(one.variant.size), number=True, sort=lambda one: one.variant.size),
    Column("Memory", lambda one: _fits(one.fit), tip="Whether it fits in the memory that is free now"),
)


class RecommendedTable(RowsModel[Recommended]):
    """The bundled list; it needs no connection."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(RECOMMENDED)
        self._theme = theme

    def identity(self, row: Recommended) -> object:
        """Return the role and the repository."""
        return row.role, row.repo

    def cell(self, row: Recommended, column: int, role: int) -> Any:
        """Return the sign of a gate, or the tool tip."""
        if role == Qt.ItemDataRole.ToolTipRole:
            gate = f"\n{GATED}" if row.gated else ""
            return safe_tip(f"{row.repo}\n{recommended_line(row)}\n{licence_of(row)}{gate}")
        if role == Qt.ItemDataRole.DecorationRole and column == 0 and row.gated:
            return icon("lock", self._theme.colours, "warn")
        return None


class FoundTable(RowsModel[HubModel]):
    """What a search found."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(FOUND)
        self._theme = theme

    def identity(self, row: HubModel) -> object:
        """Return the name."""
        return row.name

    def cell(self, row: HubModel, column: int, role: int) -> Any:
        """Return the sign of a gate, or the tool tip."""
        if role == Qt.ItemDataRole.ToolTipRole:
            facts = [row.name, facts_of(row), gate_sentence(row.gate, row.is_private)]
            return safe_tip("\n".join(filter(None, facts)))
        if role == Qt.ItemDataRole.DecorationRole and column == 0 and (row.gate or row.is_private):
            return icon("lock", self._theme.colours, "warn")
        return None


class FilesTable(RowsModel[FileRow]):
    """What can be downloaded of a model."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(FILES)
        self._theme = theme

    def identity(self, row: FileRow) -> object:
        """Return the content."""
        return tuple(file.sha256 or file.git_sha1 for file in row.variant.files)

    def cell(self, row: FileRow, column: int, role: int) -> Any:
        """Return the sign and the sentence of how it fits, or the names of all files."""
        if role == Qt.ItemDataRole.ToolTipRole:
            if column == len(FILES) - 1 and row.fit is not None:
                return safe_tip(row.fit.refusal or (fit_sentence(row.fit.fit) if row.fit.fit else ""))
            return safe_tip("\n".join(file.name for file in row.variant.files[:20]))
        if role == Qt.ItemDataRole.DecorationRole and column == len(FILES) - 1 and row.fit is not None:
            good = not row.fit.refusal and (row.fit.fit is None or row.fit.fit.fits)
            if row.fit.fit is None and not row.fit.refusal:
                return None
            name, tone = ("circle-check", "good") if good else ("triangle-alert", "warn")
            return icon(name, self._theme.colours, "good" if tone == "good" else "warn")
        return None


def hub_table(
    model: QAbstractTableModel, name: str, widths: Sequence[int], needs: Mapping[int, int] | None = None
) -> RowTable:
    """Return a table whose first column takes what `widths` (px) leaves for it."""
    table = row_table(model, name, needs=needs)
    table.set_widths((0, *widths))
    return table


def _fits(found: VariantFit | None) -> str:
    if found is None:
        return "…"
    if found.refusal:
        return "can't be trained"
    return "–" if found.fit is None else "fits" if found.fit.fits else "too large"
