"""What an evaluation asks and its model was trained on is counted, exactly and nearly."""

from pathlib import Path

from library_doubles import judged, make_record

from orca_desk.library.database import Library
from orca_desk.library.evaluations import Question, create_evaluation
from orca_desk.library.new_records import add_records
from orca_desk.library.repeats import Repeats, repeats_of
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import create_training, set_adapter
from orca_desk.method.records import Task

STORY = (
    "On Monday the baker gave seven loaves to the school kitchen, four to the hospital and the rest to a "
    "family that had lost its house in the flood. How many loaves did the family get if he baked {}?"
)


def asked(library: Library, adapter: Path | None, *users: str) -> str:
    made = create_evaluation(
        library,
        model=Path("/models/m.gguf"),
        adapter=adapter,
        system_kind="empty",
        system="",
        questions=[Question(task_id=user, family="f", paired=None, user=user, answer="9") for user in users],
        settings={},
    )
    return made.id


def test_questions_that_a_model_was_trained_on_are_counted(library: Library) -> None:
    task = Task(family="loaves", query=STORY.format("twenty"), answer="9")
    add_tasks(library, [task])
    records = [
        make_record(n, task_id=task.id, family=task.family, user=task.user_text, response=f"So: {n}")
        for n in range(30)
    ]
    add_records(library, [judged(record, n) for n, record in enumerate(records)])
    snapshot = freeze(library, name="first-try")
    training = create_training(library, base=Path("/models/base"), snapshot=snapshot.id, settings={})
    adapter = training.folder / "adapter.gguf"
    set_adapter(library, training.id, adapter=training.folder, gguf=adapter, sha256="0")
    users = (STORY.format("TWENTY"), STORY.format("thirty"), "Who left?")
    assert repeats_of(library, asked(library, adapter, *users)) == Repeats(
        snapshot="first-try", exact=1, near=1
    )
    assert repeats_of(library, asked(library, None, *users)) is None
    assert repeats_of(library, asked(library, training.folder / "other.gguf", *users)) is None
