"""One record as a reviewer sees it: beside what becomes of it, and with who made it."""

from collections.abc import Sequence
from dataclasses import dataclass

from orca_desk.library.database import Library
from orca_desk.library.records import StoredRecord
from orca_desk.library.review import record_at
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import get_tasks
from orca_desk.method.erasure import Segment, difference, erase, revealed_strategies
from orca_desk.method.records import TrainingRecord
from orca_desk.models.hashes import HashCache
from orca_desk.models.model_file import ModelFile


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A teacher record and its training record. `segments` is what erasure did.

    `revealed` are the strategies that the student's instruction quotes, so that nothing is erased there;
    `maker` is the model on this machine that made the record, if its hash is known.
    """

    number: int
    stored: StoredRecord
    training: TrainingRecord
    segments: tuple[Segment, ...]
    revealed: tuple[str, ...]
    has_task: bool
    maker: ModelFile | None


def compare(library: Library, number: int, instruction: str, *, models: Sequence[ModelFile] = ()) -> Compared:
    """Return the record at a place of the library, with `instruction` in place of the strategy's."""
    stored = record_at(library, number)
    training = erase(stored.current, instruction)
    hashes = HashCache(library.folder).known()
    made_by = stored.record.provenance.model_sha256
    return Compared(
        number=number,
        stored=stored,
        training=training,
        segments=difference(stored.current, training),
        revealed=tuple(revealed_strategies(instruction, current_strategies(library).values())),
        has_task=bool(get_tasks(library, [stored.record.task_id])),
        maker=next((model for model in models if hashes.sha256_of(model.files) == made_by), None),
    )
