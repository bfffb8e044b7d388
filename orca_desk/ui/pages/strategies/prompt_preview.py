"""The prompt that the teacher gets for a task under the strategy in the editor, updated while typing."""

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.inventory.templates import override_of
from orca_desk.method.records import Task
from orca_desk.steps.instruct.prompt_preview import PromptViewer, ShownPrompt
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.strategies.task_search import TaskSearch
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.marked_text import Mark, MarkedText, with_visible_breaks
from orca_desk.ui.widgets.teacher_picker import TeacherPicker
from orca_desk.ui.widgets.text import label, set_tone

PAUSE_MS = 250  # from the last key to the new preview
MARKS: dict[str, Mark] = {"control": "control", "end": "control", "system": "system"}


class PromptPreview(QWidget):
    """Selects a task and a teacher, and shows the prompt with its token counts."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.viewer = PromptViewer()
        self.task: Task | None = None
        self._instruction = ""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID, 0, 0)
        layout.setSpacing(GRID)
        self.picker = TeacherPicker(desk)
        self.picker.setMinimumContentsLength(12)
        self.picker.setAccessibleName("Teacher for the preview")
        row = QHBoxLayout()
        words = label("Teacher", tone="muted")
        words.setBuddy(self.picker)
        row.addWidget(words)
        row.addWidget(self.picker, 1)
        layout.addLayout(row)
        self.search = TaskSearch(desk)
        layout.addWidget(self.search)
        self.about_task = label(size="caption", tone="muted", wrap=True)
        layout.addWidget(self.about_task)
        self.text = MarkedText(desk.theme)
        self.text.setAccessibleName("The teacher's prompt")
        layout.addWidget(self.text, 1)
        self.count = label(bold=True, wrap=True)
        self.parts = label(size="caption", tone="muted", wrap=True)
        layout.addWidget(self.count)
        layout.addWidget(self.parts)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._render)
        self.search.found.connect(self.show_task)
        desk.models.changed.connect(self._update_soon)
        self.picker.chosen.connect(self._update_soon)

    def show_instruction(self, instruction: str, families: tuple[str, ...]) -> None:
        """Preview an instruction. Random tasks come from `families`, if they have any."""
        self._instruction = instruction.strip()
        self.search.prefer(families)
        if self.task is None:
            self.search.another()
        self._update_soon()

    def show_task(self, task: Task | None) -> None:
        """Preview for a task, or None if the library has none."""
        self.task = task
        self.about_task.setText(
            f"A task of family {task.family}" if task else "The library has no tasks yet."
        )
        self._update_soon()

    def close_viewer(self) -> None:
        """End the worker that renders the prompt."""
        self._timer.stop()
        self.viewer.close()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Show edits made while this was hidden."""
        super().showEvent(event)
        self._update_soon()

    def _update_soon(self) -> None:
        self._timer.start()

    def _render(self) -> None:
        model, task, system = self.picker.selected(), self.task, self._instruction
        library = self.desk.library
        if model is None and self.desk.models.is_read:
            self._say(
                "There is no teacher on this machine. Add one on the Models page."
                if self.picker.path is None
                else f"The teacher was not found: {self.picker.path}"
            )
        elif model is None or task is None:
            self._say("")
        elif self.isVisible():
            self.desk.background.run(
                self,
                lambda: self.viewer.show(
                    model.path,
                    system,
                    task.user_text,
                    turns=task.turns,
                    template=override_of(library, model.path),
                ),
                self._show,
                failed=self._fail,
                only_newest="prompt",
            )

    def _show(self, prompt: ShownPrompt) -> None:
        set_tone(self.count, "")
        self.text.show_pieces(
            (_visible(part.role, part.text), MARKS.get(part.role, "plain")) for part in prompt.parts
        )
        self.count.setText(counted(prompt.tokens, "token"))
        self.parts.setText(
            f"instruction {prompt.tokens_of('system'):,}, task {prompt.tokens_of('user'):,},"
            f" chat template {prompt.tokens_of('control', 'end'):,}"
        )

    def _fail(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self._say(str(error.message), error.hint)
        else:
            self.desk.report(error)

    def _say(self, text: str, hint: str = "") -> None:
        self.text.show_pieces([])
        set_tone(self.count, "bad")
        self.count.setText(text)
        self.parts.setText(hint)


def _visible(role: str, text: str) -> str:
    """Return a part's text, with the line breaks of the template made visible."""
    return with_visible_breaks(text) if role in ("control", "end") else text
