"""The dialog in which a task is written: its texts, where it belongs, and how its answer would be graded."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from orca_desk.formats.tasks import DEFAULT_FAMILY
from orca_desk.library.tasks import get_tasks
from orca_desk.method.grading import KINDS, grade, infer_kind
from orca_desk.method.records import AnswerKind, Task
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, label, set_tone

KIND_HELP: dict[AnswerKind, str] = {
    "exact": "the same characters",
    "text": "the same words, whatever their case and marks",
    "number": "the same value, however it is written",
    "choice": "the same option, by its letter or its text",
    "ordering": "the same things in the same order",
    "keyed": "the same value for every name",
}
LONGEST_TRY = 5_000  # characters that are graded while the user types


class TaskEditor(QDialog):
    """Edits `task`, or writes a new one. `save` gets the task when the user is done."""

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
        """`show` is called with the id of a task that is there already, when the user wants to see it."""
        super().__init__(parent)
        self.desk = desk
        begun = task or Task(family=DEFAULT_FAMILY, query="")
        self._begun = begun
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
        self._add_place(layout, families, strategies)
        self._add_buttons(layout)
        self._fill(begun)
        self.query.setFocus()

    def value(self) -> Task:
        """Return the task as it is written. One that is edited keeps its id."""
        written = self._written()
        # What the boxes cannot hold as it is (other line ends, tags with commas) is no edit by itself
        fields = ("family", "query", "context", "answer", "answer_kind", "tags", "split", "strategy")
        edits = {name: getattr(written, name) for name in fields
                 if getattr(written, name) != getattr(self._filled, name)}  # fmt: skip
        return replace(self._begun, **edits, id="" if self._is_new else self._begun.id)

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
        )

    def accept(self) -> None:
        """Save, unless something is missing or a new task is there already."""
        task = self.value()
        if not task.query.strip():
            self.notice.show_message("A task needs a question.", "Write what is asked.", kind="bad")
            self.query.setFocus()
            return
        if not self._is_new:
            if task != self._begun:
                self._save(task)
            super().accept()
            return
        library = self.desk.library
        self.desk.background.run(
            self, lambda: get_tasks(library, [task.id]), lambda found: self._add(task, there=bool(found))
        )

    def _add(self, task: Task, *, there: bool) -> None:
        if there:
            self.notice.show_message(
                "The library has a task with this family, context and question.",
                "Change one of them, or edit the task that is there.",
                kind="bad",
                action="Show that task",
                run=lambda: (self.reject(), self._show(task.id)),
            )
            return
        self._save(task)
        super().accept()

    def _add_texts(self, layout: QVBoxLayout) -> None:
        self.query = _text_box(6)
        self.context = _text_box(4)
        self.context.setPlaceholderText("Optional: a text that the question is about")
        for words, box, stretch in (
            ("&Question", self.query, 3),
            ("&Context", self.context, 2),
        ):
            layout.addWidget(_buddy(words, box))
            layout.addWidget(box, stretch)

    def _add_answer(self, layout: QVBoxLayout) -> None:
        self.answer = _text_box(2)
        self.answer.setMaximumHeight(9 * GRID)
        self.answer.setPlaceholderText("Optional: the right final answer, for grading")
        self.kind = QComboBox()
        self.kind.addItem("By its form", None)
        for kind in KINDS:
            self.kind.addItem(kind, kind)
        self.kind.setAccessibleName("Answer kind")
        self.graded = label(size="caption", tone="muted", wrap=True)
        self.attempt = QLineEdit()
        self.attempt.setPlaceholderText("Try a response, to see how it would be graded")
        self.attempt.setAccessibleName("A response to try")
        self.verdict = label(size="caption", wrap=True)
        head = QHBoxLayout()
        head.addWidget(_buddy("Reference &answer", self.answer), 1)
        head.addWidget(_buddy("Graded as", self.kind))
        head.addWidget(self.kind)
        layout.addLayout(head)
        layout.addWidget(self.answer)
        layout.addWidget(self.graded)
        layout.addWidget(self.attempt)
        layout.addWidget(self.verdict)
        self.answer.textChanged.connect(self._grade)
        self.attempt.textChanged.connect(self._grade)
        self.kind.currentIndexChanged.connect(self._grade)

    def _add_place(self, layout: QVBoxLayout, families: Sequence[str], strategies: Sequence[str]) -> None:
        self.family = QComboBox()
        self.family.setEditable(True)
        self.family.addItems(list(families))
        self.split = QComboBox()
        self.split.addItem("Train", "train")
        self.split.addItem("Held out", "heldout")
        self.split.setToolTip("The student never trains on held-out tasks; it is tested on them")
        self.strategy = QComboBox()
        self.strategy.addItem("By the pairing", None)
        self.strategy.setToolTip("By the family's pairing, or one for this task alone")
        for name in strategies:
            self.strategy.addItem(name, name)
        self.tags = QLineEdit()
        self.tags.setPlaceholderText("Separated by commas")
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        fields: tuple[tuple[str, QWidget], ...] = (
            ("&Family", self.family),
            ("S&plit", self.split),
            ("St&rategy", self.strategy),
            ("&Tags", self.tags),
        )
        for column, (words, box) in enumerate(fields):
            box.setMinimumWidth(10 * GRID)
            grid.addWidget(_buddy(words, box), 0, column)
            grid.addWidget(box, 1, column)
            grid.setColumnStretch(column, 1)
        layout.addSpacing(GRID)
        layout.addLayout(grid)

    def _add_buttons(self, layout: QVBoxLayout) -> None:
        buttons = QDialogButtonBox()
        text = "Add task" if self._is_new else "Save"
        self.save_button = button(text, primary=True, tip="Ctrl+Enter")
        buttons.addButton(self.save_button, QDialogButtonBox.ButtonRole.AcceptRole)
        cancel = button("Cancel")
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        for made in (self.save_button, cancel):  # Enter belongs to the fields, Ctrl+Enter saves
            made.setAutoDefault(False)
            made.setDefault(False)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addSpacing(GRID)
        layout.addWidget(buttons)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self).activated.connect(self.accept)

    def _fill(self, task: Task) -> None:
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
            self.graded.setText("Without one the task can be learned from, but not graded.")
            return
        asked: AnswerKind | None = self.kind.currentData()
        kind = asked or infer_kind(answer)
        self.graded.setText(
            f"Graded as {kind}: a response is right when its final answer has {KIND_HELP[kind]}."
        )
        verdict = grade(self.attempt.text()[:LONGEST_TRY], answer, asked)
        word = "Right." if verdict.correct else "Wrong."
        self.verdict.setText(f"{word} {verdict.reason}")
        set_tone(self.verdict, "good" if verdict.correct else "bad")


def tag_list(text: str) -> tuple[str, ...]:
    """Return the tags that a line names, each once, in its order."""
    return tuple(dict.fromkeys(tag.strip() for tag in text.split(",") if tag.strip()))


def _text_box(lines: int) -> QPlainTextEdit:
    box = QPlainTextEdit()
    box.setTabChangesFocus(True)
    box.setMinimumHeight(lines * 2 * GRID + GRID)
    return box


def _buddy(words: str, box: QWidget) -> QLabel:
    made = QLabel(words)
    made.setBuddy(box)
    box.setAccessibleName(words.replace("&", ""))
    return made
