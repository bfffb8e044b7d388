"""The dialog that groups tasks into families: proposed, changed by hand, and only then applied."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QItemSelection, QItemSelectionModel
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from orca_desk.errors import UserError
from orca_desk.library.task_changes import undo_change
from orca_desk.steps.collect.group_tasks import Grouping, TaskGroup, apply_grouping, group_family, group_rows
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.row_table import row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.grouping import (
    AFTERWARDS,
    COHESION_TIP,
    HOW,
    SEPARATION_TIP,
    applied_sentence,
    grouping_summary,
    joined_sentence,
)
from orca_desk.ui.words.shorten import shorten

COLUMNS: tuple[Column[TaskGroup], ...] = (
    Column("Family", lambda one: shorten(one.name)),
    Column("Tasks", lambda one: f"{one.tasks:,}", number=True),
    Column("Alike", lambda one: f"{one.cohesion:.2f}", number=True, tip=COHESION_TIP),
    Column("Words", lambda one: ", ".join(one.terms), tip="Frequent in these tasks and rare in the others"),
)
WIDTHS = (220, 64, 64)  # px
MOST_GROUPS = 200
EMPTY = "Choose whose tasks to group. The groups appear here before anything is changed."
CHANGE = "group tasks into families"


class GroupDialog(QDialog):
    """Groups the tasks of a family. Changes here are undone here, applied families by the desk."""

    def __init__(
        self, desk: Desk, parent: QWidget, *, families: Sequence[str], family: str | None = None
    ) -> None:
        super().__init__(parent)
        self.desk = desk
        self.states: list[Grouping] = []  # the proposal, and what the user made of it; undone ones follow
        self._now = -1
        self._grouped = ""  # the family whose tasks these are
        self._job: Job | None = None
        self.setWindowTitle("Group tasks")
        self.resize(900, 680)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        layout.addWidget(label("Group tasks into families", size="heading", bold=True))
        layout.addWidget(label(HOW, tone="muted", wrap=True))
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        layout.addLayout(self._choice_row(families, family))
        self.panel = JobPanel(desk)
        self.panel.pause.hide()
        layout.addWidget(self.panel)
        self.summary = label(EMPTY, wrap=True)
        self.summary.setToolTip(SEPARATION_TIP)
        layout.addWidget(self.summary)
        layout.addWidget(self._content(), 1)
        layout.addLayout(self._edit_row())
        layout.addLayout(self._end_row())
        for key, run in (("Ctrl+Z", self.undo), ("Ctrl+Shift+Z", self.redo)):
            QShortcut(QKeySequence(key), self).activated.connect(run)
        self._show()

    @property
    def grouping(self) -> Grouping | None:
        """The groups as they are now."""
        return self.states[self._now] if self._now >= 0 else None

    def places(self) -> list[int]:
        """Return the places of the selected groups."""
        return sorted(index.row() for index in self.table.selectionModel().selectedRows())

    def select(self, *places: int) -> None:
        """Select the groups at these places."""
        model = self.table.selectionModel()
        model.clearSelection()
        rows = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for place in places:
            model.select(QItemSelection(self.model.index(place, 0), self.model.index(place, 0)), rows)

    def undo(self) -> None:
        """Take the last change of the groups back."""
        self._go_to(self._now - 1)

    def redo(self) -> None:
        """Make the change again that was taken back."""
        self._go_to(self._now + 1)

    def done(self, result: int) -> None:
        """Stop what is under way: nobody waits for it."""
        if self._job is not None and not self._job.is_over:
            self._job.stop()
        super().done(result)

    def _choice_row(self, families: Sequence[str], family: str | None) -> QHBoxLayout:
        self.family = QComboBox()
        self.family.addItems(list(families))
        self.family.setAccessibleName("Family whose tasks to group")
        self.family.setMinimumContentsLength(24)
        if family is not None:
            self.family.setCurrentText(family)
        self.number = number_box(1, MOST_GROUPS)
        self.number.setSpecialValueText("As many as there are")
        self.number.setValue(1)
        self.number.setAccessibleName("Number of groups")
        self.number.setToolTip("Without a number, groups are merged until they share too few words")
        self.group_button = button("Group", self.group, primary=True)
        self.group_button.setAutoDefault(False)  # Enter in the field for names renames
        self.group_button.setEnabled(self.family.count() > 0)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(label("Tasks of"))
        row.addWidget(self.family, 1)
        row.addWidget(label("Groups"))
        row.addWidget(self.number)
        row.addWidget(self.group_button)
        return row

    def _content(self) -> Panes:
        self.model: RowsModel[TaskGroup] = RowsModel(COLUMNS)
        self.table = row_table(self.model, "Groups")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.set_widths(WIDTHS)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._selection_changed())
        self.examples = QPlainTextEdit()
        self.examples.setReadOnly(True)
        self.examples.setTabChangesFocus(True)
        self.examples.setAccessibleName("Examples of the selected groups")
        self.examples.setPlaceholderText("Select a group to read the tasks nearest its centre.")
        splitter = Panes()
        splitter.addWidget(self.table)
        splitter.addWidget(self.examples)
        splitter.setSizes([560, 290])
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        return splitter

    def _edit_row(self) -> QHBoxLayout:
        self.name = QLineEdit()
        self.name.setPlaceholderText("Name of the selected group")
        self.name.setAccessibleName("Name of the selected group")
        self.name.textChanged.connect(lambda _: self._update_buttons())
        self.name.returnPressed.connect(self._rename)
        self.rename_button = button(
            "Rename", self._rename, tip="A name that another group has merges the two"
        )
        self.merge_button = button("Merge", self._merge, tip="Select several groups with Ctrl or Shift")
        self.split_button = button(
            "Split",
            self._split,
            tip="Group the tasks of this group again, into the number of groups above or two",
        )
        self.undo_button = button("Undo", self.undo, tip="Ctrl+Z")
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.name, 1)
        for made in (self.rename_button, self.merge_button, self.split_button, self.undo_button):
            made.setAutoDefault(False)
            row.addWidget(made)
        return row

    def _end_row(self) -> QHBoxLayout:
        self.apply_button = button("Make families", self.apply, primary=True)
        close = button("Close", self.reject)
        row = QHBoxLayout()
        row.addWidget(label(AFTERWARDS, size="caption", tone="muted", wrap=True), 1)
        for made in (self.apply_button, close):
            made.setAutoDefault(False)
            row.addWidget(made)
        return row

    def group(self) -> None:
        """Propose groups for the chosen family."""
        library, family = self.desk.library, self.family.currentText()
        self._grouped = family
        number = self.number.value() if self.number.value() > 1 else None
        self._run(
            f"Grouping the tasks of {shorten(family)}",
            lambda progress, control: group_family(
                library, [family], number, progress=progress, control=control
            ),
            self._propose,
        )

    def apply(self) -> None:
        """Move the tasks to the families, with undo by the desk."""
        grouping = self.grouping
        if grouping is None:
            return
        library, families = self.desk.library, len(grouping.names)
        self.apply_button.setEnabled(False)
        self.desk.do(
            CHANGE,
            lambda: apply_grouping(library, grouping),
            lambda changed: undo_change(library, changed),
            "tasks",
            "pairings",
            "records",
            "evaluations",
            then=lambda changed: self._applied(applied_sentence(changed.count, families)),
            failed=self._fail,
        )

    def _applied(self, text: str) -> None:
        self.desk.say(f"{text} Press Ctrl+Z to undo.")
        if isValid(self):
            self.accept()

    def _run(
        self,
        title: str,
        work: Callable[..., Grouping | None],
        then: Callable[[Grouping], None],
    ) -> None:
        self.notice.hide()
        self._job = job = self.desk.jobs.start(
            title, "group", lambda tools: work(tools.progress, tools.control), heavy=False
        )
        self.panel.follow(job)
        self._update_buttons()
        job.ended.connect(lambda: self._ended(job, then))

    def _ended(self, job: Job, then: Callable[[Grouping], None]) -> None:
        if not isValid(self):
            return
        if isinstance(job.error, UserError):
            self.notice.show_error(job.error)
        elif job.error is None and job.result is not None:
            then(job.result)
        self._update_buttons()

    def _fail(self, error: Exception) -> None:
        if isValid(self) and self.isVisible():
            self.notice.show_error(error)
            self._update_buttons()
        else:
            self.desk.report(error)

    def _propose(self, grouping: Grouping) -> None:
        self.states, self._now = [], -1
        self._change(grouping)

    def _change(self, grouping: Grouping, *select: int) -> None:
        self.states = [*self.states[: self._now + 1], grouping]
        self._now = len(self.states) - 1
        self._show()
        self.select(*(select or (0,)))

    def _go_to(self, place: int) -> None:
        if 0 <= place < len(self.states):
            self._now = place
            self._show()
            self.select(0)

    def _rename(self) -> None:
        places, name, grouping = self.places(), self.name.text().strip(), self.grouping
        if grouping is None or len(places) != 1 or not name or name == grouping.groups[places[0]].name:
            return
        changed = grouping.renamed(places[0], name)
        self._change(changed, next(n for n, one in enumerate(changed.groups) if one.name == name))

    def _merge(self) -> None:
        grouping, places = self.grouping, self.places()
        if grouping is not None and len(places) > 1:
            name = max((grouping.groups[place] for place in places), key=lambda one: one.tasks).name
            changed = grouping.merged(places)
            self._change(changed, next(n for n, one in enumerate(changed.groups) if one.name == name))

    def _split(self) -> None:
        grouping, places = self.grouping, self.places()
        if grouping is None or len(places) != 1:
            return
        place = places[0]
        chosen, number = grouping.groups[place], max(2, self.number.value())
        library = self.desk.library
        self._run(
            f"Splitting {shorten(chosen.name)}",
            lambda progress, control: group_rows(
                library, chosen.rowids, number, progress=progress, control=control
            ),
            lambda parts: self._take_parts(grouping, place, parts),
        )

    def _take_parts(self, grouping: Grouping, place: int, parts: Grouping) -> None:
        if len(parts.groups) > 1:
            self._change(grouping.split(place, parts), place)
        else:
            name = shorten(grouping.groups[place].name)
            self.notice.show_message(f"The tasks of {name} are worded too much alike to be split.")

    def _show(self) -> None:
        grouping = self.grouping
        self.model.show(grouping.groups if grouping else [])
        self.summary.setText(self._summary(grouping) if grouping else EMPTY)
        self._selection_changed()

    def _summary(self, grouping: Grouping) -> str:
        names = {self.family.itemText(place) for place in range(self.family.count())}
        joined = joined_sentence(grouping, names - {self._grouped})
        return f"{grouping_summary(grouping)} {joined}".rstrip()

    def _selection_changed(self) -> None:
        grouping, places = self.grouping, self.places()
        chosen = [grouping.groups[place] for place in places] if grouping else []
        self.name.setText(chosen[0].name if len(chosen) == 1 else "")
        texts = [text for one in chosen for text in one.examples]
        self.examples.setPlainText("\n\n— — —\n\n".join(texts))
        self._update_buttons()

    def _update_buttons(self) -> None:
        grouping, places = self.grouping, self.places()
        is_free = self._job is None or self._job.is_over
        one = grouping.groups[places[0]] if grouping and len(places) == 1 else None
        name = self.name.text().strip()
        self.group_button.setEnabled(is_free and self.family.count() > 0)
        self.rename_button.setEnabled(one is not None and bool(name) and name != one.name)
        self.merge_button.setEnabled(len(places) > 1)
        self.split_button.setEnabled(is_free and one is not None and one.tasks > 1)
        self.undo_button.setEnabled(self._now > 0)
        changes = grouping is not None and grouping.names not in ((), (self._grouped,))
        self.apply_button.setEnabled(is_free and changes)
