"""The records of each arm."""

from dataclasses import replace

import pytest
from doubles import QUICK, open_small, small_snapshot

from orca_desk.library.families import rename_family
from orca_desk.library.manifests import manifest
from orca_desk.library.new_records import NewRecord, add_records
from orca_desk.library.records import iterate_records
from orca_desk.library.snapshots import get_snapshot, list_snapshots, snapshot_records
from orca_desk.library.strategies import get_strategy
from orca_desk.method.arms import Arm
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.grading import Verdict
from orca_desk.method.records import digest
from orca_desk.processes.progress import JobControl, StoppedError, silent
from orca_desk.steps.experiment.plan import ExperimentPlan, default_plan
from orca_desk.steps.experiment.preparing import prepare_arms
from orca_desk.steps.experiment.state import ExperimentState


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def plan(library, tiny_llama):
    return replace(default_plan(library, small_snapshot(library), tiny_llama.folder), settings=QUICK)


def prepare(library, plan: ExperimentPlan) -> ExperimentState:
    return prepare_arms(library, plan, progress=silent, control=JobControl())


def add_answer(library, changes: dict) -> None:
    """Add another answer of the same teacher to the task of the first record."""
    first = next(iterate_records(library)).record
    made = replace(first, id=digest(changes), **{name: changes[name] for name in ("sample", "response")})
    verdict = Verdict(correct=changes["correct"], kind="text", answer=None, reason="")
    add_records(library, [NewRecord(record=made, verdict=verdict)])


def test_each_arm_changes_one_thing_and_has_the_same_records(library, plan):
    made = prepare(library, plan)
    arms = {arm: list(snapshot_records(library, one.snapshot)) for arm, one in made.arms.items()}
    assert set(arms) == set(plan.trained)
    assert made.arms[Arm.ERASED].snapshot == plan.snapshot
    for records in arms.values():
        assert [one.user for one in records] == [one.user for one in arms[Arm.ERASED]]
    for erased, told in zip(arms[Arm.ERASED], arms[Arm.NOT_ERASED], strict=True):
        assert erased.system == CAUTIOUS
        assert told.system == get_strategy(library, erased.strategy).instruction
        assert told.assistant == erased.assistant
    for erased, short in zip(arms[Arm.ERASED], arms[Arm.ANSWER_ONLY], strict=True):
        assert short.assistant == erased.assistant.rpartition("\n")[2]
        assert (short.system, short.teacher_record_id) == (erased.system, erased.teacher_record_id)
    reasoning, answer = arms[Arm.ERASED][0].assistant.split("\n")
    assert arms[Arm.EXPLANATION_AFTER][0].assistant == f"{answer}.\n{reasoning}"
    assert (made.arms[Arm.ANSWER_ONLY].rewritten, made.arms[Arm.SHUFFLED].rewritten) == (32, 0)


def test_derived_snapshots_say_what_they_are_and_stay_out_of_the_list(library, plan):
    made = prepare(library, plan)
    assert [one.id for one in list_snapshots(library)] == [plan.snapshot]
    account = manifest(library, made.arms[Arm.ANSWER_ONLY].snapshot)
    assert account["derived_from"] == plan.snapshot
    assert account["note"]["arm"] == "answer-only"
    assert prepare(library, plan) == made


def test_batches_hold_as_many_records_in_every_arm(library, plan):
    made = prepare(library, plan).arms
    assert made[Arm.ERASED].batch_tokens == QUICK.batch_tokens
    assert made[Arm.ANSWER_ONLY].batch_tokens < QUICK.batch_tokens < made[Arm.NOT_ERASED].batch_tokens
    for one in made.values():
        assert one.batch_tokens / one.tokens == pytest.approx(
            QUICK.batch_tokens / made[Arm.ERASED].tokens, rel=0.02
        )


def test_a_record_that_one_arm_cannot_rewrite_is_in_none(library, plan):
    first = next(iterate_records(library)).record
    odd = replace(first, id=digest("odd"), sample=5, response="It may rain.\nOr it may snow. Who knows?")
    add_records(library, [NewRecord(record=odd)])
    snapshot = small_snapshot(library)
    assert get_snapshot(library, snapshot).records == 33
    made = prepare(library, replace(plan, snapshot=snapshot))
    assert made.left_out.no_answer == 1
    assert {one.records for one in made.arms.values()} == {32}
    without = prepare(library, replace(plan, snapshot=snapshot, arms=(Arm.ERASED, Arm.NOT_ERASED)))
    assert without.left_out.no_answer == 0
    assert without.arms[Arm.ERASED].records == 33


def test_fewer_records_and_families_are_those_of_every_arm(library, plan):
    made = prepare(library, replace(plan, families=("sums",), records=5))
    assert {one.records for one in made.arms.values()} == {5}
    assert made.left_out.beyond == 11
    for one in made.arms.values():
        assert {record.family for record in snapshot_records(library, one.snapshot)} == {"sums"}


def test_a_family_is_called_as_it_is_now(library, plan):
    rename_family(library, "sums", "addition")
    made = prepare(library, replace(plan, families=("addition",), arms=(Arm.ERASED,)))
    assert made.arms[Arm.ERASED].records == 16


def test_best_and_first_of_k_need_several_answers_to_a_task(library, plan):
    both = replace(plan, arms=(Arm.BASE, Arm.BEST, Arm.FIRST))
    assert prepare(library, both) == ExperimentState(absent=(Arm.BEST, Arm.FIRST))
    add_answer(library, {"sample": 1, "response": "Long. Answer: box", "correct": True})
    add_answer(library, {"sample": 2, "response": "Answer: table", "correct": False})
    made = prepare(library, both).arms
    (best,) = snapshot_records(library, made[Arm.BEST].snapshot)
    (first,) = snapshot_records(library, made[Arm.FIRST].snapshot)
    assert best.assistant == "Long. Answer: box"
    assert first.assistant.startswith("Recall: we are asked this.")


def test_preparing_can_be_stopped(library, plan):
    control = JobControl()
    control.stop()
    with pytest.raises(StoppedError):
        prepare_arms(library, plan, progress=silent, control=control)
