"""What a reviewer does to records. All but a new record can be undone."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from orca_desk.errors import UserError
from orca_desk.library.records import Decision, RecordFilter, decide
from orca_desk.library.review import restore_decisions
from orca_desk.method.records import Sampling
from orca_desk.models.model_file import ModelFile
from orca_desk.steps.defaults import default_runner
from orca_desk.steps.erase.export_records import export_records
from orca_desk.steps.erase.revise import edit_answer, undo_edit
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.writes import Writes

if TYPE_CHECKING:
    from orca_desk.steps.instruct.regenerate import Regenerated

AT_ONCE = 200  # more decisions than these are written in the background


class RecordActions(QObject):
    """Writes to the library, through undo and jobs.

    `refused` comes with an error that the page shows; `answered` when the teacher was asked again, with the
    number of the record from which it was asked and what came of it (a Regenerated); `exported` with how many
    records were written, and where.
    """

    refused = Signal(object)
    answered = Signal(int, object)
    exported = Signal(int, object)

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self.desk = desk
        self._writes = Writes(desk, self, failed=self.refused.emit)

    def decide(self, ids: list[str], decision: Decision | None) -> None:
        """Keep, drop or undecide some records."""
        library = self.desk.library
        word = {"keep": "Keep", "drop": "Drop", None: "Undecide"}[decision]
        text = f"{word} {len(ids):,} " + ("record" if len(ids) == 1 else "records")
        if len(ids) > AT_ONCE:
            self._writes.do(
                text,
                lambda: decide(library, ids, decision),
                lambda before: restore_decisions(library, before),
                "records",
            )
            return
        before: dict[str, Decision | None] = {}

        def do() -> None:
            before.update(decide(library, ids, decision))

        self.desk.do(text, do, lambda: restore_decisions(library, before), "records")

    def finish(self) -> None:
        """Write now whatever waits: the window is closing."""
        self._writes.finish()

    def save_edit(self, record_id: str, text: str) -> bool:
        """Store the user's own answer; return False where it was refused."""
        library = self.desk.library
        try:
            before = edit_answer(library, record_id, text)
        except UserError as error:
            self.refused.emit(error)
            return False
        is_first = [True]  # what was just written is what the first `do` stands for

        def do() -> None:
            if not is_first:
                edit_answer(library, record_id, text)
            is_first.clear()

        self.desk.do("Edit an answer", do, lambda: undo_edit(library, before), "records")
        return True

    def regenerate(
        self, number: int, record_id: str, *, model: ModelFile, strategy: str, sampling: Sampling
    ) -> Job:
        """Ask the teacher again for a record, as a job; `answered` comes when it has."""
        library = self.desk.library

        def work(tools: Tools) -> "Regenerated":
            from orca_desk.steps.instruct.regenerate import regenerate  # brings the teacher's job along

            return regenerate(
                library,
                default_runner(library, model.path),
                record_id,
                strategy=strategy,
                sampling=sampling,
                progress=tools.progress,
                control=tools.control,
            )

        job = self.desk.jobs.start("Ask the teacher again", "generate", work, changes={"records"})

        def ended() -> None:
            if isinstance(job.error, UserError):
                self.refused.emit(job.error)
            elif job.result is not None:
                self.answered.emit(number, job.result)

        job.ended.connect(ended)
        return job

    def export(self, path: Path, wanted: RecordFilter, instruction: str) -> Job:
        """Write the training records of a filter to a file, as a light job."""
        library = self.desk.library

        def work(tools: Tools) -> int | None:
            return export_records(
                library, wanted, instruction, path, progress=tools.progress, control=tools.control
            )

        job = self.desk.jobs.start("Export training records", "export", work, heavy=False)

        def ended() -> None:
            if isinstance(job.error, UserError):
                self.refused.emit(job.error)
            elif job.result is not None:
                self.exported.emit(job.result, path)

        job.ended.connect(ended)
        return job
