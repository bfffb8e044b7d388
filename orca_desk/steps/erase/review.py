"""One record as a reviewer sees it: the teacher record beside its training record."""

from collections.abc import Sequence
from dataclasses import dataclass

from orca_desk.inventory.usage import model_with_hash
from orca_desk.library.database import Library
from orca_desk.library.notes import note_on
from orca_desk.library.records import StoredRecord
from orca_desk.library.review import record_at, standings_now
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import get_tasks
from orca_desk.method.erasure import Segment, difference, erase, revealed_strategies
from orca_desk.method.fitness import RecordStanding
from orca_desk.method.records import TrainingRecord
from orca_desk.models.model_file import ModelFile


@dataclass(frozen=True, kw_only=True)
class ReviewItem:
    """The record in row `rowid`, its training record, and `segments`, the difference between the two.

    `revealed` names the strategies whose instruction the student's message quotes, so that nothing is erased
    for them. `standing` is how it stands under the rules in force; None where these cannot be applied.
    `teacher` is the model that answered, if it is on this machine and its hash is known. `note` is what the
    user noted about it, or "".
    """

    rowid: int
    stored: StoredRecord
    training: TrainingRecord
    segments: tuple[Segment, ...]
    revealed: tuple[str, ...]
    has_task: bool
    standing: RecordStanding | None
    teacher: ModelFile | None
    note: str = ""


def review_item(
    library: Library, rowid: int, instruction: str, *, models: Sequence[ModelFile] = ()
) -> ReviewItem:
    """Return the record in row `rowid`, erased with the student message `instruction`.

    `models` are the models among which to find the teacher. Raises UserError if there is no such row.
    """
    stored = record_at(library, rowid)
    training = erase(stored.current, instruction)
    return ReviewItem(
        rowid=rowid,
        stored=stored,
        training=training,
        segments=difference(stored.current, training),
        revealed=tuple(revealed_strategies(instruction, current_strategies(library).values())),
        standing=standings_now(library, [rowid]).get(rowid),
        has_task=bool(get_tasks(library, [stored.record.task_id])),
        teacher=model_with_hash(library, models, stored.record.provenance.model_sha256),
        note=note_on(library, "record", stored.record.id),
    )
