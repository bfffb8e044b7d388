"""One record side by side: the teacher's on the left, what the student is trained on on the right."""

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orca_desk.jobs.defaults import StudentMessage
from orca_desk.jobs.reviewing import Compared
from orca_desk.method.leaks import Leak
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.pages.record_list import Sign, decision_sign, verdict_sign
from orca_desk.ui.pages.record_texts import AnswerView, CompareView
from orca_desk.ui.theme import GRID, Role
from orca_desk.ui.widgets.text import button, label, set_tone


class SideBySide(QWidget):
    """Shows a `Compared`. What the user does comes as signals; nothing is written here."""

    saved = Signal(str)  # the user's own answer
    restored = Signal()  # the teacher's answer is to be the current one again
    task_wanted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.compared: Compared | None = None
        self._drafts: dict[int, str] = {}
        self._shows_original = False
        self.verdict = Verdicts(desk)
        self.compare = CompareView(desk)
        self.answer = AnswerView(desk)
        self.instruction = InstructionChoice()
        self.provenance = ProvenanceStrip(desk)
        self._lay_out()
        self.verdict.leak_chosen.connect(self.answer.show_leak)
        self.verdict.task.clicked.connect(self.task_wanted)
        self.answer.saved.connect(self.save)
        self.answer.left.connect(self.leave_editor)

    def show_record(self, compared: Compared | None) -> None:
        """Show another record, or the same one anew."""
        before = self.compared
        same = before is not None and compared is not None and before.number == compared.number
        if same and self.answer.is_editing:
            self.compared = compared
            return
        if self.answer.is_editing:
            self.leave_editor()
        self.compared = compared
        if not same:
            self._shows_original = False
        if compared is None:
            return
        self.verdict.show_record(compared)
        self.provenance.show_record(compared)
        unchanged = same and before is not None and before.segments == compared.segments
        if not unchanged:
            self.compare.show_segments(compared.segments)
        self.whole.setVisible(self.compare.is_shortened)
        self.instruction.show_revealed(compared.revealed)
        self._show_answer()

    def edit(self) -> None:
        """Let the user write their own version of the answer."""
        if self.compared is None or self.answer.is_editing:
            return
        text = self._drafts.get(self.compared.number, self.compared.stored.current.response)
        self.answer.edit(text)
        self._show_state()

    def leave_editor(self) -> None:
        """Show the answer as it is; what was written and not saved is there again at the next edit."""
        if self.compared is None:
            return
        if self.answer.is_changed:
            self._drafts[self.compared.number] = self.answer.toPlainText()
            self.desk.say(self.tr("Left without saving. Edit the record again to go on with your text."))
        self._show_answer()
        self.setFocus()

    def save(self) -> None:
        """Hand over what the user wrote."""
        if self.compared is None or not self.answer.is_editing:
            return
        text, drafted = self.answer.toPlainText(), self._drafts.pop(self.compared.number, None)
        changed = self.answer.is_changed or drafted is not None
        self.answer.setReadOnly(True)
        if not changed or text == self.compared.stored.current.response:
            self._show_answer()
        else:
            self.saved.emit(text)

    def keep_draft(self, text: str) -> None:
        """Take back a text that could not be saved."""
        if self.compared is not None:
            self._drafts[self.compared.number] = text
            self.edit()

    def _lay_out(self) -> None:
        left, self.left_title = self._column("graduation-cap", "teacher", self.tr("Teacher record"))
        right, _ = self._column("eraser", "student", self.tr("Training record"))
        right.layout().addWidget(self.instruction.kind)
        titles = QHBoxLayout()
        titles.setSpacing(1)
        titles.addWidget(left, 1)
        titles.addWidget(right, 1)
        # Always there, so that the columns stay below their headings
        self.compare.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        titles.setContentsMargins(0, 0, self.compare.verticalScrollBar().sizeHint().width(), 0)
        upper = QFrame()
        upper.setProperty("kind", "card")
        column = QVBoxLayout(upper)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(titles)
        column.addWidget(self.instruction)
        self.compare.setFrameShape(QFrame.Shape.NoFrame)
        self.compare.setStyleSheet("QTextBrowser { border: none; padding: 0px; background: transparent; }")
        column.addWidget(self.compare, 1)
        self.whole = button(self.tr("Show the whole texts"), self._show_whole)
        self.whole.hide()
        column.addWidget(self.whole, 0, Qt.AlignmentFlag.AlignLeft)
        self.parts = QSplitter(Qt.Orientation.Vertical)
        self.parts.setChildrenCollapsible(False)
        self.parts.addWidget(upper)
        self.parts.addWidget(self._answer_card())
        self.parts.setSizes([40 * GRID, 24 * GRID])
        self.parts.setStretchFactor(0, 3)
        self.parts.setStretchFactor(1, 2)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, GRID, 0, 0)
        whole.setSpacing(GRID)
        whole.addWidget(self.verdict)
        whole.addWidget(self.parts, 1)
        whole.addWidget(self.provenance)

    def _column(self, image: str, role: Role, title: str) -> tuple[QFrame, QLabel]:
        heading = _Heading(self.desk, image, role, title)
        return heading, heading.title

    def _answer_card(self) -> QFrame:
        frame = QFrame()
        frame.setProperty("kind", "card")
        column = QVBoxLayout(frame)
        column.setContentsMargins(GRID + 4, GRID, GRID + 4, GRID)
        column.setSpacing(GRID // 2)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.answer_title = label(bold=True)
        self.answer_note = label(tone="muted", size="caption")
        self.original = button(self.tr("Show the teacher's own"), self._toggle_original)
        self.back = button(self.tr("Back to the teacher's own"), self.restored.emit)
        self.save_button = button(self.tr("Save as a new revision"), self.save, primary=True)
        self.leave_button = button(self.tr("Leave"), self.leave_editor)
        row.addWidget(self.answer_title)
        row.addWidget(self.answer_note, 1)
        self.whole_answer = button(self.tr("Show all of it"), self._show_whole_answer)
        for one in (self.whole_answer, self.original, self.back, self.leave_button, self.save_button):
            row.addWidget(one)
        column.addLayout(row)
        self.answer.setFrameShape(QFrame.Shape.NoFrame)
        column.addWidget(self.answer, 1)
        return frame

    def _show_answer(self, *, whole: bool = False) -> None:
        assert self.compared is not None
        stored = self.compared.stored
        if self._shows_original and stored.edited is not None:
            self.answer.show_answer(stored.record.response, (), whole=whole)
        else:
            self.answer.show_answer(stored.current.response, stored.leaks, whole=whole)
        self._show_state()

    def _show_state(self) -> None:
        assert self.compared is not None
        edited, editing = self.compared.stored.edited is not None, self.answer.is_editing
        original = edited and self._shows_original
        if editing:
            title, note = self.tr("Your own answer"), self.tr("Ctrl+Enter saves, Esc leaves")
        elif original:
            title, note = self.tr("The teacher's own"), self.tr("not what is trained")
        elif edited:
            title, note = self.tr("Response, edited by you"), ""
        else:
            title, note = self.tr("Response"), self.tr("the same in both records")
        self.answer_title.setText(title)
        self.answer_note.setText(note)
        self.original.setVisible(edited and not editing)
        self.original.setText(self.tr("Show your edit") if original else self.tr("Show the teacher's own"))
        self.back.setVisible(edited and not editing)
        self.whole_answer.setVisible(self.answer.is_shortened)
        self.save_button.setVisible(editing)
        self.leave_button.setVisible(editing)

    def _toggle_original(self) -> None:
        self._shows_original = not self._shows_original
        self._show_answer()

    def _show_whole_answer(self) -> None:
        if self.compared is not None:
            self._show_answer(whole=True)

    def _show_whole(self) -> None:
        if self.compared is not None:
            self.compare.show_segments(self.compared.segments, whole=True)
            self.whole.hide()


class _Heading(QFrame):
    """A column's heading: an icon and a name in its colour, above a line of it."""

    def __init__(self, desk: Desk, image: str, role: Role, title: str) -> None:
        super().__init__()
        self.desk, self._image, self._role = desk, image, role
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID + 4, GRID, GRID, GRID)
        row.setSpacing(GRID)
        self._icon = QLabel()
        self.title = label(title, bold=True, tone=role)  # type: ignore[arg-type]
        row.addWidget(self._icon)
        row.addWidget(self.title, 1)
        desk.theme.changed.connect(self._paint)
        self._paint()

    def _paint(self) -> None:
        colours = self.desk.theme.colours
        self._icon.setPixmap(pixmap(self._image, colours, self._role))
        self.setStyleSheet(
            f"_Heading {{ border: none; border-bottom: 2px solid {colours.css(self._role)}; }}"
        )


class InstructionChoice(QWidget):
    """Which message replaces the strategy's instruction. `changed` comes with each usable choice.

    `kind` stands in the heading of the training record, this widget below it: the own message, and a
    warning where one tells the strategy after all.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID + 4, GRID, GRID, GRID)
        column.setSpacing(GRID // 2)
        self.kind = QComboBox()
        self.kind.setAccessibleName(self.tr("Student instruction"))
        self.kind.setToolTip(self.tr("What the student is told in place of the strategy's instruction"))
        self.kind.setMinimumContentsLength(8)
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for key, text in (
            ("cautious", self.tr("Cautious")),
            ("empty", self.tr("No message")),
            ("own", self.tr("Own")),
        ):
            self.kind.addItem(text, key)
        self.text = QLineEdit()
        self.text.setAccessibleName(self.tr("Own message to the student"))
        self.text.setPlaceholderText(self.tr("Write what the student is told instead"))
        self.warning = label(size="caption", tone="warn", wrap=True)
        self.text.hide()
        self.warning.hide()
        column.addWidget(self.text)
        column.addWidget(self.warning)
        self.hide()
        self.kind.currentIndexChanged.connect(self._changed)
        self.text.textEdited.connect(self._changed)

    def value(self) -> StudentMessage | None:
        """Return the choice, or None while the own message is blank."""
        kind = self.kind.currentData()
        if kind != "own":
            return StudentMessage(kind=kind)
        return StudentMessage(kind="own", text=self.text.text()) if self.text.text().strip() else None

    def choose(self, message: StudentMessage) -> None:
        """Show a choice; `changed` does not come."""
        self.kind.blockSignals(True)
        self.kind.setCurrentIndex(self.kind.findData(message.kind))
        self.kind.blockSignals(False)
        self.text.setText(message.text)
        self._show_parts()

    def show_revealed(self, strategies: tuple[str, ...]) -> None:
        """Warn when the student is told a strategy after all."""
        words = self.tr("⚠ This quotes the instruction of {}: nothing is erased there.")
        self.warning.setText(words.format(", ".join(strategies)) if strategies else "")
        self._show_parts()

    def _changed(self) -> None:
        began = self.kind.currentData() == "own" and self.text.isHidden()
        self._show_parts()
        if began:
            self.text.setFocus()
        if self.value() is not None:
            self.changed.emit()

    def _show_parts(self) -> None:
        own, warned = self.kind.currentData() == "own", bool(self.warning.text())
        self.text.setVisible(own)
        self.warning.setVisible(warned)
        self.setVisible(own or warned)


class Verdicts(QFrame):
    """What grading, the leak check and the user say of the record, each with an icon and a word."""

    leak_chosen = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._compared: Compared | None = None
        self.setProperty("kind", "card")
        grid = QGridLayout(self)
        grid.setContentsMargins(GRID + 4, GRID, GRID + 4, GRID)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.setColumnStretch(2, 1)
        self._icon = QLabel()
        self.word = label(bold=True)
        self.reason = label(wrap=True, selectable=True, tone="muted")
        self._decision_icon = QLabel()
        self.decision = label()
        self.task = QToolButton()
        self.task.setText(self.tr("Open the task"))
        self.task.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for column, part in enumerate(
            (self._icon, self.word, self.reason, self._decision_icon, self.decision, self.task)
        ):
            grid.addWidget(part, 0, column, Qt.AlignmentFlag.AlignVCenter)
        self._leaks = QVBoxLayout()
        self._leaks.setSpacing(0)
        grid.addLayout(self._leaks, 1, 0, 1, 6)
        desk.theme.changed.connect(self._paint)

    def show_record(self, compared: Compared) -> None:
        """Show the verdict, the decision and the leaks."""
        changed = self._compared is None or self._compared.stored.leaks != compared.stored.leaks
        self._compared = compared
        stored = compared.stored
        reason = stored.verdict.reason if stored.verdict else self.tr("There is no reference answer.")
        if stored.record.provenance.finish_reason == "length" and stored.edited is None:
            reason += " " + self.tr("The answer was cut off by the length limit.")
        self.reason.setText(reason)
        self.task.setEnabled(compared.has_task)
        self.task.setToolTip("" if compared.has_task else self.tr("The task was deleted."))
        if changed:
            self._list_leaks(stored.leaks)
        self._paint()

    def _list_leaks(self, leaks: tuple[Leak, ...]) -> None:
        while (entry := self._leaks.takeAt(0)) is not None:
            entry.widget().deleteLater()
        for leak in leaks[:5]:
            made = QToolButton()
            made.setIcon(icon("flag", self.desk.theme.colours, "warn"))
            made.setText(self.tr("Leak: “{}” {}").format(_short(leak.text), leak.why))
            made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            made.setToolTip(self.tr("Show it in the response"))
            made.clicked.connect(lambda checked=False, leak=leak: self.leak_chosen.emit(leak))
            self._leaks.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)

    def _paint(self) -> None:
        colours = self.desk.theme.colours
        self.task.setIcon(icon("arrow-right", colours, "muted"))
        if self._compared is None:
            return
        stored = self._compared.stored
        for sign, image, words in (
            (verdict_sign(stored.verdict.correct if stored.verdict else None), self._icon, self.word),
            (decision_sign(stored.decision), self._decision_icon, self.decision),
        ):
            _show_sign(self.desk, sign, image, words)


class ProvenanceStrip(QFrame):
    """With what a record was made: one quiet line, and all of it when opened."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        row = QHBoxLayout()
        self.toggle = QToolButton()
        self.toggle.setText(self.tr("Provenance"))
        self.toggle.setCheckable(True)
        self.toggle.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggle.toggled.connect(self._open)
        self.summary = label(tone="muted", size="caption")
        row.addWidget(self.toggle)
        row.addWidget(self.summary, 1)
        column.addLayout(row)
        self.all = QWidget()
        columns = QHBoxLayout(self.all)
        columns.setContentsMargins(GRID + 4, 0, 0, 0)
        columns.setSpacing(3 * GRID)
        self._halves = [label(tone="muted", size="caption", selectable=True, wrap=True) for _ in range(2)]
        for half in self._halves:
            columns.addWidget(half, 1, Qt.AlignmentFlag.AlignTop)
        self.all.hide()
        column.addWidget(self.all)
        desk.theme.changed.connect(self._paint)
        self._paint()

    def show_record(self, compared: Compared) -> None:
        """Show how a record was made."""
        record = compared.stored.record
        made = record.provenance
        name = compared.maker.name if compared.maker else self.tr("a model not found here")
        time = _local_time(made.created_at)
        self.summary.setText(
            f"{name} · {made.quantisation} · {made.completion_tokens:,} "
            + self.tr("tokens")
            + f" · {made.finish_reason} · {time}"
        )
        sampling = made.sampling
        lines = (
            (self.tr("Record"), f"{record.id}, {self.tr('sample')} {record.sample}"),
            (self.tr("Model"), f"{name}, SHA-256 {made.model_sha256[:16]}…, {made.quantisation}"),
            (self.tr("Strategy"), f"{record.strategy}, {self.tr('version')} {record.strategy_version}"),
            (
                self.tr("Sampling"),
                f"temperature {sampling.temperature:g}, seed {sampling.seed}, top-k {sampling.top_k}, "
                f"top-p {sampling.top_p:g}, min-p {sampling.min_p:g}, "
                + self.tr("at most {} tokens").format(f"{sampling.max_tokens:,}"),
            ),
            (self.tr("Engine"), f"{made.engine}, {self.tr('batch of')} {made.batch}"),
            (
                self.tr("Tokens"),
                self.tr("{} read, {} written, ended by {}").format(
                    f"{made.prompt_tokens:,}", f"{made.completion_tokens:,}", made.finish_reason
                ),
            ),
            (self.tr("Template"), f"SHA-256 {made.template_sha256[:16]}…"),
            (self.tr("Made"), f"{time}, {compared.stored.run or self.tr('imported')}"),
        )
        words = [f"{name}: {value}" for name, value in lines]
        for half, part in zip(self._halves, (words[:4], words[4:]), strict=True):
            half.setText("\n".join(part))

    def _open(self, opened: bool) -> None:
        self.all.setVisible(opened)
        self._paint()

    def _paint(self) -> None:
        image = "chevron-down" if self.toggle.isChecked() else "chevron-right"
        self.toggle.setIcon(icon(image, self.desk.theme.colours, "muted"))


def _show_sign(desk: Desk, sign: Sign, image: QLabel, words: QLabel) -> None:
    name, role, word = sign
    image.setPixmap(pixmap(name, desk.theme.colours, role))
    words.setText(word.capitalize())
    set_tone(words, role)  # type: ignore[arg-type]


def _local_time(text: str) -> str:
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")


def _short(text: str, most: int = 80) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[:most]}…"
