"""The dialog that edits the judge's prompt, with a preview of what the judge reads about an answer."""

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.inventory.templates import override_of
from orca_desk.library.database import Library
from orca_desk.library.records import RecordFilter, iterate_records
from orca_desk.method.judging import DEFAULT_PROMPT, judge_question
from orca_desk.steps.instruct.prompt_preview import PromptViewer, ShownPrompt
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.edit_dialog import EditDialog
from orca_desk.ui.widgets.marked_text import Mark, MarkedText, with_visible_breaks
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.text import button, label, set_tone

PAUSE_MS = 250  # from the last key to the new preview
MARKS: dict[str, Mark] = {"control": "control", "end": "control", "system": "system"}
EXAMPLE = ("What is 17 + 5?", "17 + 5 = 22.\nAnswer: 22")  # while the library has no answer
ABOUT = (
    "The judge gets this prompt as its system message, then one question with one answer. It never learns"
    " which strategy the answer was written under, though an answer's form may show it."
)
READING = (
    'A reply counts only if its last line is exactly "Verdict: correct" or "Verdict: incorrect" and it gives'
    " no other verdict. Any other reply is counted as no verdict."
)


class JudgeDialog(EditDialog):
    """Edits the prompt. `chosen` carries it when the user accepts; the default one is ""."""

    chosen = Signal(str)

    def __init__(self, desk: Desk, judge: Path | None, prompt: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.desk, self._judge = desk, judge
        self._example = EXAMPLE
        self.viewer = PromptViewer()
        self.setWindowTitle("Judge's prompt")
        self.resize(110 * GRID, 66 * GRID)
        self.prompt = QPlainTextEdit(prompt.strip() or DEFAULT_PROMPT.strip())
        self._first = self.prompt.toPlainText()
        self.prompt.setAccessibleName("Prompt for the judge")
        self.prompt.setTabChangesFocus(True)
        self.preview = MarkedText(desk.theme)
        self.preview.setAccessibleName("What the judge reads")
        self.count = label(tone="muted", size="caption", wrap=True)
        self.use = button("Use this prompt", self._accept, primary=True)
        self.restore = button(
            "Restore default", self._restore, tip="Go back to the prompt that comes with the app"
        )
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._render)
        self.prompt.textChanged.connect(self._typed)
        self.finished.connect(self._close_viewer)
        self._typed()
        library = desk.library
        desk.background.run(self, lambda: _first_answer(library), self._show_example)

    def is_changed(self) -> bool:
        """See EditDialog."""
        return self.prompt.toPlainText() != self._first

    def _lay_out(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        whole.setSpacing(GRID)
        whole.addWidget(label("Judge's prompt", size="heading", bold=True))
        whole.addWidget(label(ABOUT, tone="muted", wrap=True))
        panes = Panes()
        panes.setHandleWidth(2 * GRID)
        for title, widget, below in (
            ("Prompt", self.prompt, None),
            ("What the judge reads, for an answer of this library", self.preview, self.count),
        ):
            pane = QWidget()
            column = QVBoxLayout(pane)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(GRID // 2)
            column.addWidget(label(title, bold=True))
            column.addWidget(widget, 1)
            if below is not None:
                column.addWidget(below)
            panes.addWidget(pane)
        panes.setStretchFactor(0, 2)
        panes.setStretchFactor(1, 3)
        panes.setSizes([42 * GRID, 60 * GRID])
        self.prompt.setMinimumWidth(30 * GRID)
        whole.addWidget(panes, 1)
        whole.addWidget(label(READING, tone="muted", size="caption", wrap=True))
        buttons = dialog_buttons(self, self.use)
        buttons.addButton(self.restore, QDialogButtonBox.ButtonRole.ResetRole)
        whole.addWidget(buttons)

    def _typed(self) -> None:
        text = self.prompt.toPlainText().strip()
        self.use.setEnabled(bool(text))
        self.restore.setEnabled(text != DEFAULT_PROMPT.strip())
        self._timer.start()

    def _restore(self) -> None:
        self.prompt.setPlainText(DEFAULT_PROMPT.strip())

    def _accept(self) -> None:
        text = self.prompt.toPlainText().strip()
        self.chosen.emit("" if text == DEFAULT_PROMPT.strip() else text)
        self.accept()

    def _show_example(self, example: tuple[str, str]) -> None:
        self._example = example
        self._timer.start()

    def _render(self) -> None:
        judge, library = self._judge, self.desk.library
        system, user = self.prompt.toPlainText().strip(), judge_question(*self._example)
        if judge is None:
            self.preview.show_pieces([(f"{system}\n\n", "system"), (user, "plain")])
            self.count.setText("Select a judge to see its chat template and the number of tokens.")
            return
        self.desk.background.run(
            self,
            lambda: self.viewer.show(judge, system, user, template=override_of(library, judge)),
            self._show_prompt,
            failed=self._fail,
            only_newest="prompt",
        )

    def _show_prompt(self, prompt: ShownPrompt) -> None:
        set_tone(self.count, "muted")
        self.preview.show_pieces(
            (
                with_visible_breaks(part.text) if part.role in ("control", "end") else part.text,
                _mark(part.role),
            )
            for part in prompt.parts
        )
        self.count.setText(counted(prompt.tokens, "token"))

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, UserError):
            self.desk.report(error)
            return
        self.preview.show_pieces([])
        set_tone(self.count, "bad")
        self.count.setText(f"{error.message} {error.hint}".strip())

    def _close_viewer(self) -> None:
        self._timer.stop()
        self.desk.background.run(self.desk, self.viewer.close)  # it may still be rendering


def _mark(role: str) -> Mark:
    return MARKS.get(role, "plain")


def _first_answer(library: Library) -> tuple[str, str]:
    """Return the question and the answer of a record, or an invented example while there is none."""
    stored = next(iterate_records(library, RecordFilter(limit=1)), None)
    return (stored.record.user, stored.record.response) if stored else EXAMPLE
