"""What a reviewer does to records. Everything but regenerating and exporting can be undone."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from orca_desk.errors import UserError
from orca_desk.library.records import RecordFilter, decide
from orca_desk.library.review import restore_decisions
from orca_desk.method.fitness import Decision
from orca_desk.method.records import Sampling
from orca_desk.models.model_file import ModelFile
from orca_desk.steps.defaults import default_runner
from orca_desk.steps.erase.export_records import export_records
from orca_desk.steps.erase.revise import edit_answer, undo_edit
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.words.counting import counted

if TYPE_CHECKING:
    from orca_desk.steps.instruct.regenerate import Regenerated

VERBS: dict[Decision | None, str] = {"keep": "keep", "drop": "drop", None: "undecide"}


class RecordActions(QObject):
    """Changes records through the undo stack, and starts the jobs for records.

    `failed` carries the error of a change or a job. `regenerated` carries the row id of the record that was
    asked again and the Regenerated; `exported` the number of records and the file.
    """

    failed = Signal(object)
    regenerated = Signal(int, object)
    exported = Signal(int, object)

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self.desk = desk

    def decide(self, ids: list[str], decision: Decision | None) -> None:
        """Keep or drop records, or remove the decision."""
        library = self.desk.library
        self.desk.do(
            f"{VERBS[decision]} {counted(len(ids), 'record')}",
            lambda: decide(library, ids, decision),
            lambda before: restore_decisions(library, before),
            "records",
            failed=self.failed.emit,
        )

    def save_edit(self, record_id: str, text: str, *, failed: Callable[[], None]) -> None:
        """Save the user's own answer. If that fails, the signal `failed` is emitted, then `failed` called."""
        library = self.desk.library

        def fail(error: Exception) -> None:
            self.failed.emit(error)
            failed()

        self.desk.do(
            "edit an answer",
            lambda: edit_answer(library, record_id, text),
            lambda before: undo_edit(library, before),
            "records",
            failed=fail,
        )

    def regenerate(
        self, rowid: int, record_id: str, *, model: ModelFile, strategy: str, sampling: Sampling
    ) -> Job:
        """Ask the teacher again for a record, as a job; `regenerated` follows."""
        library = self.desk.library

        def work(tools: Tools) -> "Regenerated":
            from orca_desk.steps.instruct.regenerate import regenerate  # its imports take a while

            return regenerate(
                library,
                default_runner(library, model.path),
                record_id,
                strategy=strategy,
                sampling=sampling,
                progress=tools.progress,
                control=tools.control,
            )

        job = self.desk.jobs.start("Regenerate an answer", "generate", work, changes={"records"})
        self._follow(job, lambda result: self.regenerated.emit(rowid, result))
        return job

    def export(self, path: Path, record_filter: RecordFilter, instruction: str) -> Job:
        """Write the training records of the filtered records to a file, as a job; `exported` follows."""
        library = self.desk.library

        def work(tools: Tools) -> int | None:
            return export_records(
                library, record_filter, instruction, path, progress=tools.progress, control=tools.control
            )

        job = self.desk.jobs.start("Export training records", "export", work, heavy=False)
        self._follow(job, lambda result: self.exported.emit(result, path))
        return job

    def _follow(self, job: Job, done: Callable[[object], None]) -> None:
        def end() -> None:
            if isinstance(job.error, UserError):  # the window reports any other error
                self.failed.emit(job.error)
            elif job.result is not None:
                done(job.result)

        job.ended.connect(end)
