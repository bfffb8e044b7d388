"""The evaluations of a training's student, and the plan of another one."""

from pathlib import Path

import pytest
from doubles import QUICK, open_small, small_snapshot

from orca_desk.errors import UserError
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.trainings import Training, create_training, get_training, set_adapter
from orca_desk.models.hashes import HashCache
from orca_desk.paths import bundled_models
from orca_desk.steps.evaluate.of_training import evaluations_of, plan_of_training

BASE = bundled_models() / "mini-student"


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def training(library) -> Training:
    made = create_training(library, base=BASE, snapshot=small_snapshot(library), settings=QUICK.to_dict())
    made.folder.mkdir(parents=True)
    gguf = made.folder / "adapter.gguf"
    gguf.write_bytes(b"adapter")
    return set_adapter(library, made.id, adapter=made.folder / "adapter", gguf=gguf, sha256="0" * 64)


def evaluated(library, adapter: Path | None, name: str, sha256: str, right: int) -> str:
    """Store an evaluation of two questions, `right` of which were answered correctly."""
    questions = [Question(task_id=f"t{n}", family="sums", user=f"{n}?", answer="1") for n in range(2)]
    made = create_evaluation(
        library,
        model=BASE / "mini-student.gguf",
        adapter=adapter,
        system_kind="cautious",
        system="",
        questions=questions,
        settings={"adapter": sha256, "name": name},
        name=name,
    )
    answers = [
        Answered(
            task_id=one.task_id, response="1", correct=n < right, reason="", recognised=None,
            completion_tokens=1, finish_reason="stop",
        )
        for n, one in enumerate(questions)
    ]  # fmt: skip
    add_answers(library, made.id, answers)
    return made.id


def test_evaluations_are_those_of_the_adapter_and_say_if_it_was_replaced(library, training):
    now = HashCache(library.folder).sha256(training.adapter_gguf)
    old = evaluated(library, training.adapter_gguf, "tuned", "1" * 64, 0)
    new = evaluated(library, training.adapter_gguf, "tuned", now, 2)
    evaluated(library, training.adapter_gguf, "checkpoint 4 of train-1", now, 1)
    evaluated(library, None, "base", "", 1)
    found = evaluations_of(library, [training])[training.id]
    assert [(one.listed.id, one.is_earlier) for one in found] == [(new, False), (old, True)]
    assert found[0].listed.accuracy.share == 1.0


def test_the_plan_asks_student_and_base_all_held_out_tasks(library, training):
    plan = plan_of_training(library, training.id)
    assert [one.name for one in plan.candidates] == ["base", "tuned"]
    assert plan.per_family is None and "sums" in plan.families
    library.write(lambda db: db.execute("UPDATE tasks SET split = 'train'").rowcount)
    with pytest.raises(UserError, match="no held-out tasks"):
        plan_of_training(library, training.id)


def test_a_training_without_an_adapter_is_refused(library):
    made = create_training(library, base=BASE, snapshot=small_snapshot(library), settings=QUICK.to_dict())
    with pytest.raises(UserError, match="has no adapter"):
        plan_of_training(library, made.id)
    assert evaluations_of(library, [get_training(library, made.id)]) == {made.id: ()}
