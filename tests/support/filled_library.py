"""A library with something on every page, without any model: tasks, trainings, evaluations, chats."""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path

from doubles import QUICK, SHORT, open_small, small_snapshot, small_tasks
from experiments import store_experiment

from orca_desk.library.chats import ChatMessage, create_columns
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.proposals import add_proposals
from orca_desk.library.record_edits import decide
from orca_desk.library.records import list_records
from orca_desk.library.runs import end_run
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import add_events, create_training
from orca_desk.method.arms import Arm
from orca_desk.method.proposals import Proposal
from orca_desk.method.records import Task

LONG = "How many of the seventeen boxes that Ada carried to the market were still closed in the evening? " * 4
STUDENT = Path("a-student-with-a-rather-long-name-0.6B-instruct.Q4_K_M.gguf")


def fill(folder: Path) -> None:
    """Make a library in `folder` in which every page has something to show, long texts among it."""
    with open_small(folder) as library:
        add_tasks(library, _long_tasks())
        snapshot = small_snapshot(library)
        decide(library, [one.record.id for one in list_records(library).items[:3]], "keep")
        for seed in (0, 1):
            _train(library, snapshot, seed)
        for name, share in (("base", 4), ("tuned", 2), ("teacher", 1)):
            _evaluate(library, name, share)
        store_experiment(library, lambda arm, seed, message, task: arm is not Arm.BASE)
        _chat(library)
        add_proposals(library, "grow-1", [_proposal(number) for number in range(8)])


def _long_tasks() -> list[Task]:
    return [
        Task(
            family="word problems with a family name that is long",
            query=f"{number}. {LONG}",
            answer=str(number),
            tags=("imported", "a tag of several words"),
            split="heldout" if number % 4 == 0 else "train",
        )
        for number in range(12)
    ]


def _train(library: Library, snapshot: str, seed: int) -> None:
    settings = QUICK.to_dict() | {"seed": seed}
    made = create_training(library, base=STUDENT, snapshot=snapshot, settings=settings)
    steps = [
        {
            "event": "metrics",
            "step": step,
            "steps": 20,
            "epoch": 1,
            "loss": 2.0 / step,
            "lr": 2e-4,
            "tokens": 500,
            "tokens_per_second": 1234.5,
        }
        for step in range(1, 21)
    ]
    checks = [{"event": "eval", "step": step, "loss": 2.0 - step / 20} for step in (0, 10, 20)]
    add_events(library, made.id, [*steps, *checks])
    end_run(library, made.id, "done", "")


def _evaluate(library: Library, name: str, share: int) -> None:
    tasks = [task for task in small_tasks() if task.split == "heldout"]
    made = create_evaluation(
        library,
        model=STUDENT,
        adapter=None,
        system_kind="cautious",
        system="You are a cautious assistant.",
        questions=[Question.of(task, "step-by-step") for task in tasks],
        settings={"of": name, "sampling": asdict(SHORT)},
        name=name,
    )
    answers = [
        Answered(
            task_id=task.id,
            response=f"First we think about it.\nAnswer: {task.answer}",
            correct=number % share == 0,
            reason="The answer is the reference.",
            recognised="step-by-step",
            completion_tokens=12 + number,
            finish_reason="stop",
        )
        for number, task in enumerate(tasks)
    ]
    add_answers(library, made.id, answers)
    end_run(library, made.id, "done", "")


def _chat(library: Library) -> None:
    turns = [
        ChatMessage(role="user", content="Is 17 prime?"),
        ChatMessage(
            role="assistant", content="Yes: only **1** and 17 divide it.\n\n- 2 * 8 = 16\n- 3 * 6 = 18"
        ),
    ]
    models = [(STUDENT, None), (Path("teacher.gguf"), None)]
    create_columns(library, title=LONG, models=models, system="You are cautious.", turns=turns)


def _proposal(number: int) -> Proposal:
    return Proposal(
        task=Task(family="owls", query=f"{number}. {LONG}", answer="mice"),
        ancestry={"kind": "document", "document": "owls.txt"},
        checks={"with": True},
        confirmed=number % 2 == 0,
    )


@contextmanager
def filled_folder() -> Iterator[Path]:
    """Yield a folder with a copy of the filled library, which is made once a session."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "library"
        shutil.copytree(_filled(), copy)
        yield copy


@cache
def _filled() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="orca-desk-filled-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    fill(folder / "library")
    return folder / "library"
