"""The dialog for families: their counts, renaming, merging, notes, and holding out a percentage."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from orca_desk.counting import counted
from orca_desk.library.checkers import family_checkers, set_checker
from orca_desk.library.families import rename_family, undo_rename
from orca_desk.library.notes import family_notes
from orca_desk.library.task_changes import hold_out_family, undo_change
from orca_desk.library.tasks import (
    FamilyCount,
    TaskFilter,
    delete_rows,
    families,
    task_rowids,
)
from orca_desk.method.checkers import AUTO, CHOICES
from orca_desk.steps.regrading import bring_back
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.tasks.actions import GRADES
from orca_desk.ui.pages.tasks.filters import MAX_CHOICES
from orca_desk.ui.pages.tasks.group_dialog import GroupDialog
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.noting import Noting
from orca_desk.ui.widgets.row_menus import as_actions
from orca_desk.ui.widgets.row_table import RowTable, row_menu, row_table
from orca_desk.ui.widgets.rows import Column, RowsModel
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.answer_steps import CHECKER_HELP, CHECKERS
from orca_desk.ui.words.shorten import shorten

COLUMNS: tuple[Column[FamilyCount], ...] = (
    Column("Family", lambda one: shorten(one.family)),
    Column("Train", lambda one: f"{one.train:,}", number=True),
    Column("Held-out", lambda one: f"{one.heldout:,}", number=True),
    Column("Total", lambda one: f"{one.tasks:,}", number=True),
    Column("Held-out %", lambda one: f"{_percent(one):.0f}", number=True),
    Column("Without answer", lambda one: f"{one.unanswered:,}", number=True),
)


class FamiliesDialog(QDialog):
    """Shows the families and changes them. `show` opens a family's tasks on the page."""

    def __init__(self, desk: Desk, parent: QWidget, *, show: Callable[[str], None]) -> None:
        super().__init__(parent)
        self.desk, self._show = desk, show
        self._select = ""
        self._checkers: dict[str, str] = {}
        self._notes: dict[str, str] = {}
        self.setWindowTitle("Families")
        self.resize(760, 600)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        layout.addWidget(label("Families", size="heading", bold=True))
        about = "A family is a type of task, and is paired with a strategy. Press Ctrl+Z to undo a change."
        layout.addWidget(label(about, tone="muted", wrap=True))
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self.model = RowsModel(COLUMNS)
        self.table = _table(self.model)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._update_buttons())
        self.table.activated.connect(lambda _: self._show_tasks())
        self.noting = Noting(
            desk,
            self.table,
            "family",
            lambda: [family] if (family := self.family()) else [],
            noun="family",
            parts=("tasks",),
            shows=lambda _: ("tasks", {}),
        )
        layout.addWidget(self.table, 1)
        self.note = label(wrap=True, selectable=True)
        self.note.setAccessibleName("Your note")
        layout.addWidget(self.note)
        layout.addLayout(self._rename_row())
        layout.addLayout(self._heldout_row())
        layout.addLayout(self._checker_row())
        layout.addLayout(self._end_row())
        row_menu(
            self.table,
            lambda: as_actions(
                self.table, self.show_button, self.note_button, self.hold_button, self.delete_button
            ),
        )
        desk.changed.connect(self._library_changed)
        # A dialog does not receive the window's shortcuts
        for key, run in (("Ctrl+Z", desk.undo.undo), ("Ctrl+Shift+Z", desk.undo.redo)):
            QShortcut(QKeySequence(key), self).activated.connect(run)
        self._read()
        self._update_buttons()

    def family(self) -> str | None:
        """Return the selected family."""
        rows = self.table.selectionModel().selectedRows()
        return self.model.rows[rows[0].row()].family if rows else None

    def select(self, family: str) -> None:
        """Select a family."""
        names = [one.family for one in self.model.rows]
        if names:
            row = names.index(family) if family in names else 0
            self.table.selectRow(row)
            self.table.scrollTo(self.model.index(row, 0))

    def _rename_row(self) -> QHBoxLayout:
        self.name = QComboBox()
        line = QLineEdit()
        self.name.setLineEdit(line)  # makes it editable
        self.name.setAccessibleName("New name, or family to merge into")
        self.name.setMinimumContentsLength(20)
        line.setPlaceholderText("New name or existing family")
        self.name.currentTextChanged.connect(lambda _: self._update_buttons())
        line.returnPressed.connect(self._rename)
        self.rename_button = button("Rename", self._rename)
        self.rename_button.setAutoDefault(False)
        return _row(label("Rename or merge into"), self.name, self.rename_button)

    def _heldout_row(self) -> QHBoxLayout:
        self.percent = number_box(0, 100)
        self.percent.setValue(20)
        self.percent.setSuffix(" %")
        self.percent.setAccessibleName("Percentage to hold out")
        self.hold_button = button(
            "Hold out",
            self._hold_out,
            tip="The nearest whole number of tasks; all variants of a question stay in one split",
        )
        self.hold_button.setAutoDefault(False)
        return _row(label("Hold out for evaluation"), self.percent, self.hold_button)

    def _checker_row(self) -> QVBoxLayout:
        self.checker = QComboBox()
        self.checker.setAccessibleName("How the steps of answers are checked")
        for place, name in enumerate(CHOICES):
            self.checker.addItem(CHECKERS[name], name)
            self.checker.setItemData(place, CHECKER_HELP[name], Qt.ItemDataRole.ToolTipRole)
        self.checker.activated.connect(self._choose_checker)
        self.checker_help = label(size="caption", tone="muted", wrap=True)
        words = label("Check steps of answers")
        words.setToolTip("Answers are split into steps, and the first incorrect one is marked.")
        words.setMinimumWidth(20 * GRID)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(words)
        row.addWidget(self.checker, 1)
        column = QVBoxLayout()
        column.setSpacing(GRID // 2)
        column.addLayout(row)
        column.addWidget(self.checker_help)
        return column

    def _end_row(self) -> QHBoxLayout:
        self.show_button = button("Show tasks", self._show_tasks)
        self.note_button = button("Note…", self.noting.note, tip="What to remember of the family")
        self.delete_button = button(
            "Delete", self._delete, tip="Delete the family's tasks. Records that were made from them stay."
        )
        self.group_button = button(
            "Group by wording…", self._group, tip="Find families among these tasks by their words"
        )
        close = button("Close", self.accept)
        for made in (self.show_button, self.note_button, self.delete_button, self.group_button, close):
            made.setAutoDefault(False)
        row = QHBoxLayout()
        row.addWidget(self.show_button)
        row.addWidget(self.note_button)
        row.addWidget(self.delete_button)
        row.addWidget(self.group_button)
        row.addStretch(1)
        row.addWidget(close)
        return row

    def _library_changed(self, parts: frozenset[str]) -> None:
        if "tasks" in parts:
            self._read()

    def _read(self) -> None:
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: (families(library), family_checkers(library), family_notes(library)),
            lambda read: self._fill(*read),
            only_newest="families",
        )

    def _fill(self, found: list[FamilyCount], checkers: dict[str, str], notes: dict[str, str]) -> None:
        self._checkers, self._notes = checkers, notes
        selected = self._select or self.family() or ""
        self._select = ""
        written = self.name.currentText()
        self.model.show(found)
        self.name.clear()
        self.name.addItems([one.family for one in found[:MAX_CHOICES]])
        self.name.setCurrentText(written)
        self.select(selected)
        self._update_buttons()

    def _update_buttons(self) -> None:
        family, name = self.family(), self.name.currentText().strip()
        merges = name in {one.family for one in self.model.rows}
        self.rename_button.setText("Merge" if merges and name != family else "Rename")
        self.rename_button.setEnabled(bool(family and name and name != family))
        self.hold_button.setEnabled(family is not None)
        self.show_button.setEnabled(family is not None)
        self.note_button.setEnabled(family is not None)
        self.delete_button.setEnabled(family is not None)
        self.group_button.setEnabled(family is not None)
        self.checker.setEnabled(family is not None)
        chosen = self._checkers.get(family or "", AUTO)
        self.checker.setCurrentIndex(self.checker.findData(chosen))
        self.checker_help.setText(CHECKER_HELP[chosen])
        note = self._notes.get(family or "", "")
        self.note.setText(f"Note: {shorten(note)}")
        self.note.setVisible(bool(note))

    def _choose_checker(self) -> None:
        family, chosen = self.family(), self.checker.currentData()
        if not family or chosen == self._checkers.get(family, AUTO):
            return
        library = self.desk.library
        change = f"choose how answers in {family} are checked"
        self.desk.do(
            change,
            lambda: set_checker(library, family, chosen),
            lambda before: set_checker(library, family, before),
            "tasks",
            "evaluations",
            then=lambda _: self._announce(f"Changed how answers in {family} are checked.", change),
            failed=self._refuse,
        )

    def _rename(self) -> None:
        family, name = self.family(), self.name.currentText().strip()
        if not family or not name or name == family:
            return
        library = self.desk.library
        self.name.setCurrentText("")
        self.table.setFocus()  # in the field, Ctrl+Z would undo what was typed
        self._select = name
        change = f"rename {family} to {name}"
        self.desk.do(
            change,
            lambda: rename_family(library, family, name),
            lambda renamed: undo_rename(library, renamed),
            "tasks",
            "pairings",
            "records",
            "snapshots",
            "evaluations",
            then=lambda changed: self._announce(
                f"Moved {counted(changed.count, 'task')} from {family} to {name}.", change
            ),
            failed=self._refuse,
        )

    def _hold_out(self) -> None:
        family, percent = self.family(), self.percent.value()
        if not family:
            return
        library = self.desk.library
        change = f"hold out {percent}% of {family}"
        self.desk.do(
            change,
            lambda: hold_out_family(library, family, percent),
            lambda changed: undo_change(library, changed),
            "tasks",
            then=lambda changed: self._announce(
                f"Changed the split of {counted(changed.count, 'task')} in {family}.", change
            ),
            failed=self._refuse,
        )

    def _delete(self) -> None:
        family = self.family()
        if not family:
            return
        library = self.desk.library
        change = f"delete the family {family}"
        self.desk.do(
            change,
            lambda: delete_rows(library, task_rowids(library, TaskFilter(family=family))),
            lambda deleted: bring_back(library, deleted),
            *GRADES,
            then=lambda deleted: self._announce(
                f"Deleted {counted(len(deleted), 'task')} of {family}.", change
            ),
            failed=self._refuse,
        )

    def _group(self) -> None:
        names = [one.family for one in self.model.rows]
        self.grouping = GroupDialog(self.desk, self, families=names, family=self.family())
        self.grouping.finished.connect(self.grouping.deleteLater)
        self.grouping.open()

    def _announce(self, text: str, change: str) -> None:
        if isValid(self) and self.isVisible():
            self.notice.offer_undo(text, change=change)
        else:  # the user closed the dialog during the change
            self.desk.say(f"{text} Press Ctrl+Z to undo.")

    def _refuse(self, error: Exception) -> None:
        if isValid(self) and self.isVisible():
            self.notice.show_error(error)
        else:
            self.desk.report(error)

    def _show_tasks(self) -> None:
        family = self.family()
        if family is not None:
            self.accept()
            self._show(family)


def _table(model: RowsModel[FamilyCount]) -> RowTable:
    table = row_table(model, "Families")
    table.set_widths([12 * GRID] * (len(COLUMNS) - 1) + [16 * GRID])
    return table


def _row(words: QWidget, field: QWidget, act: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(GRID)
    words.setMinimumWidth(20 * GRID)
    row.addWidget(words)
    row.addWidget(field, 1)
    row.addWidget(act)
    act.setMinimumWidth(12 * GRID)
    return row


def _percent(one: FamilyCount) -> float:
    return 100 * one.heldout / one.tasks if one.tasks else 0.0
