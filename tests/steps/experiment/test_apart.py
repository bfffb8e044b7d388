"""What an experiment made stays apart from the user's own students and evaluations."""

from dataclasses import replace
from pathlib import Path

import pytest
from doubles import QUICK, open_small, small_snapshot, small_tasks

from orca_desk.library.database import Library
from orca_desk.library.derived import derive_snapshot
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.overview import overview
from orca_desk.library.runs import end_run
from orca_desk.library.snapshots import snapshot_records
from orca_desk.library.trainings import Training, create_training, get_training, set_adapter
from orca_desk.steps.chat.models import finished_trainings
from orca_desk.steps.evaluate.comparison import companions, list_with_answers


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


def add_training(library: Library, snapshot: str) -> Training:
    """Add a finished training with an adapter that is a file."""
    made = create_training(library, base=Path("student"), snapshot=snapshot, settings=QUICK.to_dict())
    adapter = made.folder / "adapter.gguf"
    adapter.parent.mkdir(parents=True)
    adapter.touch()
    end_run(library, made.id, "done", "")
    return set_adapter(library, made.id, adapter=made.folder, gguf=adapter, sha256="0" * 64)


def add_evaluation(library: Library, name: str, *, correct: bool = True) -> str:
    """Add a finished evaluation of a tuned student."""
    tasks = [task for task in small_tasks() if task.split == "heldout"]
    made = create_evaluation(
        library,
        model=Path("student"),
        adapter=Path("adapter"),
        system_kind="empty",
        system="",
        questions=[Question.of(task, None) for task in tasks],
        settings={"name": name},
        name=name,
    )
    answer = Answered(
        task_id="",
        response="",
        correct=correct,
        reason="",
        recognised=None,
        completion_tokens=1,
        finish_reason="stop",
    )
    add_answers(library, made.id, [replace(answer, task_id=task.id) for task in tasks])
    end_run(library, made.id, "done", "")
    return made.id


def test_the_newest_student_is_the_user_s_own(library):
    snapshot = small_snapshot(library)
    own = add_training(library, snapshot)
    shortened = [replace(one, assistant="Answer: 1", id="") for one in snapshot_records(library, snapshot)]
    arm = add_training(library, derive_snapshot(library, snapshot, "arm", shortened, {}).id)
    assert [get_training(library, one.id).derived for one in (own, arm)] == [False, True]
    assert [one.id for one in finished_trainings(library)] == [own.id, arm.id]
    assert overview(library).newest_training == own.id


def test_evaluations_of_an_experiment_are_compared_where_one_of_them_is_chosen(library):
    own, other = add_evaluation(library, "tuned", correct=False), add_evaluation(library, "base")
    first = add_evaluation(library, "experiment-1 erased 0, none")
    second = add_evaluation(library, "experiment-1 erased 0, wrong")
    rows = list_with_answers(library)
    assert [one.id for one in rows] == [second, first, other, own]
    assert companions(rows) == [other, own]
    assert companions(rows, first) == [other, own, first]
    best = overview(library).best
    assert best is not None
    assert (best.evaluation, best.among) == (other, 2)
