"""The table of records as they arrive, the newest at the top; only so many are held."""

import html
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from orca_desk.jobs.teaching import Arrival, rejection
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import Role, Theme

Index = QModelIndex | QPersistentModelIndex
INVALID = QModelIndex()
HELD = 500  # rows
LENGTH = 200  # characters of a text in a cell
VERDICT, FAMILY, STRATEGY, QUESTION, ANSWER, TOKENS = range(6)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One answer, or one that could not be made: then `record` is ""."""

    record: str
    verdict: str
    image: str
    role: Role
    family: str
    strategy: str
    question: str
    answer: str
    tokens: int


def rows_of(arrival: Arrival) -> list[Row]:
    """Return the rows of what arrived, in the order of arrival."""
    rows = []
    for new in arrival.records:
        reason = rejection(new)
        words, image, role = (
            reason or "right",
            "circle-x" if reason else "circle-check",
            "bad" if reason else "good",
        )
        if not reason and new.verdict is None:
            words, image, role = "not graded", "circle-help", "muted"
        rows.append(
            Row(
                record=new.record.id,
                verdict=words,
                image=image,
                role=role,  # type: ignore[arg-type]
                family=new.record.family,
                strategy=new.record.strategy,
                question=_line(new.record.user),
                answer=_line(new.record.response),
                tokens=new.record.provenance.completion_tokens,
            )
        )
    for asked, reason in arrival.failed:
        rows.append(
            Row(
                record="",
                verdict="failed",
                image="triangle-alert",
                role="bad",
                family=asked.task.family,
                strategy=asked.strategy.name,
                question=_line(asked.task.user_text),
                answer=reason,
                tokens=0,
            )
        )
    return rows


class ArrivalsModel(QAbstractTableModel):
    """At most HELD rows; `add` puts new ones at the top and lets the oldest go."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: deque[Row] = deque()
        self.titles: dict[str, str] = {}  # of the strategies, by name

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows that came in this order."""
        new = rows[-HELD:]
        if not new:
            return
        if (over := len(self._rows) + len(new) - HELD) > 0:
            self.beginRemoveRows(INVALID, len(self._rows) - over, len(self._rows) - 1)
            for _ in range(over):
                self._rows.pop()
            self.endRemoveRows()
        self.beginInsertRows(INVALID, 0, len(new) - 1)
        self._rows.extendleft(new)
        self.endInsertRows()

    def clear(self) -> None:
        """Forget all rows."""
        self.beginResetModel()
        self._rows.clear()
        self.endResetModel()

    def row(self, index: Index) -> Row:
        """Return the row of a cell."""
        return self._rows[index.row()]

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return how many rows are held."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns."""
        return 0 if parent.isValid() else 6

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a column's heading."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < 6:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(section)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return (
            self.tr("Verdict"),
            self.tr("Family"),
            self.tr("Strategy"),
            self.tr("Question"),
            self.tr("Answer"),
            self.tr("Tokens"),
        )[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows: the verdict has a sign beside its words."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (
                row.verdict,
                row.family,
                self.titles.get(row.strategy, row.strategy),
                row.question,
                row.answer,
                f"{row.tokens:,}",
            )[column]
        if role == Qt.ItemDataRole.DecorationRole and column == VERDICT:
            return icon(row.image, self._theme.colours, row.role)
        if role == Qt.ItemDataRole.ToolTipRole and column in (VERDICT, QUESTION, ANSWER):
            text = {VERDICT: row.verdict, QUESTION: row.question, ANSWER: row.answer}[column]
            return f"<p>{html.escape(text)}</p>"
        return _side(column) if role == Qt.ItemDataRole.TextAlignmentRole else None


def _side(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column == TOKENS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _line(text: str) -> str:
    return " ".join(text[: 2 * LENGTH].split())[:LENGTH]
