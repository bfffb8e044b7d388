"""The Settings page's cards with defaults for other pages: running, answering, the student's message."""

from collections.abc import Callable
from typing import get_args

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtWidgets import QComboBox, QGridLayout, QPlainTextEdit, QSpinBox, QWidget

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.machine import usable_cores
from orca_desk.method.erasure import CAUTIOUS, InstructionKind
from orca_desk.method.records import Sampling
from orca_desk.steps.defaults import (
    LARGEST_BATCH,
    StudentMessage,
    choose_message,
    choose_runner,
    choose_sampling,
    chosen_batch,
    chosen_threads,
    default_message,
    default_sampling,
)
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.settings_card import SettingsCard, row
from orca_desk.ui.widgets.settings_form import SettingsForm, number_box
from orca_desk.ui.widgets.text import label, set_tone

WRITE_AFTER_MS = 400  # of quiet after a keystroke
Report = Callable[[Exception], None]


class RunningCard(SettingsCard):
    """How models run and how they answer, unless a page overrides it."""

    def __init__(self, desk: Desk, report: Report) -> None:
        super().__init__(
            desk,
            image="cpu",
            title="Running models",
            about="Defaults for the teacher, measurements and evaluations. You can change each there.",
        )
        self._report = report
        self.threads = _spin("all cores", 1024)
        self.batch = _spin("automatic", LARGEST_BATCH)
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        grid.setColumnStretch(2, 1)
        rows = (
            ("CPU threads", self.threads, "Fewer threads leave room for other programs."),
            ("Parallel answers", self.batch, "More answers at once are faster, but need more memory."),
        )
        for place, (text, control, about) in enumerate(rows):
            words = label(text)
            words.setBuddy(control)
            control.setAccessibleName(text)
            control.setAccessibleDescription(about)
            control.setMinimumWidth(18 * GRID)
            grid.addWidget(words, place, 0)
            grid.addWidget(control, place, 1)
            grid.addWidget(label(about, size="caption", tone="muted", wrap=True), place, 2)
            control.valueChanged.connect(self._save_runner)
        self.rows.addLayout(grid)
        self.too_many = label(tone="warn", wrap=True)
        self.too_many.hide()
        self.rows.addWidget(self.too_many)
        self.rows.addSpacing(GRID // 2)
        self.rows.addWidget(label("How models answer", bold=True))
        self.form: SettingsForm[Sampling] = SettingsForm(Sampling, skip=("stop",))
        self.form.show_all(True)
        self.rows.addWidget(self.form)
        self._timer = _after_quiet(self, self._save_sampling)
        self.refused = label(tone="bad", wrap=True)
        self.refused.hide()
        self.rows.addWidget(self.refused)
        self.restore = self.tool("Restore defaults", "rotate-ccw", self._restore)
        self.rows.addLayout(row(self.restore))
        self.show_choice()
        self.form.changed.connect(self._timer.start)
        self.paint()

    def show_choice(self) -> None:
        """Show the defaults that the library holds."""
        library = self.desk.library
        for control, value in ((self.threads, chosen_threads(library)), (self.batch, chosen_batch(library))):
            with QSignalBlocker(control):
                control.setValue(value or 0)
        self._warn()
        self._show_sampling(default_sampling(library))

    def _show_sampling(self, sampling: Sampling) -> None:
        with QSignalBlocker(self.form):
            self.form.set_value(sampling)
        self.refused.hide()

    def save_pending(self) -> None:
        """Save now what the user has just typed."""
        if self._timer.isActive():
            self._timer.stop()
            self._save_sampling()

    def _warn(self) -> None:
        """Say that threads beyond the cores make models slower."""
        cores, threads = usable_cores(), self.threads.value()
        self.too_many.setText(
            f"This machine has {counted(cores, 'core')} for Orca Desk; more threads wait for each other, and"
            " models run slower."
        )
        self.too_many.setVisible(threads > cores)

    def _save_runner(self, _value: int) -> None:
        self._warn()
        library, threads, batch = self.desk.library, self.threads.value(), self.batch.value()
        self.desk.write(
            lambda: choose_runner(library, threads=threads or None, batch=batch or None),
            "settings",
            failed=self._report,
        )

    def _save_sampling(self) -> None:
        library = self.desk.library
        try:
            sampling = self.form.value()
        except UserError as error:
            self._refuse(error)
            return
        self.refused.hide()
        self.desk.write(lambda: choose_sampling(library, sampling), "settings", failed=self._refuse)

    def _refuse(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self.refused.setText(str(error))
            self.refused.show()
        else:
            self._report(error)

    def _restore(self) -> None:
        self.threads.setValue(0)
        self.batch.setValue(0)
        self._show_sampling(Sampling())
        self._save_sampling()


class MessageCard(SettingsCard):
    """The student's system message, which replaces the strategy's instruction."""

    def __init__(self, desk: Desk, report: Report) -> None:
        super().__init__(
            desk,
            image="eraser",
            title="System message for the student",
            about="Replaces the erased strategy in new snapshots: the student sees only this message.",
        )
        self._report = report
        self.kind = QComboBox()
        words: dict[InstructionKind, str] = {
            "cautious": "Cautious, as in the paper",
            "empty": "Empty",
            "own": "My own",
        }
        for kind in get_args(InstructionKind):
            self.kind.addItem(words[kind], kind)
        self.kind.setAccessibleName("System message for the student")
        self.text = QPlainTextEdit()
        self.text.setAccessibleName("Text of the system message for the student")
        self.text.setPlaceholderText("Don't describe a strategy: the student must learn to choose one.")
        self.text.setTabChangesFocus(True)
        self.text.setFixedHeight(grown(10 * GRID))
        self.state = label(size="caption", tone="muted", wrap=True)
        self.rows.addLayout(row(self.kind))
        self.rows.addWidget(self.text)
        self.rows.addWidget(self.state)
        self._timer = _after_quiet(self, self._save)
        self.show_choice()
        self.kind.currentIndexChanged.connect(self._switched)
        self.text.textChanged.connect(self._typed)
        self.paint()

    def show_choice(self) -> None:
        """Show the message that the library holds."""
        chosen = default_message(self.desk.library)
        self._own = chosen.text
        with QSignalBlocker(self.kind):
            self.kind.setCurrentIndex(self.kind.findData(chosen.kind))
        self._show_text()

    def _show_text(self) -> None:
        kind = self.kind.currentData()
        with QSignalBlocker(self.text):
            self.text.setPlainText({"cautious": CAUTIOUS, "empty": "", "own": self._own}[kind])
        self.text.setReadOnly(kind != "own")
        self.text.setVisible(kind != "empty")
        self._say("")

    def _switched(self, place: int) -> None:
        self._show_text()
        if self.kind.currentData() == "own" and not self._own.strip():
            self.text.setFocus(Qt.FocusReason.OtherFocusReason)
            self._say("Enter a message; until then the previous one is used.")
        else:
            self._save()

    def _typed(self) -> None:
        self._own = self.text.toPlainText()
        self._timer.start()

    def save_pending(self) -> None:
        """Save now what the user has just typed."""
        if self._timer.isActive():
            self._timer.stop()
            self._save()

    def _save(self) -> None:
        library, kind = self.desk.library, self.kind.currentData()
        try:
            message = StudentMessage(kind=kind, text=self._own if kind == "own" else "")
        except UserError as error:
            self._refuse(error)
            return
        self.desk.write(
            lambda: choose_message(library, message),
            "settings",
            then=lambda _: self._say("Saved."),
            failed=self._refuse,
        )

    def _refuse(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self._say(str(error), bad=True)
        else:
            self._report(error)

    def _say(self, text: str, *, bad: bool = False) -> None:
        self.state.setText(text)
        self.state.setVisible(bool(text))
        set_tone(self.state, "bad" if bad else "muted")


def _spin(zero: str, highest: int) -> QSpinBox:
    """Return a number box that shows `zero` in place of 0, which means no choice."""
    made = number_box(0, highest)
    made.setSpecialValueText(zero)
    return made


def _after_quiet(parent: QWidget, run: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(WRITE_AFTER_MS)
    timer.timeout.connect(run)
    return timer
