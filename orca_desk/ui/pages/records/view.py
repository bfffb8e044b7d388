"""The layout of the Records page: the list beside the record, or an empty state in their place."""

from PySide6.QtWidgets import QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.records.inspector import InspectorView
from orca_desk.ui.pages.records.queue import RecordQueue
from orca_desk.ui.pages.records.review_bar import ReviewBar
from orca_desk.ui.pages.records.side_by_side import SideBySide
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.empty import EmptyState
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.panes import Panes


class RecordsView(QStackedWidget):
    """The content of the page, or the empty state of a library without records."""

    def __init__(
        self, desk: Desk, *, queue: RecordQueue, side: SideBySide, inspector: InspectorView, bar: ReviewBar
    ) -> None:
        super().__init__()
        self._queue, self._bar = queue, bar
        self.panel = JobPanel(desk)
        self.tabs = QTabWidget()
        self.tabs.addTab(side, "Side by side")
        self.tabs.addTab(inspector, "Inspector")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.no_match = EmptyState(
            desk.theme,
            image="funnel",
            title="",
            text="",
            action="Clear filters",
            run=queue.filters.clear.click,
        )
        self.empty = EmptyState(
            desk.theme,
            image="columns-2",
            title="No records yet",
            text="Each answer of the teacher becomes a record, which you review here.",
            action="Go to Teacher",
            run=lambda: desk.open("teacher"),
        )
        self._record = QStackedWidget()
        self._record.addWidget(self.tabs)
        self._record.addWidget(self.no_match)
        self.splitter = Panes()
        self.splitter.addWidget(queue)
        self.splitter.addWidget(self._right_side())
        self.splitter.setStretchFactor(0, 1)  # on a wide screen the list grows too
        self.splitter.setStretchFactor(1, 3)
        self.splitter.setSizes([33 * GRID, 123 * GRID])
        self.addWidget(self.splitter)
        self.addWidget(self.empty)

    def show_content(self, listed: int, *, has_records: bool) -> None:
        """Show the list and the record, or the empty state for no matching records or for none at all."""
        self.setCurrentWidget(self.splitter if has_records else self.empty)
        self._record.setCurrentWidget(self.tabs if listed else self.no_match)
        self._bar.setVisible(bool(listed))
        if self._queue.filters.decision.currentData() == "none":
            title, text = "Nothing left to review", "Every filtered record has a decision."
        else:
            title, text = "No matching records", "No records match the filters."
        self.no_match.title.setText(title)
        self.no_match.text.setText(text)

    def _right_side(self) -> QWidget:
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(GRID, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self._record, 1)
        column.addWidget(self.panel)
        column.addWidget(self._bar)
        return right
