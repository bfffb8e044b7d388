"""The dialog for one task: its texts, its family and split, and how its answer would be graded."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from orca_desk.formats.tasks import DEFAULT_FAMILY
from orca_desk.library.tasks import same_tasks
from orca_desk.method.grading import KINDS, Verdict, infer_kind
from orca_desk.method.records import AnswerKind, Task
from orca_desk.steps.grading import grade_answer
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.tasks.turns_editor import TurnsEditor
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.edit_dialog import EditDialog
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, label, set_tone
from orca_desk.ui.words.grading import verdict_reason
from orca_desk.ui.words.records import verdict_word
from orca_desk.ui.words.tasks import ANSWER_TYPES, FAMILY_STRATEGY, MATCHES, SPLITS

MAX_ATTEMPT = 5_000  # characters of a response that are graded while the user types


class TaskEditor(EditDialog):
    """Edits `task`, or creates a new one, and passes the result to `save`."""

    def __init__(
        self,
        desk: Desk,
        parent: QWidget,
        *,
        task: Task | None,
        families: Sequence[str],
        strategies: Sequence[str],
        save: Callable[[Task], None],
        show: Callable[[str], None],
        is_new: bool,
    ) -> None:
        """`show` opens the existing task, by its id, if the new one is a duplicate."""
        super().__init__(parent)
        self.desk = desk
        self._original = task or Task(family=DEFAULT_FAMILY, query="")
        self._save, self._show, self._is_new = save, show, is_new
        self.setWindowTitle("New task" if is_new else "Edit task")
        self.resize(760, 680)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self._add_texts(layout)
        self._add_answer(layout)
        self._add_fields(layout, families, strategies)
        self._add_buttons(layout)
        self._fill(self._original)
        self.query.setFocus()

    def is_changed(self) -> bool:
        """See EditDialog."""
        return self._written() != self._filled

    def value(self) -> Task:
        """Return the task. An edited task keeps its id."""
        written = self._written()
        # The fields cannot show every value as it is (line ends, tags with commas): only a change is an edit
        fields = ("family", "query", "context", "answer", "answer_kind", "tags", "split", "strategy", "turns")
        edits = {name: getattr(written, name) for name in fields
                 if getattr(written, name) != getattr(self._filled, name)}  # fmt: skip
        return replace(self._original, **edits, id="" if self._is_new else self._original.id)

    def _written(self) -> Task:
        return Task(
            family=self.family.currentText().strip() or DEFAULT_FAMILY,
            query=self.query.toPlainText(),
            context=self.context.toPlainText(),
            answer=self.answer.toPlainText().strip() or None,
            answer_kind=self.kind.currentData(),
            tags=tag_list(self.tags.text()),
            split=self.split.currentData(),
            strategy=self.strategy.currentData(),
            turns=self.turns.value(),
        )

    def accept(self) -> None:
        """Save the task, unless its question is missing or the library already has a new task."""
        task = self.value()
        if not task.query.strip():
            self.notice.show_message("A task needs a question.", "Enter the question.", kind="bad")
            self.query.setFocus()
            return
        if not self._is_new:
            if task != self._original:
                self._save(task)
            super().accept()
            return
        library = self.desk.library
        self.desk.background.run(
            self, lambda: same_tasks(library, [task]), lambda found: self._add(task, found.get(task.id))
        )

    def _add(self, task: Task, present: Task | None) -> None:
        if present is not None:
            self.notice.show_message(
                "The library already has a task with this family, context, question and earlier turns.",
                "Change one of them, or edit the existing task.",
                kind="bad",
                action="Show task",
                run=lambda: self._show_existing(present.id),
            )
            return
        self._save(task)
        super().accept()

    def _show_existing(self, task_id: str) -> None:
        self.reject()
        self._show(task_id)

    def _add_texts(self, layout: QVBoxLayout) -> None:
        self.turns = TurnsEditor()
        layout.addWidget(self.turns)
        self.query = _text_box(6)
        self.context = _text_box(4)
        self.context.setPlaceholderText("Optional: text that the question refers to")
        for words, box, stretch in (
            ("&Question", self.query, 3),
            ("&Context", self.context, 2),
        ):
            layout.addWidget(_label_for(words, box))
            layout.addWidget(box, stretch)

    def _add_answer(self, layout: QVBoxLayout) -> None:
        self.answer = _text_box(2)
        self.answer.setMaximumHeight(9 * GRID)
        self.answer.setPlaceholderText("Optional: the correct final answer, for grading")
        self.kind = QComboBox()
        self.kind.addItem("Detect automatically", None)
        for kind in KINDS:
            self.kind.addItem(ANSWER_TYPES[kind], kind)
        self.kind.setAccessibleName("Answer type")
        self.graded = label(size="caption", tone="muted", wrap=True)
        self.attempt = QLineEdit()
        self.attempt.setPlaceholderText("Try a response to see how it would be graded")
        self.attempt.setAccessibleName("Response to try")
        self.verdict = label(size="caption", wrap=True)
        head = QHBoxLayout()
        head.addWidget(_label_for("Reference &answer", self.answer), 1)
        head.addWidget(_label_for("Graded as", self.kind))
        head.addWidget(self.kind)
        layout.addLayout(head)
        layout.addWidget(self.answer)
        layout.addWidget(self.graded)
        layout.addWidget(self.attempt)
        layout.addWidget(self.verdict)
        self.answer.textChanged.connect(self._grade)
        self.attempt.textChanged.connect(self._grade)
        self.kind.currentIndexChanged.connect(self._grade)

    def _add_fields(self, layout: QVBoxLayout, families: Sequence[str], strategies: Sequence[str]) -> None:
        self.family = QComboBox()
        self.family.setEditable(True)
        self.family.addItems(list(families))
        self.split = QComboBox()
        for split, words in SPLITS.items():
            self.split.addItem(words, split)
        self.split.setToolTip("The student is tested on held-out tasks and never trained on them")
        self.strategy = QComboBox()
        self.strategy.addItem(FAMILY_STRATEGY, None)
        self.strategy.setToolTip("The strategy paired with the family, or one for this task alone")
        for name in strategies:
            self.strategy.addItem(name, name)
        self.tags = QLineEdit()
        self.tags.setPlaceholderText("Separated by commas")
        row = FlowRow(spacing=2 * GRID)
        fields: tuple[tuple[str, QWidget], ...] = (
            ("&Family", self.family),
            ("S&plit", self.split),
            ("St&rategy", self.strategy),
            ("&Tags", self.tags),
        )
        for words, box in fields:
            box.setMinimumWidth(17 * GRID)
            column = QVBoxLayout()
            column.setSpacing(GRID // 2)
            column.addWidget(_label_for(words, box))
            column.addWidget(box)
            row.addLayout(column, 1)
        layout.addSpacing(GRID)
        layout.addLayout(row)

    def _add_buttons(self, layout: QVBoxLayout) -> None:
        buttons = QDialogButtonBox()
        text = "Add task" if self._is_new else "Save"
        self.save_button = button(text, primary=True, tip="Ctrl+Enter")
        buttons.addButton(self.save_button, QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = button("Cancel")
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        for made in (self.save_button, cancel):  # Enter is for the fields; Ctrl+Enter saves
            made.setAutoDefault(False)
            made.setDefault(False)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addSpacing(GRID)
        layout.addWidget(buttons)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self).activated.connect(self.accept)

    def _fill(self, task: Task) -> None:
        self.turns.set_value(task.turns)
        self.query.setPlainText(task.query)
        self.context.setPlainText(task.context)
        self.answer.setPlainText(task.answer or "")
        self.kind.setCurrentIndex(self.kind.findData(task.answer_kind))
        self.family.setCurrentText(task.family)
        self.split.setCurrentIndex(self.split.findData(task.split))
        if task.strategy and self.strategy.findData(task.strategy) < 0:
            self.strategy.addItem(task.strategy, task.strategy)
        self.strategy.setCurrentIndex(max(0, self.strategy.findData(task.strategy)))
        self.tags.setText(", ".join(task.tags))
        self._filled = self._written()
        self._grade()

    def _grade(self) -> None:
        answer = self.answer.toPlainText().strip()
        self.attempt.setVisible(bool(answer))
        self.verdict.setVisible(bool(answer and self.attempt.text().strip()))
        if not answer:
            self.graded.setText(
                "Without a reference answer, the task can train the student, but not be graded."
            )
            return
        chosen: AnswerKind | None = self.kind.currentData()
        kind = chosen or infer_kind(answer)
        self.graded.setText(
            f"Graded as {ANSWER_TYPES[kind]}: a response is correct if its final answer has {MATCHES[kind]}."
        )
        tried = task, attempt = self._written(), self.attempt.text()[:MAX_ATTEMPT]
        self._tried = tried
        if kind != "math" or not attempt.strip():
            self._show_verdict(tried, grade_answer(task, attempt))
            return
        self.verdict.setText("Comparing…")
        set_tone(self.verdict, "muted")
        self.desk.background.run(  # mathematics may take seconds
            self,
            lambda: grade_answer(task, attempt),
            lambda verdict: self._show_verdict(tried, verdict),
            only_newest="verdict",
        )

    def _show_verdict(self, tried: tuple[Task, str], verdict: Verdict | None) -> None:
        """Show a verdict, unless the user has changed what it is about meanwhile."""
        if verdict is None or tried != self._tried:
            return
        self.verdict.setText(
            f"{verdict_word(verdict.correct).capitalize()}. {verdict_reason(verdict.reason)}"
        )
        set_tone(self.verdict, "good" if verdict.correct else "bad")


def tag_list(text: str) -> tuple[str, ...]:
    """Return the tags of a comma-separated line, each once, in order."""
    return tuple(dict.fromkeys(tag.strip() for tag in text.split(",") if tag.strip()))


def _text_box(lines: int) -> QPlainTextEdit:
    box = QPlainTextEdit()
    box.setTabChangesFocus(True)
    box.setMinimumHeight(lines * 2 * GRID + GRID)
    return box


def _label_for(words: str, box: QWidget) -> QLabel:
    made = QLabel(words)
    made.setBuddy(box)
    box.setAccessibleName(words.replace("&", ""))
    return made
