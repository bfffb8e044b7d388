"""One record side by side: the teacher record on the left, the training record on the right."""

from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from orca_desk.prompts.messages import conversation
from orca_desk.steps.erase.review import ReviewItem
from orca_desk.steps.reading import read_in_library
from orca_desk.steps.token_scores import ScoredText
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import pixmap
from orca_desk.ui.pages.records.facts import ProvenanceStrip, VerdictPanel
from orca_desk.ui.pages.records.instruction_choice import InstructionChoice
from orca_desk.ui.pages.records.texts import ErasureView, ResponseView, ReviewBrowser
from orca_desk.ui.theme import GRID, SCROLL_BAR, UNLIMITED, text_display
from orca_desk.ui.widgets.answer_dialog import AnswerDialog, LookedAt
from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.markdown import has_markup
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.answer_steps import UNSCORED

THREE_PANES = 150 * GRID  # px; the width from which the reasons stand beside the texts
REASONS = 46 * GRID  # px
SHOW_ORIGINAL = "Show teacher's answer"


class SideBySide(QWidget):
    """Shows a `ReviewItem`. The page saves what the signals carry."""

    edit_saved = Signal(str)  # the user's own answer
    restore_requested = Signal()  # of the teacher's answer
    task_requested = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.item: ReviewItem | None = None
        self._drafts: dict[int, str] = {}
        self._shows_original = self._is_wide = False
        self.verdict = VerdictPanel(desk)
        self.erasure = ErasureView(desk)
        self.response = ResponseView(desk)
        self.formatted = ReviewBrowser()  # instead of it, where Markdown or formulas can be set
        self.formatted.setAccessibleName("Response, formatted")
        self.formatted.setTabChangesFocus(True)
        self.formatted.document().setDocumentMargin(0)
        self.formatted.setProperty("kind", "flat")
        self.formatted.setFrameShape(QFrame.Shape.NoFrame)
        self.formatted.hide()
        self.instruction = InstructionChoice()
        self.provenance = ProvenanceStrip(desk)
        self._lay_out()
        self.verdict.leak_selected.connect(self.response.show_leak)
        self.verdict.task.clicked.connect(self.task_requested)
        self.response.save_requested.connect(self.save)
        text_display().changed.connect(self._show_format)
        self.response.cancelled.connect(self.cancel_edit)

    def show_record(self, item: ReviewItem | None) -> None:
        """Show a record. An edit of another record becomes a draft."""
        before = self.item
        same = before is not None and item is not None and before.rowid == item.rowid
        if same and self.response.is_editing:
            self.item = item
            return
        if self.response.is_editing:
            self.cancel_edit()
        self.item = item
        if not same:
            self._shows_original = False
        if item is None:
            return
        self.verdict.show_record(item)
        self.provenance.show_record(item)
        unchanged = same and before is not None and before.segments == item.segments
        if not unchanged:
            self.erasure.show_segments(item.segments)
        self.full_texts_button.setVisible(self.erasure.is_shortened)
        self.instruction.show_revealed(item.revealed)
        self._show_response()

    def edit(self) -> None:
        """Let the user edit the answer."""
        if self.item is None or self.response.is_editing:
            return
        text = self._drafts.get(self.item.rowid, self.item.stored.current.response)
        self.formatted.hide()
        self.response.show()
        self.response.edit(text)
        self._show_state()

    def cancel_edit(self) -> None:
        """End the edit without saving. The next edit of the record continues with its text."""
        if self.item is None:
            return
        if self.response.is_changed:
            self._drafts[self.item.rowid] = self.response.toPlainText()
            self.desk.say("Edit not saved. Edit the record again to continue.")
        self._show_response()
        self.setFocus()

    def save(self) -> None:
        """Emit `edit_saved`, unless the answer is unchanged."""
        if self.item is None or not self.response.is_editing:
            return
        text, drafted = self.response.toPlainText(), self._drafts.pop(self.item.rowid, None)
        changed = self.response.is_changed or drafted is not None
        self.response.setReadOnly(True)
        if not changed or text == self.item.stored.current.response:
            self._show_response()
        else:
            self.edit_saved.emit(text)

    def look(self) -> None:
        """Open the answer with its steps and tokens."""
        item = self.item
        if item is None:
            return
        library, record = self.desk.library, item.stored.current
        messages = tuple(conversation(record.system, record.user, record.turns))
        teacher = item.teacher
        scored = None
        if teacher is not None:
            scored = ScoredText(model=teacher.path, messages=messages, response=record.response)

        def work() -> LookedAt:
            reading = read_in_library(
                library, response=record.response, question=record.user, family=record.family
            )
            return LookedAt(
                title="The teacher's answer" if item.stored.edited is None else "Your answer",
                response=record.response,
                reading=reading,
                scored=scored,
                why_not="" if scored else UNSCORED["no model"],
            )

        self.desk.background.run(self, work, lambda found: AnswerDialog(self.desk, found, self).show())

    def keep_draft(self, rowid: int, text: str) -> None:
        """Continue the edit of a text that could not be saved."""
        self._drafts[rowid] = text
        if self.item is not None and self.item.rowid == rowid:
            self.edit()

    def _lay_out(self) -> None:
        left = _ColumnHeading(self.desk, "graduation-cap", "teacher", "Teacher record")
        right = _ColumnHeading(self.desk, "eraser", "student", "Training record")
        right.row.addWidget(self.instruction.kind)
        titles = QHBoxLayout()
        titles.setSpacing(1)
        titles.addWidget(left, 1)
        titles.addWidget(right, 1)
        # Always visible, so that the columns stay aligned with their headings
        self.erasure.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        titles.setContentsMargins(0, 0, SCROLL_BAR, 0)
        upper = QFrame()
        upper.setProperty("kind", "card")
        column = QVBoxLayout(upper)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(titles)
        column.addWidget(self.instruction)
        self.erasure.setFrameShape(QFrame.Shape.NoFrame)
        self.erasure.setProperty("kind", "flat")
        column.addWidget(self.erasure, 1)
        self.full_texts_button = button("Show full texts", self._show_whole)
        self.full_texts_button.hide()
        column.addWidget(self.full_texts_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.parts = QSplitter(Qt.Orientation.Vertical)
        self.parts.setChildrenCollapsible(False)
        self.parts.addWidget(upper)
        self.parts.addWidget(self._answer_card())
        self.parts.setSizes([40 * GRID, 24 * GRID])
        self.parts.setStretchFactor(0, 3)
        self.parts.setStretchFactor(1, 2)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, GRID, 0, 0)
        whole.setSpacing(2 * GRID)
        self._texts, self._reasons = QVBoxLayout(), QVBoxLayout()
        self._texts.setSpacing(GRID)
        self._reasons.setSpacing(GRID)
        whole.addLayout(self._texts, 1)
        whole.addLayout(self._reasons)
        self._texts.addWidget(self.verdict)
        self._texts.addWidget(self.parts, 1)
        self._texts.addWidget(self.provenance)
        self._reasons.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put what was found out about the record at the right of its texts, where there is room for that."""
        super().resizeEvent(event)
        is_wide = event.size().width() >= THREE_PANES
        if is_wide == self._is_wide:
            return
        self._is_wide = is_wide
        before, now = (self._texts, self._reasons) if is_wide else (self._reasons, self._texts)
        for part in (self.verdict, self.provenance):
            before.removeWidget(part)
            part.setMinimumWidth(REASONS if is_wide else 0)
            part.setMaximumWidth(REASONS if is_wide else UNLIMITED)
        now.insertWidget(0, self.verdict)
        now.insertWidget(1 if is_wide else 2, self.provenance)
        self.provenance.stack(is_wide)

    def _answer_card(self) -> QFrame:
        frame = QFrame()
        frame.setProperty("kind", "card")
        column = QVBoxLayout(frame)
        column.setContentsMargins(GRID + 4, GRID, GRID + 4, GRID)
        column.setSpacing(GRID // 2)
        row = FlowRow()
        self.response_title = label(bold=True)
        self.response_note = ElidedLabel(tone="muted", size="caption")
        self.original_button = button(SHOW_ORIGINAL, self._toggle_original)
        self.restore_button = button("Restore teacher's answer", self.restore_requested.emit)
        self.save_button = button("Save as new revision", self.save, primary=True)
        self.cancel_button = button("Cancel edit", self.cancel_edit)
        row.addWidget(self.response_title)
        row.addWidget(self.response_note, 1)
        self.full_answer_button = button("Show full answer", self._show_whole_answer)
        self.steps_button = button("Steps and tokens…", self.look, tip="Check the answer step by step")
        row.addWidget(self.steps_button)
        for one in (
            self.full_answer_button,
            self.original_button,
            self.restore_button,
            self.cancel_button,
            self.save_button,
        ):
            one.hide()  # until a record needs it
            row.addWidget(one)
        column.addLayout(row)
        self.response.setFrameShape(QFrame.Shape.NoFrame)
        column.addWidget(self.response, 1)
        column.addWidget(self.formatted, 1)
        return frame

    def _show_response(self, *, whole: bool = False) -> None:
        assert self.item is not None
        stored = self.item.stored
        if self._is_original:
            self.response.show_answer(stored.record.response, (), whole=whole)
        else:
            self.response.show_answer(stored.current.response, stored.leaks, whole=whole)
        self._show_format()
        self._show_state()

    def _show_format(self) -> None:
        """Set Markdown and formulas, unless leaks are marked in the answer or the user wants plain text."""
        if self.item is None or self.response.is_editing:
            return
        stored = self.item.stored
        text = stored.record.response if self._is_original else stored.current.response
        leaks = () if self._is_original else stored.leaks
        is_plain = bool(leaks) or self.response.is_shortened or text_display().as_written
        is_set = not is_plain and has_markup(text)
        self.formatted.setVisible(is_set)
        self.response.setVisible(not is_set)
        if is_set:
            self.formatted.show_text(text)

    @property
    def _is_original(self) -> bool:
        assert self.item is not None
        return self._shows_original and self.item.stored.edited is not None

    def _show_state(self) -> None:
        assert self.item is not None
        edited, editing = self.item.stored.edited is not None, self.response.is_editing
        original = edited and self._shows_original
        if editing:
            title, note = "Your answer", "Ctrl+Enter saves, Esc cancels"
        elif original:
            title, note = "Teacher's answer", "not used for training"
        elif edited:
            title, note = "Response", "edited by you"
        else:
            title, note = "Response", "same in both records"
        self.response_title.setText(title)
        self.response_note.show_text(note)
        self.original_button.setVisible(edited and not editing)
        self.original_button.setText("Show your answer" if original else SHOW_ORIGINAL)
        self.restore_button.setVisible(edited and not editing)
        self.full_answer_button.setVisible(self.response.is_shortened)
        self.save_button.setVisible(editing)
        self.cancel_button.setVisible(editing)

    def _toggle_original(self) -> None:
        self._shows_original = not self._shows_original
        self._show_response()

    def _show_whole_answer(self) -> None:
        if self.item is not None:
            self._show_response(whole=True)

    def _show_whole(self) -> None:
        if self.item is not None:
            self.erasure.show_segments(self.item.segments, whole=True)
            self.full_texts_button.hide()


class _ColumnHeading(QFrame):
    """The heading of a column: an icon and a title above a line, all in one colour."""

    def __init__(self, desk: Desk, image: str, role: Literal["teacher", "student"], title: str) -> None:
        super().__init__()
        self.desk, self._image, self._role = desk, image, role
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(GRID + 4, GRID, GRID, GRID)
        self.row.setSpacing(GRID)
        self._icon = QLabel()
        title_label = ElidedLabel(title, bold=True, tone=role)
        self.row.addWidget(self._icon)
        self.row.addWidget(title_label, 1)
        desk.theme.changed.connect(self._paint)
        self._paint()

    def _paint(self) -> None:
        colours = self.desk.theme.colours
        self._icon.setPixmap(pixmap(self._image, colours, self._role))
        self.setStyleSheet(
            f"_ColumnHeading {{ border: none; border-bottom: 2px solid {colours.css(self._role)}; }}"
        )
