"""A small library with something of every kind that can be deleted."""

from pathlib import Path

from library_doubles import judged, make_record, make_task

from orca_desk.library.chats import ChatMessage, create_columns
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.logs import run_log
from orca_desk.library.new_records import add_records
from orca_desk.library.record_edits import decide, revise
from orca_desk.library.runs import create_run, end_run
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import add_events, create_training, set_adapter
from orca_desk.method.snapshot_rules import SnapshotRules


def fill(library: Library) -> None:
    """Add records of a run, a snapshot of five of them, a training with files, two evaluations, a chat."""
    add_tasks(library, map(make_task, range(6)))
    run = create_run(library, "generate", {})
    add_records(library, [judged(make_record(n), n) for n in range(6)], run=run.id)
    end_run(library, run.id, "done", "")
    revise(library, "record-00001", "First try", verdict=None)
    revise(library, "record-00001", "Answer: zebra", verdict=None)
    decide(library, ["record-00005"], "drop")
    snapshot = freeze(library, name="both", rules=SnapshotRules(only_paired=False, only_correct=False))
    training = create_training(library, base=Path("/base"), snapshot=snapshot.id, settings={})
    training.folder.mkdir(parents=True)
    gguf = training.folder / "adapter.gguf"
    gguf.write_bytes(b"weights")
    set_adapter(library, training.id, adapter=training.folder, gguf=gguf, sha256="1")
    add_events(library, training.id, [{"event": "eval", "step": 1, "loss": 0.1}])

    end_run(library, training.id, "done", "")
    run_log(library, training.id).parent.mkdir(exist_ok=True)
    run_log(library, training.id).write_text("log")
    for name in ("tuned", "checkpoint train-1, step 1"):
        evaluation = create_evaluation(
            library,
            model=Path("/base.gguf"),
            adapter=gguf,
            system_kind="empty",
            system="",
            questions=[Question.of(make_task(n), paired=None) for n in (1, 2)],
            settings={"name": name},
            name=name,
        )
        answer = Answered(
            task_id=make_task(1).id,
            response="a giraffe",
            correct=True,
            reason="",
            recognised=None,
            completion_tokens=1,
            finish_reason="stop",
        )
        add_answers(library, evaluation.id, [answer])
        end_run(library, evaluation.id, "done", "")
    models = [(Path("/base.gguf"), None), (Path("/teacher.gguf"), None)]
    asked = ChatMessage(role="user", content="Why do kites fly?")
    create_columns(library, title="Kites", models=models, system="", turns=[asked])
