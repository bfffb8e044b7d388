"""Two snapshots side by side: what only one has, how each is mixed, and what was frozen differently."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.library.snapshot_comparison import (
    Counterparts,
    LoneRecord,
    SnapshotComparison,
    compare_snapshots,
)
from orca_desk.library.snapshots import Snapshot
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, label, safe_tip
from orca_desk.ui.words.snapshots import compared_names, comparison_sentence, setting_rows


class CompareSnapshotsDialog(QDialog):
    """Compares any two snapshots; at first the selected one with the one before."""

    def __init__(self, desk: Desk, snapshots: Sequence[Snapshot], chosen: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.desk = desk
        self.comparison: SnapshotComparison | None = None
        self.setWindowTitle("Compare snapshots")
        self.resize(104 * GRID, 70 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        layout.addWidget(label("Compare snapshots", size="heading", bold=True))
        layout.addLayout(self._build_choice(snapshots, chosen))
        self.sentence = label("Comparing…", wrap=True)
        layout.addWidget(self.sentence)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Differences")
        self.families, self.strategies = _table("Families"), _table("Strategies")
        self.settings, self.records = _table("Settings"), _table("Records in one of them")
        for tab, title in (
            (self.families, "&Families"),
            (self.strategies, "&Strategies"),
            (self.settings, "Se&ttings"),
            (self.records, "&Records in one of them"),
        ):
            self.tabs.addTab(tab, title)
        layout.addWidget(self.tabs, 1)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button("Close", self.reject))
        layout.addLayout(row)
        self._compare()

    def _build_choice(self, snapshots: Sequence[Snapshot], chosen: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.first, self.second = QComboBox(), QComboBox()
        for box, name in ((self.first, "First snapshot"), (self.second, "Second snapshot")):
            box.setAccessibleName(name)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(12)
            for one in snapshots:
                box.addItem(f"{one.name}  ·  {counted(one.records, 'record')}", one.id)
        place = max(0, self.first.findData(chosen))
        self.first.setCurrentIndex(place)
        self.second.setCurrentIndex(place + 1 if place + 1 < len(snapshots) else max(0, place - 1))
        for widget in (self.first, label("with"), self.second):
            row.addWidget(widget, 1 if isinstance(widget, QComboBox) else 0)
        for box in (self.first, self.second):
            box.currentIndexChanged.connect(self._compare)
        return row

    def _compare(self) -> None:
        library, first, second = self.desk.library, self.first.currentData(), self.second.currentData()
        self.desk.background.run(
            self,
            lambda: compare_snapshots(library, first, second),
            self._show,
            failed=self.notice.show_error,
            only_newest="compare",
        )

    def _show(self, found: SnapshotComparison) -> None:
        self.comparison = found
        self.notice.hide()
        names = compared_names(found)
        self.sentence.setText(f"{comparison_sentence(found)} {_lengths(found)}".strip())
        _fill(self.families, ("Family", *names), _rows(found.families), numbers=(1, 2))
        _fill(self.strategies, ("Strategy", *names), _rows(found.strategies), numbers=(1, 2))
        rows = setting_rows(found) or [["Both were frozen in the same way.", "", ""]]
        _fill(self.settings, ("Setting", *names), rows)
        records = [
            *(_record(names[0], one) for one in found.examples_first),
            *(_record(names[1], one) for one in found.examples_second),
        ]
        _fill(
            self.records,
            ("Only in", "Family", "Strategy", "Question"),
            records or [["All records are in both.", "", "", ""]],
        )
        more = found.only_first + found.only_second - len(records)
        title = "&Records in one of them" + (f" (first {len(records):,})" if more > 0 else "")
        self.tabs.setTabText(self.tabs.indexOf(self.records), title)


def _lengths(found: SnapshotComparison) -> str:
    """Return the median length of the answers of both."""
    first, second = found.lengths
    if first is None or second is None:
        return ""
    return f"Median answer: {first['median']:,.0f} and {second['median']:,.0f} characters."


def _rows(found: Sequence[Counterparts]) -> list[list[str]]:
    return [[one.name, f"{one.first:,}", f"{one.second:,}"] for one in found]


def _record(name: str, one: LoneRecord) -> list[str]:
    return [name, one.family, one.strategy, " ".join(one.user.split())]


def _table(name: str) -> QTableWidget:
    table = QTableWidget()
    table.setAccessibleName(name)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    return table


def _fill(
    table: QTableWidget, titles: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()
) -> None:
    table.setColumnCount(len(titles))
    table.setRowCount(len(rows))
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            item = QTableWidgetItem(text)
            item.setToolTip(safe_tip(text))
            if column in numbers:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            table.setItem(row, column, item)
    header = table.horizontalHeader()
    for column, title in enumerate(titles):
        head = QTableWidgetItem(title)
        side = Qt.AlignmentFlag.AlignRight if column in numbers else Qt.AlignmentFlag.AlignLeft
        head.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        table.setHorizontalHeaderItem(column, head)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
    if len(titles) > 3:
        for column in range(3):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
