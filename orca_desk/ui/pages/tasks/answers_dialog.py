"""The dialog that imports a model's answers as teacher records: rows, strategies, and refused rows."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.formats.answer_rows import AnsweredRow
from orca_desk.formats.encoding import WORDS
from orca_desk.formats.json_layout import SeveralListsError
from orca_desk.formats.rows import BadRow
from orca_desk.formats.tasks import DEFAULT_FAMILY
from orca_desk.steps.collect.answers_request import AnswersRequest, PreviewedAnswers, preview_answers
from orca_desk.steps.collect.request import TaskSource
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.tasks.import_choices import TYPING_MS, ColumnChoices, grid_of, place
from orca_desk.ui.pages.tasks.import_tables import PreviewModel, preview_table
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.answers_import import (
    answers_preview_notes,
    answers_preview_summary,
    message_line,
)
from orca_desk.ui.words.counting import counted
from orca_desk.ui.words.shorten import shorten
from orca_desk.ui.words.tasks import sentence

FIELDS = {
    "system": "System message",
    "query": "Question",
    "response": "Model's answer",
    "conversation": "Conversation",
    "context": "Context",
    "answer": "Reference answer",
    "family": "Family",
    "model": "Answered by (column)",
    "finish_reason": "Finish reason",
    "strategy": "Strategy",
}
OWN_STRATEGY = "A strategy of their own"
ABOUT = (
    "Each row becomes a teacher record. Its system message becomes a strategy, erased for the student"
    " like any other. How the answers were sampled stays unknown."
)


class AnswersDialog(QDialog):
    """Shows the first rows of `source` as answers, and passes the user's choices to `start`."""

    def __init__(
        self,
        desk: Desk,
        parent: QWidget,
        *,
        source: TaskSource,
        families: Sequence[str],
        strategies: Sequence[str],
        start: Callable[[AnswersRequest], Any],
        as_tasks: Callable[[], Any],
        position: str = "",
    ) -> None:
        """`as_tasks` opens the import of tasks instead; `position` says which of several sources this is."""
        super().__init__(parent)
        self.desk, self.source, self._start, self._as_tasks = desk, source, start, as_tasks
        self.preview: PreviewedAnswers | None = None
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(TYPING_MS)
        self._typed.timeout.connect(self._read)
        self.setWindowTitle("Import answers")
        self.resize(960, 720)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        title = f"Import the answers in {source.name}"
        layout.addWidget(label(f"{title}  ({position})" if position else title, size="heading", bold=True))
        layout.addWidget(label(ABOUT, tone="muted", wrap=True))
        self.summary = label("Reading…", wrap=True)
        layout.addWidget(self.summary)
        self.notes = label(tone="muted", wrap=True)
        self.notes.hide()
        layout.addWidget(self.notes)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        layout.addWidget(self._choices(families, strategies))
        self.fields = ColumnChoices(FIELDS)
        self.fields.changed.connect(self._read)
        layout.addWidget(self.fields)
        layout.addWidget(self._tabs(), 1)
        layout.addWidget(self._buttons())
        self._read()

    def request(self) -> AnswersRequest:
        """Return what to import and how."""
        return AnswersRequest(
            source=self.source,
            mapping=dict(self.fields.chosen) or None,
            instruction_is_system=self.instruction.isChecked(),
            family=self.family.currentText().strip() or DEFAULT_FAMILY,
            model=self.model.text().strip(),
            without_message=self.strategy.currentData(),
            encoding=self.encoding.currentData(),
            rows_in=self.rows_in.currentData() or "",
        )

    def accept(self) -> None:
        """Start the import, if there is an answer to import."""
        if self.import_button.isEnabled():
            self._start(self.request())
            super().accept()

    def _choices(self, families: Sequence[str], strategies: Sequence[str]) -> QWidget:
        widget = QWidget()
        grid = grid_of(widget)
        self.family = QComboBox()
        self.family.setEditable(True)
        self.family.addItems(list(dict.fromkeys((self.source.family, DEFAULT_FAMILY, *families))))
        self.family.currentTextChanged.connect(lambda _: self._typed.start())
        self.model = QLineEdit()
        self.model.setPlaceholderText("if you know it")
        self.model.setToolTip("Who answered, where the rows do not say it")
        self.model.textChanged.connect(lambda _: self._typed.start())
        self.strategy = QComboBox()
        self.strategy.addItem(OWN_STRATEGY, None)
        for name in strategies:
            self.strategy.addItem(name, name)
        self.encoding = QComboBox()
        self.encoding.addItem("Recognised", None)
        for name, words in WORDS.items():
            self.encoding.addItem(words, name)
        self.rows_in = QComboBox()
        for box in (self.family, self.strategy, self.encoding, self.rows_in):
            box.setMinimumContentsLength(12)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for box in (self.strategy, self.encoding, self.rows_in):
            box.activated.connect(lambda _: self._read())
        self.instruction = QCheckBox("Instruction is the system message")
        self.instruction.setToolTip("For Alpaca's rows: their input is then the question")
        self.instruction.toggled.connect(lambda _: self._read())
        place(grid, "Family for rows without one", self.family, 0, 0)
        place(grid, "Answered by", self.model, 0, 1)
        place(grid, "Rows without a system message", self.strategy, 0, 2)
        place(grid, "Encoding", self.encoding, 0, 3)
        self._list_title = place(grid, "List with the rows", self.rows_in, 0, 4)
        grid.addWidget(self.instruction, 2, 0, 1, 5)
        self._offer_lists(())
        return widget

    def _tabs(self) -> QTabWidget:
        theme = self.desk.theme
        self.rows = PreviewModel(theme, ("Line", "System message", "Question", "Answer", "Answered by"))
        self.messages = PreviewModel(theme, ("Rows", "Strategy", "System message"))
        self.problems = PreviewModel(theme, ("Line", "Problem", "What to do"))
        self.tabs = QTabWidget()
        for model, widths, title in (
            (self.rows, (56, 220, 260, 240, 100), "First rows"),
            (self.messages, (72, 340, 400), "Strategies"),
            (self.problems, (56, 420, 300), "Problems"),
        ):
            table = preview_table(model, widths)
            table.setAccessibleName(title)
            self.tabs.addTab(table, title)
        return self.tabs

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        self.import_button = button("Import", primary=True, tip="Ctrl+Enter")
        self.import_button.setEnabled(False)
        self.import_button.setDefault(True)
        self.tasks_button = button("Import as tasks…", self._change_to_tasks)
        self.tasks_button.setAutoDefault(False)
        buttons.addButton(self.import_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(button("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.addButton(self.tasks_button, QDialogButtonBox.ButtonRole.ResetRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self).activated.connect(self.accept)
        return buttons

    def _change_to_tasks(self) -> None:
        self._as_tasks()
        self.reject()

    def _offer_lists(self, names: Sequence[str]) -> None:
        if names:
            self.rows_in.clear()
            self.rows_in.addItem("Select one", "")
            for name in names:
                self.rows_in.addItem(shorten(name, 40), name)
        for part in (self.rows_in, self._list_title):
            part.setVisible(self.rows_in.count() > 0)

    def _read(self) -> None:
        wanted, library = self.request(), self.desk.library
        self.desk.background.run(
            self,
            lambda: preview_answers(library, wanted),
            self._take,
            failed=self._fail,
            only_newest="preview",
        )

    def _fail(self, error: Exception) -> None:
        self.preview = None
        if isinstance(error, SeveralListsError):
            self._offer_lists(error.names)
        self.summary.setText("Nothing was imported.")
        self.notes.hide()
        self.import_button.setEnabled(False)
        if isinstance(error, UserError):
            self.notice.show_error(error)
        else:
            self.desk.report(error)

    def _take(self, preview: PreviewedAnswers) -> None:
        self.preview = preview
        self.notice.hide()
        survey = preview.survey
        self.fields.show_columns(survey.columns, survey.mapping)
        plain = {column.casefold() for column in survey.columns}
        self.instruction.setVisible({"instruction", "input"} <= plain)
        bad = {number for number, row in enumerate(preview.rows) if isinstance(row, BadRow)}
        self.rows.set_rows([_cells(row) for row in preview.rows], bad)
        self.messages.set_rows(
            [
                (f"{one.rows:,}", message_line(one), shorten(one.message) or "(none)")
                for one in preview.messages
            ],
            set(),
        )
        self.problems.set_rows(
            [(f"{one.line:,}", sentence(one.what), one.hint) for one in preview.problems], set()
        )
        self.tabs.setTabText(1, f"Strategies ({len({one.strategy for one in preview.messages}):,})")
        self.tabs.setTabText(2, f"Problems ({preview.refused:,})")
        self.tabs.setTabEnabled(2, bool(preview.refused))
        self.import_button.setEnabled(survey.good > 0)
        text = f"Import {counted(survey.good, 'answer')}" if survey.whole else "Import all"
        self.import_button.setText(text if survey.good else "Import")
        self.summary.setText(answers_preview_summary(preview))
        notes = answers_preview_notes(preview)
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))


def _cells(row: AnsweredRow | BadRow) -> tuple[str, ...]:
    if isinstance(row, BadRow):
        return (f"{row.line:,}", f"{sentence(row.what)} {row.hint}", "", "", "")
    texts = (row.system, row.user_text, row.response, row.model)
    return (f"{row.line:,}", *map(shorten, texts))
