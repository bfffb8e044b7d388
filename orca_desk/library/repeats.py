"""Which questions of an evaluation the model was trained on: it may only remember their answers."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from orca_desk.library.database import Library
from orca_desk.library.evaluations import get_evaluation
from orca_desk.library.model_uses import trained_adapters
from orca_desk.library.snapshots import get_snapshot, snapshot_records
from orca_desk.library.trainings import get_training
from orca_desk.method.overlap import find_overlaps
from orca_desk.method.turns import text_to_compare, turns_from_json


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """How many of the questions are in the `snapshot` (its name), in the same words or nearly so."""

    snapshot: str
    exact: int
    near: int


def repeats_of(library: Library, evaluation_id: str) -> Repeats | None:
    """Compare an evaluation's questions with what its adapter was trained on.

    None for a model without an adapter, and for an adapter that no training of this library made.
    """
    adapter = get_evaluation(library, evaluation_id).adapter
    made_by = {path: training for training, path in trained_adapters(library).items()}
    if adapter is None or adapter not in made_by:
        return None
    snapshot = get_snapshot(library, get_training(library, made_by[adapter]).snapshot)
    found = find_overlaps(_asked(library, evaluation_id), _trained(library, snapshot.id))
    kinds = Counter(one.kind for one in found.values())
    return Repeats(snapshot=snapshot.name, exact=kinds["exact"], near=kinds["near"])


def _asked(library: Library, evaluation_id: str) -> Iterator[tuple[str, str]]:
    rows = library.rows("SELECT task_id, user, turns FROM questions WHERE evaluation = ?", (evaluation_id,))
    for row in rows:
        yield row["task_id"], text_to_compare(turns_from_json(row["turns"]), row["user"])


def _trained(library: Library, snapshot_id: str) -> Iterator[tuple[str, str]]:
    texts = (text_to_compare(one.turns, one.user) for one in snapshot_records(library, snapshot_id))
    # One question has several answers, and many copies of it would count as a template
    yield from ((text, text) for text in dict.fromkeys(texts))
