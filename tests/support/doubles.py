"""What the job tests share: a library of small tasks and records."""

from pathlib import Path

from new_library import new_library

from orca_desk.library.database import Library
from orca_desk.library.new_records import NewRecord, add_records
from orca_desk.library.pairings import set_pairings
from orca_desk.library.snapshots import freeze
from orca_desk.library.strategies import get_strategy
from orca_desk.library.tasks import add_tasks
from orca_desk.method.pairing import Pairing
from orca_desk.method.records import Provenance, Sampling, Task, TeacherRecord, digest
from orca_desk.student.settings import TrainSettings

SHORT = Sampling(max_tokens=24)
QUICK = TrainSettings(
    rank=4,
    learning_rate=1e-2,
    epochs=2,
    batch_tokens=512,
    checkpoint_every=2,
    eval_every=4,
    eval_fraction=0.1,
    threads=1,
    dtype="float32",
)
PLACES = ("box", "basket", "room", "table")
PAIRED = {"belief": "recall-then-generate", "sums": "step-by-step"}


def small_tasks(count: int = 24) -> list[Task]:
    """Return tasks of two families, `count` of each, every third held out."""
    return [
        Task(
            family=family,
            query=f"Where is ball {index}?" if family == "belief" else f"What is {index} + {index}?",
            context="John puts the ball in the box." if family == "belief" else "",
            answer=PLACES[index % 4] if family == "belief" else str(2 * index),
            split="heldout" if index % 3 == 2 else "train",
        )
        for family in PAIRED
        for index in range(count)
    ]


def open_small(folder: Path) -> Library:
    """Open the library in `folder`, with the small tasks and a pairing for each of their families."""
    library = new_library(folder)
    add_tasks(library, small_tasks())
    set_pairings(
        library,
        [Pairing(family=name, strategy=PAIRED[name], evidence=(), reason="chosen") for name in PAIRED],
        source="chosen",
    )
    return library


def small_snapshot(library: Library) -> str:
    """Freeze one record for each training task, as a teacher that is always right would answer."""
    tasks = [task for task in small_tasks() if task.split == "train"]
    add_records(library, [NewRecord(record=_record(library, task)) for task in tasks])
    return freeze(library, name="small").id


def _record(library: Library, task: Task) -> TeacherRecord:
    strategy = get_strategy(library, PAIRED[task.family])
    return TeacherRecord(
        id=digest(["small", task.id]),
        task_id=task.id,
        family=task.family,
        strategy=strategy.name,
        strategy_version=strategy.version,
        sample=0,
        system=strategy.instruction,
        user=task.user_text,
        response=f"Recall: we are asked this.\nAnswer: {task.answer}",
        provenance=Provenance(
            model_sha256="0" * 64,
            quantisation="F32",
            template_sha256="0" * 64,
            sampling=SHORT,
            engine="by hand",
            batch=1,
            prompt_tokens=20,
            completion_tokens=20,
            finish_reason="stop",
            created_at="2026-01-01T00:00:00.000+00:00",
        ),
    )
