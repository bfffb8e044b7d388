"""What an experiment is planned to do, and which plans cannot be carried out."""

from dataclasses import replace
from pathlib import Path

import pytest
from doubles import QUICK, open_small, small_snapshot

from orca_desk.errors import UserError
from orca_desk.library.pairings import current_pairings, withdraw_pairing
from orca_desk.library.snapshots import freeze
from orca_desk.library.trainings import create_training
from orca_desk.method.arms import Arm
from orca_desk.method.erasure import EMPTY
from orca_desk.steps.evaluate.evaluation import System
from orca_desk.steps.experiment.plan import (
    FOUR,
    ExperimentPlan,
    MessageKind,
    checked,
    default_plan,
    lost_under,
    system_for,
    trained_with,
)

BASE = Path("student").resolve()


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def plan(library):
    return default_plan(library, small_snapshot(library), BASE)


def test_the_default_plan_has_all_arms_that_the_snapshot_allows(library, plan):
    assert plan.arms == tuple(arm for arm in Arm if arm not in (Arm.BEST, Arm.FIRST))
    assert (plan.seeds, plan.messages, plan.base) == ((0, 1, 2), FOUR, BASE)
    assert len(checked(library, plan)) == 16
    assert ExperimentPlan.from_json(plan.to_json()) == plan


def test_the_default_plan_trains_as_the_snapshot_was_trained_last(library):
    snapshot = small_snapshot(library)
    with pytest.raises(UserError, match="no student has been trained"):
        default_plan(library, snapshot)
    create_training(library, base=BASE, snapshot=snapshot, settings=replace(QUICK, seed=7).to_dict())
    other = freeze(library, name="other", instruction=EMPTY)
    create_training(library, base=BASE / "other", snapshot=other.id, settings=QUICK.to_dict())
    plan = default_plan(library, snapshot)
    assert (plan.base, plan.settings) == (BASE, replace(QUICK, seed=0))
    assert default_plan(library, other.id).base == BASE / "other"


def test_a_custom_student_message_is_a_message_of_its_own(library):
    small_snapshot(library)
    own = freeze(library, name="own", instruction="Be brief.")
    plan = default_plan(library, own.id, BASE)
    assert plan.messages == (*FOUR, MessageKind.OWN)
    assert system_for(MessageKind.OWN, own.instruction) == System(kind="own", text="Be brief.")
    assert trained_with(Arm.ERASED, own.instruction) is MessageKind.OWN
    assert trained_with(Arm.NOT_ERASED, own.instruction) is MessageKind.STRATEGY
    assert lost_under(plan, own.instruction) is MessageKind.OWN
    assert lost_under(replace(plan, messages=(MessageKind.WRONG,)), own.instruction) is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"arms": (Arm.BASE,)}, "trains no student"),
        ({"seeds": ()}, "has no seed"),
        ({"seeds": (1, 1)}, "seed 1 is named twice"),
        ({"seeds": (-1,)}, "from 0 to"),
        ({"messages": ()}, "has no message"),
        ({"families": ("nope",)}, "no records of a family named nope"),
        ({"families": ()}, "held-out tasks"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(library, plan, changes, sentence):
    with pytest.raises(UserError, match=sentence):
        checked(library, replace(plan, **changes))


def test_families_without_a_strategy_need_messages_without_one(library, plan):
    for one in current_pairings(library).values():
        assert withdraw_pairing(library, one.pairing)
    with pytest.raises(UserError, match="has no strategy"):
        checked(library, plan)
    assert checked(library, replace(plan, messages=(MessageKind.NONE, MessageKind.CAUTIOUS)))


def test_families_restrict_the_held_out_tasks_too(library, plan):
    tasks = checked(library, replace(plan, families=("sums",), per_family=3))
    assert [task.family for task in tasks] == ["sums"] * 3
