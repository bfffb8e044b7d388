"""One record side by side: the teacher's on the left, what the student is trained on on the right."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from orca_desk.steps.erase.review import Compared
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.pages.records.facts import ProvenanceStrip, Verdicts
from orca_desk.ui.pages.records.instruction_choice import InstructionChoice
from orca_desk.ui.pages.records.texts import AnswerView, CompareView
from orca_desk.ui.theme import GRID, SCROLL_BAR, Role
from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.text import button, label


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
            self.desk.say("Left without saving. Edit the record again to go on with your text.")
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
        left, self.left_title = self._column("graduation-cap", "teacher", "Teacher record")
        right, _ = self._column("eraser", "student", "Training record")
        right.layout().addWidget(self.instruction.kind)
        titles = QHBoxLayout()
        titles.setSpacing(1)
        titles.addWidget(left, 1)
        titles.addWidget(right, 1)
        # Always there, so that the columns stay below their headings
        self.compare.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        titles.setContentsMargins(0, 0, SCROLL_BAR, 0)
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
        self.whole = button("Show the whole texts", self._show_whole)
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
        self.answer_note = ElidedLabel(tone="muted", size="caption")
        self.original = button("Show the teacher's own", self._toggle_original)
        self.back = button("Back to the teacher's own", self.restored.emit)
        self.save_button = button("Save as a new revision", self.save, primary=True)
        self.leave_button = button("Leave", self.leave_editor)
        row.addWidget(self.answer_title)
        row.addWidget(self.answer_note, 1)
        self.whole_answer = button("Show all of it", self._show_whole_answer)
        for one in (self.whole_answer, self.original, self.back, self.leave_button, self.save_button):
            one.hide()  # until a record says which of them it needs
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
            title, note = "Your own answer", "Ctrl+Enter saves, Esc leaves"
        elif original:
            title, note = "The teacher's own", "not what is trained"
        elif edited:
            title, note = "Response", "edited by you"
        else:
            title, note = "Response", "the same in both records"
        self.answer_title.setText(title)
        self.answer_note.show_text(note)
        self.original.setVisible(edited and not editing)
        self.original.setText("Show your edit" if original else "Show the teacher's own")
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
