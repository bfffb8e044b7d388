"""The dialog that imports a model's answers as teacher records: rows, strategies, and refused rows."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtWidgets import QDialogButtonBox, QWidget

from orca_desk.formats.answer_rows import AnsweredRow
from orca_desk.formats.rows import BadRow
from orca_desk.steps.collect.answers_request import AnswersRequest, PreviewedAnswers, preview_answers
from orca_desk.steps.collect.request import TaskSource
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.tasks.import_choices import AnswersChoices, ColumnChoices
from orca_desk.ui.pages.tasks.import_tables import PreviewModel
from orca_desk.ui.pages.tasks.source_dialog import PROBLEMS, SourceDialog, heading_of
from orca_desk.ui.widgets.text import button
from orca_desk.ui.words.answers_import import (
    answers_preview_notes,
    answers_preview_summary,
    message_line,
)
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
ABOUT = (
    "Each row becomes a teacher record. Its system message becomes a strategy, erased for the student"
    " like any other. How the answers were sampled stays unknown."
)


class AnswersDialog(SourceDialog[PreviewedAnswers]):
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
        others_follow: bool = False,
    ) -> None:
        """`as_tasks` opens the import of tasks instead; `position` says which of several sources this is."""
        self.answers_choices = AnswersChoices(source, families, strategies)
        super().__init__(
            desk,
            parent,
            title="Import answers",
            heading=heading_of(f"Import the answers in {source.name}", position),
            about=ABOUT,
            others_follow=others_follow,
            remarks="muted",
            choices=self.answers_choices,
            fields=ColumnChoices(FIELDS),
        )
        self._start, self._as_tasks = start, as_tasks
        theme = desk.theme
        self.rows = PreviewModel(theme, ("Line", "System message", "Question", "Answer", "Answered by"))
        self.messages = PreviewModel(theme, ("Rows", "Strategy", "System message"))
        self.add_table(self.rows, (56, 220, 260, 240, 100), "First rows")
        self.add_table(self.messages, (72, 340, 400), "Strategies")
        self.add_table(self.problems, (56, 420, 300), PROBLEMS)
        self.tasks_button = button("Import as tasks…", self._change_to_tasks)
        self.tasks_button.setAutoDefault(False)
        self.buttons.addButton(self.tasks_button, QDialogButtonBox.ButtonRole.ResetRole)
        self.read()

    def request(self) -> AnswersRequest:
        """Return what to import and how."""
        return self.answers_choices.request(self.fields.chosen)

    def begin(self) -> None:
        """Start the import."""
        self._start(self.request())

    def previewing(self) -> Callable[[], PreviewedAnswers]:
        """Return what reads the first rows as answers."""
        wanted, library = self.request(), self.desk.library
        return lambda: preview_answers(library, wanted)

    def show_preview(self, preview: PreviewedAnswers) -> None:
        """Show the rows as answers, and the strategies that their system messages become."""
        survey = preview.survey
        self.fields.show_columns(survey.columns, survey.mapping)
        self.answers_choices.show_file(preview.preview.read_as)
        self.answers_choices.show_columns(survey.columns)
        bad = {number for number, row in enumerate(preview.preview.rows) if isinstance(row, BadRow)}
        self.rows.set_rows([_cells(row) for row in preview.preview.rows], bad)
        self.messages.set_rows(
            [
                (f"{one.rows:,}", message_line(one), shorten(one.message) or "(none)")
                for one in preview.messages
            ],
            set(),
        )
        self.tabs.setTabText(1, f"Strategies ({len({one.strategy for one in preview.messages}):,})")
        self.show_problems(preview.preview.problems, preview.refused)
        self.offer("answer", good=survey.good, whole=survey.whole)
        self.summary.setText(answers_preview_summary(preview))
        self.remark(answers_preview_notes(preview))

    def _change_to_tasks(self) -> None:
        self._as_tasks()
        self.skip()


def _cells(row: AnsweredRow | BadRow) -> tuple[str, ...]:
    if isinstance(row, BadRow):
        return (f"{row.line:,}", f"{sentence(row.what)} {row.hint}", "", "", "")
    texts = (row.system, row.user_text, row.response, row.model)
    return (f"{row.line:,}", *map(shorten, texts))
