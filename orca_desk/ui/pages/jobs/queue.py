"""The jobs that wait for their turn: the user changes their order, or takes some off the queue."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QContextMenuEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.ui.closing import fate_of
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.closing import stop_all_hint
from orca_desk.ui.words.progress import queue_title

ROWS = 4  # visible at once
JOB = Qt.ItemDataRole.UserRole


class JobQueue(QFrame):
    """A card with the waiting jobs, the next one first; hidden while none waits."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.setProperty("kind", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID + 4, 2 * GRID, GRID + 4)
        layout.setSpacing(GRID)
        self.title = label(bold=True)
        self.list = _QueueList(self)
        self.up = button("Move up", lambda: self.move_by(-1), tip="Run the selected job earlier")
        self.down = button("Move down", lambda: self.move_by(1), tip="Run the selected job later")
        self.take_off = button("Remove", self.remove, tip="Take the selected job off the queue")
        self.stop_all = button("Stop all…", lambda: ask_to_stop_all(desk, self), tip="Stop every job")
        head = FlowRow(self.title)
        head.addStretch(1)
        for one in (self.up, self.down, self.take_off, self.stop_all):
            head.addWidget(one)
        layout.addLayout(head)
        layout.addWidget(self.list)
        self.list.currentRowChanged.connect(lambda row: self._enable())
        desk.jobs.changed.connect(self._show)
        desk.jobs.progressed.connect(self._show_title)
        self._show()

    @property
    def selected(self) -> Job | None:
        """The selected job; None without one."""
        item = self.list.currentItem()
        job = item.data(JOB) if item is not None else None
        return job if isinstance(job, Job) else None

    def move_by(self, step: int) -> None:
        """Move the selected job earlier (-1) or later (1)."""
        self.move_to(self.list.currentRow() + step)

    def move_to(self, place: int) -> None:
        """Move the selected job to another place, and keep it selected."""
        if (job := self.selected) is not None:
            self.desk.jobs.move(job, place)

    def remove(self) -> None:
        """Take the selected job off the queue."""
        job = self.selected
        if job is not None:
            self.desk.jobs.remove(job)
            self.desk.say(f"{job.title} was taken off the queue. Start it again on its page.")

    def _show(self) -> None:
        waiting, selected, row = self.desk.jobs.waiting, self.selected, self.list.currentRow()
        self.setVisible(bool(waiting))
        self._show_title()
        if waiting != [self.list.item(at).data(JOB) for at in range(self.list.count())]:
            self.list.blockSignals(True)
            self.list.clear()
            for job in waiting:
                item = QListWidgetItem(job.title)
                item.setData(JOB, job)
                self.list.addItem(item)
            self.list.blockSignals(False)
            place = waiting.index(selected) if selected in waiting else min(max(row, 0), len(waiting) - 1)
            self.list.setCurrentRow(place)
        self.list.fit()
        self._enable()

    def _show_title(self) -> None:
        """Say how many wait, and for how long if that can be told: how long they take themselves cannot."""
        front = self.desk.jobs.front
        last = front.last if front is not None and front.state == "running" else None
        text = queue_title(len(self.desk.jobs.waiting), last)
        if text != self.title.text():
            self.title.setText(text)

    def _enable(self) -> None:
        row, last = self.list.currentRow(), self.list.count() - 1
        self.up.setEnabled(row > 0)
        self.down.setEnabled(0 <= row < last)
        self.take_off.setEnabled(row >= 0)


class _QueueList(QListWidget):
    """The titles, which can be dragged to another place."""

    def __init__(self, queue: JobQueue) -> None:
        super().__init__()
        self._queue = queue
        self.setAccessibleName("Waiting jobs, the next one first")
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def fit(self) -> None:
        """Be as high as the rows, at most four."""
        row = max(self.sizeHintForRow(0), self.fontMetrics().height() + 4)
        self.setFixedHeight(min(max(self.count(), 1), ROWS) * row + 2 * self.frameWidth() + 4)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Know now how high a row is: its padding counts once it is shown."""
        super().showEvent(event)
        self.fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Follow the size of the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.fit()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Move the dragged job in the queue, whose order the list then shows."""
        before = self.currentRow()
        index = self.indexAt(event.position().toPoint())
        place = index.row() if index.isValid() else self.count()
        if self.dropIndicatorPosition() == QAbstractItemView.DropIndicatorPosition.BelowItem:
            place += 1
        event.setDropAction(Qt.DropAction.IgnoreAction)  # the list moves no row itself
        event.accept()
        self._queue.move_to(place - 1 if place > before else place)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Offer what can be done with a waiting job."""
        if self._queue.selected is None:
            return
        menu = QMenu(self)
        for text, run, allowed in (
            ("Move &up", lambda: self._queue.move_by(-1), self.currentRow() > 0),
            ("Move &down", lambda: self._queue.move_by(1), self.currentRow() < self.count() - 1),
            ("Move to the &top", lambda: self._queue.move_to(0), self.currentRow() > 0),
            ("&Remove from the queue", self._queue.remove, True),
        ):
            action = menu.addAction(text)
            action.setEnabled(allowed)
            action.triggered.connect(lambda checked=False, run=run: run())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())


def ask_to_stop_all(desk: Desk, parent: QWidget) -> None:
    """Ask whether to stop all jobs, which continue meanwhile."""
    unfinished = desk.jobs.unfinished
    if not unfinished:
        desk.say("No job is running or waiting.")
        return
    hint = stop_all_hint([(job.title, fate_of(job)) for job in unfinished])
    box = MessageBox(parent, f"Stop {counted(len(unfinished), 'job')}?", hint)
    box.offer("Stop all", desk.jobs.stop_all)
    box.leave("Keep running")
    box.open()
