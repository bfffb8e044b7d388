"""The Answers tab: search the answers of the checked evaluations, and read them side by side."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import permutations
from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLineEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.formats.csv_file import write_csv
from orca_desk.library.answers import (
    AskedFilter,
    AskedQuestion,
    AskedTask,
    Pattern,
    answers_to,
    asked_questions,
    asked_tasks,
)
from orca_desk.library.evaluations import Answered
from orca_desk.library.tasks import get_tasks
from orca_desk.method.answer_reading import AnswerReading
from orca_desk.method.records import Task
from orca_desk.steps.evaluate.answer_steps import scored_answer
from orca_desk.steps.evaluate.comparison import answer_table, distinct
from orca_desk.steps.reading import read_in_library
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.evaluate.answer_columns import AnswerColumns
from orca_desk.ui.pages.evaluate.answers_table import TASK, AnswersTable
from orca_desk.ui.pages.evaluate.evaluation_list import EvaluationList, to_export
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.answer_dialog import AnswerDialog, LookedAt
from orca_desk.ui.widgets.data_exports import DataExports
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.row_menus import as_actions
from orca_desk.ui.widgets.row_table import RowTable, row_menu, row_table
from orca_desk.ui.widgets.save_file import ask_for_file, saved
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.answer_steps import UNSCORED
from orca_desk.ui.words.grading import verdict_reason

MANY = 6  # columns; with more, the Task column would be squeezed
TYPING_MS = 250  # pause in typing before a search starts
Found = tuple[AskedQuestion | None, list[Answered | None], list[AnswerReading | None], Task | None]


class AnswersView(QWidget):
    """The filters, the table of tasks, and below it the answers to the selected one."""

    def __init__(self, desk: Desk, rows: EvaluationList) -> None:
        super().__init__()
        self.desk, self.rows = desk, rows
        self.ids: list[str] = []
        self._names: list[str] = []
        self._counts: object = None
        self._task: str | None = None
        self.model = AnswersTable(desk)
        self.columns = AnswerColumns(desk)
        self.notice = Notice(desk)
        self.exports = DataExports(desk, self, notice=self.notice)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(self.search)
        self._lay_out()
        for signal in (rows.chosen_changed, rows.modelReset, rows.dataChanged):
            signal.connect(self.follow)

    def follow(self) -> None:
        """Show the checked evaluations."""
        ids = self.rows.chosen
        listed = {row.id: row for row in self.rows.given}
        counts = [(one, listed[one].answered, listed[one].accuracy, listed[one].name) for one in ids]
        if counts == self._counts:
            return
        self._counts = counts
        names = list(distinct({one: listed[one].name for one in ids}).values())
        self.ids = ids
        if names != self._names:
            self._names = names
            self._fill_patterns()
            self.columns.set_names(names, look=self._look)
        self.search()

    def wanted(self) -> AskedFilter:
        """Return the filters."""
        selected: tuple[Pattern, int, int] = self.pattern.currentData() or ("all", 0, 0)
        pattern, first, second = selected
        return AskedFilter(
            pattern=pattern,
            first=first,
            second=second,
            family=self.family.currentData(),
            text=self.text.text(),
        )

    def search(self) -> None:
        """Find the tasks that match the filters."""
        library, ids, wanted = self.desk.library, list(self.ids), self.wanted()
        names = list(self._names)

        def find() -> tuple[list[AskedTask], dict[str, int]]:
            found = asked_tasks(library, ids, wanted)
            families = found if wanted == AskedFilter() else asked_tasks(library, ids)
            return found, dict(sorted(Counter(one.family for one in families).items()))

        self.desk.background.run(
            self,
            find,
            lambda result: self._show(*result, names),
            failed=self.notice.show_error,
            only_newest="search",
        )

    def export(self) -> None:
        """Ask for a file, and save every answer to the matching tasks there."""
        ask_for_file(
            self,
            self.desk,
            title="Export the answers",
            name="evaluation-answers.csv",
            kinds="CSV (*.csv)",
            then=partial(self._save, list(self.ids), self.wanted()),
        )

    def hand_over(self) -> None:
        """Let the user export all answers of one of the shown evaluations."""
        if not self.ids:
            self.notice.show_message("No evaluation is selected.", "Select one on the left first.")
            return
        self.exports.ask(*to_export(self.rows, self.ids))

    def select_next(self, step: int) -> None:
        """Select the task `step` rows further down."""
        row = max(0, min(self.view.currentIndex().row() + step, self.model.rowCount() - 1))
        self.view.selectRow(row)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Clear the search with Esc, before the page handles the key."""
        types = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if isinstance(event, QKeyEvent) and event.type() in types and event.key() == Qt.Key.Key_Escape:
            event.accept()
            if event.type() == QEvent.Type.KeyPress:
                self.text.clear()
                self._leave_search()
            return True
        return super().eventFilter(watched, event)

    def _lay_out(self) -> None:
        bar = FlowRow()
        self.pattern, self.family, self.text = QComboBox(), QComboBox(), QLineEdit()
        self.pattern.setAccessibleName("Which outcomes")
        self.pattern.setMinimumContentsLength(24)
        self.pattern.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.family.setAccessibleName("Family")
        self.family.setMinimumContentsLength(14)
        self.family.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.text.setPlaceholderText("Search questions and answers")
        self.text.setAccessibleName("Search questions and answers")
        self.text.setToolTip("Search questions and answers")
        self.text.setClearButtonEnabled(True)
        self.count = label(tone="muted")
        bar.addWidget(self.pattern)
        bar.addWidget(self.family)
        bar.addWidget(self.text, 1)
        bar.addWidget(self.count)
        self.export_button = button(
            "Export…", self.hand_over, tip="All answers of an evaluation, in a format of your choice"
        )
        bar.addWidget(self.export_button)
        bar.addWidget(button("Side by side as CSV…", self.export, tip="The answers that are listed here"))
        self.pattern.activated.connect(self.search)
        self.family.activated.connect(self.search)
        self.text.textChanged.connect(self._typing.start)
        self.text.returnPressed.connect(self._leave_search)
        self.text.installEventFilter(self)
        self.view = self._table()
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.addWidget(self.view)
        self.splitter.addWidget(self.columns)
        self.splitter.setSizes([28 * GRID, 40 * GRID])
        self.splitter.setChildrenCollapsible(False)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, GRID, 0, 0)
        outer.addWidget(self.notice)
        outer.addLayout(bar)
        outer.addWidget(self.splitter, 1)
        self._fill_families({})

    def _table(self) -> RowTable:
        view = row_table(self.model, "Tasks and results")
        view.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.model.modelReset.connect(self._size_columns)
        view.selectionModel().currentRowChanged.connect(self._select)
        view.activated.connect(self._read)
        columns = self.columns
        row_menu(view, lambda: as_actions(view, columns.open_task, columns.try_it, self.export_button))
        return view

    def _leave_search(self) -> None:
        self.view.setFocus()

    def _read(self) -> None:
        """Move the focus to the first answer, so that its text can be scrolled."""
        if self.columns.columns:
            self.columns.columns[0].text.setFocus()

    def _size_columns(self) -> None:
        """Let the tasks have the room, unless so many evaluations are compared that all scroll."""
        count = self.model.columnCount()
        self.view.main = (TASK,) if count <= MANY else ()
        self.view.set_widths([40 * GRID] + [15 * GRID] * (count - 1))

    def _fill_patterns(self) -> None:
        before = self.pattern.currentText()
        self.pattern.clear()
        self.pattern.addItem("All answers", ("all", 0, 0))
        if len(self._names) > 1:
            for first, second in permutations(range(len(self._names)), 2):
                text = f"{self._names[first]} correct, {self._names[second]} incorrect"
                self.pattern.addItem(text, ("pair", first, second))
            self.pattern.addItem("Different results", ("differ", 0, 0))
        self.pattern.addItem("All correct", ("all correct", 0, 0))
        self.pattern.addItem("All incorrect", ("all incorrect", 0, 0))
        self.pattern.addItem("Unanswered", ("unanswered", 0, 0))
        self.pattern.setCurrentIndex(max(0, self.pattern.findText(before)))

    def _fill_families(self, families: Mapping[str, int]) -> None:
        before = self.family.currentData()
        self.family.clear()
        self.family.addItem("All families", None)
        for name in families:
            self.family.addItem(f"{name}  ·  {families[name]:,}", name)
        self.family.setCurrentIndex(max(0, self.family.findData(before)))

    def _show(self, found: Sequence[AskedTask], families: Mapping[str, int], names: Sequence[str]) -> None:
        if list(families) != [self.family.itemData(index) for index in range(1, self.family.count())]:
            self._fill_families(families)
        task = self._task
        self.model.show_rows(found, names)
        self.count.setText(counted(len(found), "task"))
        if found:
            self.view.selectRow(max(0, self.model.row_of(task)))
        else:
            self.columns.clear(self._why_none())

    def _why_none(self) -> str:
        if not self.ids:
            return "No evaluation selected. Check some on the Results tab."
        return "No tasks match. Change the search or the filters."

    def _select(self, current: QModelIndex) -> None:
        if not current.isValid():
            return
        asked = self.model.rows[current.row()]
        self._task = asked.task_id
        library, ids = self.desk.library, list(self.ids)

        def read() -> Found:
            question = asked_questions(library, ids, [asked.task_id]).get(asked.task_id)
            task = get_tasks(library, [asked.task_id]).get(asked.task_id)
            answers = answers_to(library, ids, asked.task_id)
            user = question.user if question else ""
            readings = [
                read_in_library(library, response=one.response, question=user, family=asked.family)
                if one is not None
                else None
                for one in answers
            ]
            return question, answers, readings, task

        def show(found: Found) -> None:
            if ids == self.ids:
                question, answers, readings, task = found
                self.columns.show_answers(asked, question, answers, readings, task=task)

        self.desk.background.run(self, read, show, failed=self.notice.show_error, only_newest="answers")

    def _look(self, column: int) -> None:
        """Open one answer with its steps and tokens."""
        shown, question = self.columns.columns[column], self.columns.asked
        answer, reading = shown.answer, shown.reading
        if answer is None or reading is None or column >= len(self.ids):
            return
        library, evaluation = self.desk.library, self.ids[column]
        user, turns = (question.user, question.turns) if question else ("", ())

        def work() -> LookedAt:
            scored, why = scored_answer(library, evaluation, user, shown.paired, answer.response, turns=turns)
            return LookedAt(
                title=f"Answer of {shown.name}",
                response=answer.response,
                reading=reading,
                scored=scored,
                why_not=UNSCORED[why],
            )

        self.desk.background.run(
            self,
            work,
            lambda found: AnswerDialog(self.desk, found, self).show(),
            failed=self.notice.show_error,
        )

    def _save(self, ids: Sequence[str], wanted: AskedFilter, path: Path) -> None:
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: write_csv(path, *answer_table(library, ids, wanted, in_words=verdict_reason)),
            lambda count: saved(self.notice, path, f"{counted(count, 'answer')} saved to"),
            failed=self.notice.show_error,
        )
