"""The tables of the Results tab: scores by family, paired differences, and strategies."""

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from orca_desk.method.statistics import Comparison, Finding
from orca_desk.steps.evaluate.comparison import EvaluationSummary, ModelComparison, strategies_of
from orca_desk.steps.evaluate.scoring import OVERALL
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.pages.evaluate.candidate_list import role_of
from orca_desk.ui.pages.evaluate.evaluation_list import interval
from orca_desk.ui.theme import GRID, Role, Theme, font, grown
from orca_desk.ui.widgets.copy_table import offer_copies
from orca_desk.ui.widgets.two_lines import HEIGHT, TwoLines
from orca_desk.ui.words.evaluations import p_value

Index = QModelIndex | QPersistentModelIndex
INVALID = QModelIndex()
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
CENTRE = int(Qt.AlignmentFlag.AlignCenter)
NAMES_COLUMN = 22 * GRID  # px
HEADING = 14  # characters in a line of a strategy's heading
FINDING_ICONS: dict[Finding, tuple[str, Role]] = {
    "better": ("arrow-up", "good"),
    "worse": ("arrow-down", "bad"),
    "no clear difference": ("minus", "muted"),
}


class ComparisonTable(QAbstractTableModel):
    """A small table shown whole: row names in the first column, then a column per compared item."""

    corner = ""
    alignment = RIGHT
    least = 22 * GRID  # px, of a column

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.columns: Sequence[str] = ()
        self.names: Sequence[str] = ()
        desk.theme.changed.connect(self._repaint)

    def cell(self, row: int, column: int, role: int) -> Any:
        """Return the data of a cell beside the names; `column` starts at 0."""
        raise NotImplementedError

    def heading(self, column: int) -> str:
        """Return the heading of a column beside the names."""
        return self.columns[column]

    def rowCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self.names)

    def columnCount(self, parent: Index = INVALID) -> int:  # noqa: N802 - Qt's name
        """Return the number of columns, including the names."""
        return 0 if parent.isValid() else len(self.columns) + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the data of a cell."""
        if not index.isValid():
            return None
        name = self.names[index.row()]
        if role == Qt.ItemDataRole.FontRole:
            return font("body", bold=name == OVERALL)
        if index.column() == 0:
            return name if role == Qt.ItemDataRole.DisplayRole else None
        return self.cell(index.row(), index.column() - 1, role)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return a heading."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section <= len(self.columns):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.corner if section == 0 else self.heading(section - 1)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if section == 0 else self.alignment
        return None

    def _repaint(self) -> None:
        if self.names:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.names) - 1, len(self.columns)))


class FamilyTable(ComparisonTable):
    """The share of correct answers per family and model, with interval, counts and tokens."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.corner = "Family"
        self._summaries: tuple[EvaluationSummary, ...] = ()

    def show_results(self, found: ModelComparison) -> None:
        """Show the results."""
        self.beginResetModel()
        self._summaries = found.summaries
        self.names, self.columns = found.families, [one.name for one in found.summaries]
        self.endResetModel()

    def cell(self, row: int, column: int, role: int) -> Any:
        """Return a share, and below it the counts behind it."""
        score = self._summaries[column].scores.get(self.names[row])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT
        if role == Qt.ItemDataRole.ForegroundRole:
            return self.desk.theme.colours(role_of(self._summaries[column].name))
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if score is None or not score.accuracy.n:
            return "–\nno graded task"
        counts = "{:,} of {:,}, {:,.0f} tokens"
        words = counts.format(score.accuracy.correct, score.accuracy.n, score.mean_tokens)
        return f"{interval(score.accuracy)}\n{words}"


class DifferenceTable(ComparisonTable):
    """How each model differs from the reference on shared tasks, with interval and p-value."""

    least = 27 * GRID

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.corner = "Family"
        self._cells: list[dict[str, Comparison]] = []

    def show_results(self, found: ModelComparison) -> None:
        """Show the results."""
        self.beginResetModel()
        names = {one.id: one.name for one in found.summaries}
        self._cells = [dict(one) for one in found.differences.values()]
        self.names = found.families if self._cells else ()
        self.columns = [f"{names[one]} minus {names[found.reference]}" for one in found.differences]
        self.endResetModel()

    def cell(self, row: int, column: int, role: int) -> Any:
        """Return a difference, its verdict, and the counts behind it."""
        one = self._cells[column].get(self.names[row])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT
        if one is None:
            return "–\nno shared task" if role == Qt.ItemDataRole.DisplayRole else None
        image, tone = FINDING_ICONS[one.finding]
        if role == Qt.ItemDataRole.DecorationRole:
            return icon(image, self.desk.theme.colours, tone)
        if role == Qt.ItemDataRole.DisplayRole:
            points = f"{100 * one.difference:+.1f} ({100 * one.low:+.1f} to {100 * one.high:+.1f})"
            return f"{points}\n{one.finding}, {p_value(one.p)}, n {one.n:,}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"Only the first is correct: {one.only_first:,}. Only the second: {one.only_second:,}."
        return None


class MatrixTable(ComparisonTable):
    """Counts of answers: a row per paired strategy, a column per recognised one."""

    least = 15 * GRID  # the longest line of a heading

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.corner = "Paired strategy"
        self.alignment = CENTRE
        self._matrix: EvaluationSummary | None = None
        self._recognised: list[str | None] = []

    def show_results(self, found: EvaluationSummary) -> None:
        """Show the strategies of one model."""
        self.beginResetModel()
        self._matrix = found
        self._recognised = strategies_of(found.matrix)
        self.names = sorted(found.matrix)
        self.columns = ["none detected" if name is None else name for name in self._recognised]
        self.endResetModel()

    def heading(self, column: int) -> str:
        """Return a strategy's name, wrapped: the names are long and the columns many."""
        return "\n".join(wrap(self.columns[column], HEADING, break_long_words=False))

    def share(self, row: int, column: int) -> float:
        """Return the share of a row's answers that follow the column's strategy."""
        counts = self._counts(row)
        return counts.get(self._recognised[column], 0) / max(1, sum(counts.values()))

    def is_match(self, row: int, column: int) -> bool:
        """Whether the cell counts answers that follow the paired strategy."""
        return self.names[row] == self._recognised[column]

    def cell(self, row: int, column: int, role: int) -> Any:
        """Return a count, and its share of the row."""
        count = self._counts(row).get(self._recognised[column], 0)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return CENTRE
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{count:,}\n{self.share(row, column):.0%}" if count else "·"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{count} answers to {self.names[row]} follow {self.columns[column]}"
        return None

    def _counts(self, row: int) -> dict[str | None, int]:
        assert self._matrix is not None
        return dict(self._matrix.matrix[self.names[row]])


class HeatCell(TwoLines):
    """Colours a cell by its share, and frames the paired strategy's."""

    second = "text"  # dim text is hard to read on a strong background

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw background and frame, then the numbers."""
        model = index.model()
        if isinstance(model, MatrixTable) and index.column() > 0:
            row, column = index.row(), index.column() - 1
            area = option.rect.adjusted(2, 2, -2, -2)
            share, match = model.share(row, column), model.is_match(row, column)
            if share:
                painter.fillRect(
                    area, self._theme.colours.tint("student" if match else "warn", 0.06 + 0.34 * share)
                )
            if match:
                painter.setPen(QPen(self._theme.colours("student"), 1.5))
                painter.drawRect(area)
        super().paint(painter, option, index)


def result_view(model: ComparisonTable, theme: Theme, name: str, *, heat: bool = False) -> QTableView:
    """Return a view that shows a whole table; it scrolls sideways only if it is too wide."""
    view = QTableView()
    view.setModel(model)
    offer_copies(view)
    view.setAccessibleName(name)
    delegate: QStyledItemDelegate = HeatCell(theme) if heat else TwoLines(theme)
    delegate.setParent(view)
    view.setItemDelegate(delegate)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setTabKeyNavigation(False)
    view.setShowGrid(False)
    view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(grown(HEIGHT))
    header = view.horizontalHeader()
    header.setHighlightSections(False)
    header.setMinimumSectionSize(model.least)
    # A heading of the matrix is wrapped into lines, which Qt would shorten as if they were one
    header.setTextElideMode(Qt.TextElideMode.ElideNone if heat else Qt.TextElideMode.ElideMiddle)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
    header.resizeSection(0, NAMES_COLUMN)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
    if heat:
        header.setFixedHeight(grown(6 * GRID))

    def fit() -> None:
        height = header.sizeHint().height() if not heat else 6 * GRID
        bar = view.horizontalScrollBar()
        below = bar.sizeHint().height() if bar.maximum() > 0 else 0
        view.setFixedHeight(height + grown(HEIGHT) * model.rowCount() + below + 4)

    model.modelReset.connect(fit)
    view.horizontalScrollBar().rangeChanged.connect(fit)
    fit()
    return view
