"""The table of records as they arrive, the newest first, up to a maximum."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt

from orca_desk.steps.teaching import Arrival
from orca_desk.ui.icons import icon
from orca_desk.ui.pages.teacher.verdicts import verdict_look
from orca_desk.ui.theme import Role, Theme
from orca_desk.ui.widgets.blocks import INVALID, Index
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.text import safe_tip
from orca_desk.ui.words.shorten import shorten

MOST_ROWS = 500
LENGTH = 200  # characters of a text in a cell
VERDICT, TASK, QUESTION, ANSWER, _ = range(5)


@dataclass(frozen=True, kw_only=True)
class ArrivalRow:
    """One answer; or a task that could not be answered, without a record id."""

    record: str
    verdict: str
    image: str
    role: Role
    family: str
    strategy: str
    question: str
    answer: str
    tokens: int


def rows_of(arrival: Arrival) -> list[ArrivalRow]:
    """Return a row for each answer and each failure, in the order of arrival."""
    rows = []
    for new in arrival.records:
        words, image, role = verdict_look(new, arrival.rejected.get(new.record.id))
        rows.append(
            ArrivalRow(
                record=new.record.id,
                verdict=words,
                image=image,
                role=role,
                family=new.record.family,
                strategy=new.record.strategy,
                question=shorten(new.record.user, LENGTH),
                answer=shorten(new.record.response, LENGTH),
                tokens=new.record.provenance.completion_tokens or 0,
            )
        )
    for asked, reason in arrival.failed:
        rows.append(
            ArrivalRow(
                record="",
                verdict="failed",
                image="triangle-alert",
                role="bad",
                family=asked.task.family,
                strategy=asked.strategy.name,
                question=shorten(asked.task.user_text, LENGTH),
                answer=reason,
                tokens=0,
            )
        )
    return rows


class ArrivalsModel(RowsModel[ArrivalRow]):
    """At most MOST_ROWS rows; `add` puts new ones at the top and drops the oldest."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(
            (
                Column("Verdict", lambda row: row.verdict),
                Column("Family, strategy", self._task),
                Column("Question", lambda row: row.question),
                Column("Answer", lambda row: row.answer),
                Column("Tokens", lambda row: f"{row.tokens:,}", number=True),
            )
        )
        self._theme = theme
        self.titles: dict[str, str] = {}  # of strategies, by name

    def add(self, rows: Sequence[ArrivalRow]) -> None:
        """Add rows, the oldest first."""
        new = rows[-MOST_ROWS:]
        if not new:
            return
        if (over := len(self.rows) + len(new) - MOST_ROWS) > 0:
            self.beginRemoveRows(INVALID, len(self.rows) - over, len(self.rows) - 1)
            del self.rows[-over:]
            self.endRemoveRows()
        self.beginInsertRows(INVALID, 0, len(new) - 1)
        self.rows[:0] = reversed(new)
        self.endInsertRows()

    def clear(self) -> None:
        """Remove all rows."""
        self.show([])

    def row(self, index: Index) -> ArrivalRow:
        """Return the row of a cell."""
        return self.rows[index.row()]

    def cell(self, row: ArrivalRow, column: int, role: int) -> Any:
        """Return a verdict's icon, or the full text of a long cell as a tooltip."""
        if role == Qt.ItemDataRole.DecorationRole and column == VERDICT:
            return icon(row.image, self._theme.colours, row.role)
        if role == Qt.ItemDataRole.ToolTipRole and column in (VERDICT, TASK, QUESTION, ANSWER):
            return safe_tip(self.columns[column].text(row))
        return None

    def _task(self, row: ArrivalRow) -> str:
        return f"{row.family}\n{self.titles.get(row.strategy, row.strategy)}"
