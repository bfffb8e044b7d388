"""One import of answers, ready to run; what it would do; and taking it back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.formats.answers import AnswerFile, AnswersAsked, AnswersPreview, AnswerSurvey
from orca_desk.formats.layout import Asked
from orca_desk.formats.tasks import opened
from orca_desk.library.database import Library
from orca_desk.library.deleted_tasks import DeletedTasks
from orca_desk.library.record_edits import decide
from orca_desk.library.records import RecordFilter, iterate_records
from orca_desk.library.tasks import delete_tasks
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.collect.import_records import (
    AnswersChoice,
    import_answers,
    message_counts,
    planned,
)
from orca_desk.steps.collect.imported_records import (
    AnswersUndo,
    ImportedRecords,
    MessageCount,
    records_outcome,
)
from orca_desk.steps.collect.looking import look_into
from orca_desk.steps.collect.message_strategies import PREFIX
from orca_desk.steps.collect.request import SourceRequest, TaskSource
from orca_desk.steps.recorder import find_or_create_run, record_run
from orca_desk.steps.regrading import bring_back

KIND = "import-answers"
UNIT = "rows"


@dataclass(frozen=True, kw_only=True)
class AnswersRequest(SourceRequest):
    """What to import as teacher records, and how. For the fields see `AnswersAsked` and `AnswersChoice`."""

    kind = KIND
    instruction_is_system: bool = False
    model: str = ""
    without_message: str | None = None

    @property
    def asked(self) -> AnswersAsked:
        """What the user said about the file."""
        return AnswersAsked(
            mapping=self.mapping,
            instruction_is_system=self.instruction_is_system,
            file=Asked(encoding=self.encoding, header=self.header, rows_in=self.rows_in),
        )

    @property
    def choice(self) -> AnswersChoice:
        """What the user chose for the records."""
        return AnswersChoice(family=self.family, model=self.model, without_message=self.without_message)

    def run(
        self,
        library: Library,
        *,
        refused: Path | None = None,
        progress: Progress = silent,
        control: JobControl | None = None,
    ) -> ImportedRecords:
        """Import the answers as a run of the library; write rows that are refused to the file `refused`.

        An import that was cut off is the same run when it is started again: no record comes in twice.
        Raises UserError if the source cannot be read or has no readable answer.
        """
        run = find_or_create_run(library, KIND, self._settings(), self.to_json())
        with record_run(library, run, progress=progress) as recorder:
            recorder.unit = UNIT
            imported = import_answers(
                library,
                self.source,
                self.asked,
                self.choice,
                run=run,
                refused=refused,
                progress=recorder.report,
                control=control,
            )
            recorder.outcome = records_outcome(imported).to_json()
            recorder.finished = imported.finished
        return imported

    def try_out(
        self,
        library: Library,
        *,
        refused: Path | None = None,
        progress: Progress = silent,
        control: JobControl | None = None,
    ) -> ImportedRecords:
        """Return what `run` would do, without storing anything."""
        return import_answers(
            library,
            self.source,
            self.asked,
            self.choice,
            refused=refused,
            dry_run=True,
            progress=progress,
            control=control,
        )

    def _settings(self) -> dict[str, Any]:
        """Return what makes this import the same one when it is started again."""
        return {name: value for name, value in self.to_json().items() if name != "text"} | {
            "file": self.source.key
        }


@dataclass(frozen=True, kw_only=True)
class PreviewedAnswers:
    """The first rows of a source as answers, and the strategies of their system messages."""

    preview: AnswersPreview
    messages: tuple[MessageCount, ...]
    rare: int

    @property
    def survey(self) -> AnswerSurvey:
        """What the rows that were looked at show."""
        return self.preview.survey

    @property
    def refused(self) -> int:
        """How many of the rows that were looked at are refused."""
        return self.survey.rows - self.survey.good


def preview_answers(library: Library, request: AnswersRequest) -> PreviewedAnswers:
    """Return what `request` would do with the first rows. Raises UserError if there are none to be read."""
    found = look_into(request.source, "answers", request.asked)
    preview = AnswersPreview.from_json(found["preview"])
    plan = planned(library, preview.survey, request.choice)
    return PreviewedAnswers(
        preview=preview,
        messages=message_counts(plan, preview.survey, {(one.name, one.version) for one in plan.new}),
        rare=plan.rare,
    )


def holds_answers(source: TaskSource, file: Asked) -> bool:
    """Return whether a source holds a model's answers rather than tasks; False if it cannot be read."""
    try:
        with opened(source.open()) as (stream, path):
            return AnswerFile(stream, path, AnswersAsked(file=file)).holds_answers()
    except UserError:
        return False


@dataclass(frozen=True, kw_only=True)
class TakenBackAnswers:
    """What `take_back_answers` did: `put_back_answers` undoes it.

    `strategies` were made for imports and stay, as the dropped records refer to them.
    """

    dropped: tuple[str, ...]
    deleted: DeletedTasks
    strategies: tuple[str, ...]


def take_back_answers(library: Library, undo: AnswersUndo) -> TakenBackAnswers:
    """Drop the records of an import, as records are never deleted, and delete the tasks that it added."""
    wanted = RecordFilter(run=undo.run, decision="none")
    records = {stored.record.id: stored.record.strategy for stored in iterate_records(library, wanted)}
    dropped = tuple(records)
    decide(library, dropped, "drop")
    return TakenBackAnswers(
        dropped=dropped,
        deleted=delete_tasks(library, undo.tasks),
        strategies=tuple(sorted(name for name in set(records.values()) if name.startswith(PREFIX))),
    )


def put_back_answers(library: Library, taken: TakenBackAnswers) -> None:
    """Undo `take_back_answers`."""
    bring_back(library, taken.deleted)
    decide(library, taken.dropped, None)
