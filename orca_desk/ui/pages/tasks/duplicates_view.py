"""Clusters of tasks that ask the same: what is kept of each, what is deleted, and how they differ."""

from array import array
from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from orca_desk.library.duplicates import asked_texts
from orca_desk.method.differences import word_changes
from orca_desk.steps.collect.duplicates import DuplicateCluster, DuplicateTask
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.marked_text import Mark, MarkedText
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.row_table import row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.text import button
from orca_desk.ui.words.duplicates import difference_text
from orca_desk.ui.words.shorten import shorten

MOST_CHARACTERS = 8_000  # of two texts whose differences are marked
MARKS: dict[str, Mark] = {"kept": "plain", "erased": "erased", "inserted": "inserted"}
KEPT = "This task is kept. Choose another one to keep in its place first."


class _Clusters(RowsModel[DuplicateCluster]):
    """One cluster a row; it stays the same whichever of its tasks is kept."""

    def identity(self, row: DuplicateCluster) -> object:
        """Return the row of the first of its tasks, which no other cluster has."""
        return min(task.rowid for task in row.tasks)


class ClustersView(QWidget):
    """The clusters, the tasks of the selected one, and its text. `changed` fires when a mark changes."""

    changed = Signal()

    def __init__(self, desk: Desk, notice: Notice) -> None:
        super().__init__()
        self._desk, self._notice = desk, notice
        self.clusters: list[DuplicateCluster] = []
        self._marks: dict[int, bool] = {}  # what the user said of a row id, whatever the rule says
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self._content(), 1)
        layout.addLayout(self._mark_row())
        self.show_clusters(())

    def _content(self) -> Panes:
        self.model = _Clusters((
            Column("Question", lambda one: shorten(one.question or one.tasks[0].query, 120)),
            Column("Tasks", lambda one: f"{len(one.tasks):,}", number=True),
            Column("Splits", lambda one: "both" if one.is_across else _split(one.tasks[0])),
            Column("To delete", lambda one: f"{sum(map(self.is_marked, one.copies)):,}", number=True),
        ))  # fmt: skip
        self.table = row_table(self.model, "Clusters of tasks that ask the same")
        self.table.set_widths((0, 56, 72, 76))
        self.members_model: RowsModel[DuplicateTask] = RowsModel((
            Column("", self._standing),
            Column("Alike", lambda one: "" if self._is_kept(one) else difference_text(one)),
            Column("Split", _split),
            Column("Family", lambda one: shorten(one.family, 40)),
        ))  # fmt: skip
        self.members = row_table(self.members_model, "Tasks of the selected cluster", main=3)
        self.members.set_widths((64, 200, 80))
        self.text = MarkedText(self._desk.theme)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName("The selected task, with what differs from the one that is kept")
        self.text.setPlaceholderText("Select a cluster to read its tasks.")
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._show_members())
        self.members.selectionModel().selectionChanged.connect(lambda *_: self._show_text())
        right = QSplitter(Qt.Orientation.Vertical)
        right.addWidget(self.members)
        right.addWidget(self.text)
        right.setChildrenCollapsible(False)
        splitter = Panes()
        splitter.addWidget(self.table)
        splitter.addWidget(right)
        splitter.setSizes([440, 510])
        for key, run in (("D", self.drop), ("K", self.keep), ("P", self.prefer)):
            for view in (self.members, self.table):
                shortcut = QShortcut(QKeySequence(key), view)
                shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
                shortcut.activated.connect(run)
        return splitter

    def _mark_row(self) -> QHBoxLayout:
        self.near_too = QCheckBox("Delete &near copies too")
        self.near_too.setToolTip(
            "Except those with other numbers or another answer. Read them: one word can change the question."
        )
        self.near_too.toggled.connect(lambda _: self._update())
        self.drop_button = button("Delete copy", self.drop, tip="D")
        self.keep_button = button("Keep", self.keep, tip="K")
        self.prefer_button = button("Keep in place of the first", self.prefer, tip="P")
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.near_too)
        row.addStretch(1)
        for made in (self.drop_button, self.keep_button, self.prefer_button):
            made.setAutoDefault(False)
            row.addWidget(made)
        return row

    def drop(self) -> None:
        """Mark the selected copy to be deleted, and select the next one."""
        self._mark(True)

    def keep(self) -> None:
        """Keep the selected copy, and select the next one."""
        self._mark(False)

    def prefer(self) -> None:
        """Keep the selected copy in place of the one that is kept, which becomes a copy."""
        cluster, task = self.cluster(), self.member()
        if cluster is None or task is None or cluster.keep is None or self._is_kept(task):
            return
        self._marks.pop(task.rowid, None)
        self.clusters[self.clusters.index(cluster)] = cluster.keeping(task.rowid)
        self._marks[cluster.keep.rowid] = True
        self._update(select=0)

    def cluster(self) -> DuplicateCluster | None:
        """Return the selected cluster."""
        row = self.table.currentIndex().row()
        return self.model.rows[row] if 0 <= row < len(self.model.rows) else None

    def member(self) -> DuplicateTask | None:
        """Return the selected task."""
        row = self.members.currentIndex().row()
        return self.members_model.rows[row] if 0 <= row < len(self.members_model.rows) else None

    def is_marked(self, task: DuplicateTask) -> bool:
        """Return whether a copy is to be deleted."""
        rule = task.is_marked("near" if self.near_too.isChecked() else "exact")
        return self._marks.get(task.rowid, rule)

    def show_clusters(self, clusters: Sequence[DuplicateCluster]) -> None:
        """Show clusters, with what the rule says of each task."""
        self.clusters, self._marks = list(clusters), {}
        self.model.show(self.clusters)
        if self.clusters:
            self.table.selectRow(0)
        self._show_members()
        self.changed.emit()

    def to_delete(self) -> "array[int]":
        """Return the row ids of all tasks that are marked to be deleted."""
        return array(
            "q", sorted(one.rowid for some in self.clusters for one in some.copies if self.is_marked(one))
        )

    def _mark(self, deletes: bool) -> None:
        task, row = self.member(), self.members.currentIndex().row()
        if task is None:
            return
        if self._is_kept(task):
            self._notice.show_message(KEPT)
            return
        self._marks[task.rowid] = deletes
        self._update(select=min(row + 1, len(self.members_model.rows) - 1))

    def _update(self, select: int | None = None) -> None:
        self.model.show(self.clusters)
        self._show_members(self.members.currentIndex().row() if select is None else select)
        self.changed.emit()

    def _is_kept(self, task: DuplicateTask) -> bool:
        cluster = self.cluster()
        return bool(cluster and cluster.keep and cluster.keep.rowid == task.rowid)

    def _standing(self, task: DuplicateTask) -> str:
        return "Keep" if self._is_kept(task) or not self.is_marked(task) else "Delete"

    def _show_members(self, select: int = 0) -> None:
        cluster = self.cluster()
        with QSignalBlocker(self.members.selectionModel()):
            self.members_model.show(cluster.tasks if cluster else ())
            self.members.selectRow(max(0, select))
        self._show_text()

    def _show_text(self) -> None:
        cluster, task, library = self.cluster(), self.member(), self._desk.library
        is_copy = task is not None and not self._is_kept(task)
        for made in (self.drop_button, self.keep_button):
            made.setEnabled(is_copy)
        self.prefer_button.setEnabled(is_copy and cluster is not None and cluster.keep is not None)
        if cluster is None or task is None:
            self.text.show_pieces([])
            return
        kept, rowid, question = cluster.keep, task.rowid, cluster.question

        def read() -> tuple[str, str]:
            texts = dict(asked_texts(library, [rowid, kept.rowid] if kept else [rowid]))
            return texts.get(kept.rowid, "") if kept else question, texts.get(rowid, "")

        self._desk.background.run(self, read, lambda texts: self._show_texts(*texts), only_newest="text")

    def _show_texts(self, kept: str, text: str) -> None:
        if kept == text or len(kept) + len(text) > MOST_CHARACTERS:
            self.text.show_pieces([(text, "plain")])
        else:
            changes = word_changes(kept, text)
            self.text.show_pieces((one.text, MARKS[one.state]) for one in changes)
            cursor = self.text.textCursor()  # at the first difference, which may be far below
            first = next((n for n, one in enumerate(changes) if one.state != "kept"), 0)
            cursor.setPosition(sum(_units(one.text) for one in changes[:first]))
            self.text.setTextCursor(cursor)
            self.text.centerCursor()


def _split(task: DuplicateTask) -> str:
    return "held-out" if task.split == "heldout" else "train"


def _units(text: str) -> int:
    """Return the length of a text as Qt counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
