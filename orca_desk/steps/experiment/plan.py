"""The plan of an experiment: which arms, seeds and system messages, on which records and held-out tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError, other_version
from orca_desk.library.arm_records import several_samples
from orca_desk.library.database import Library
from orca_desk.library.evaluations import list_evaluations
from orca_desk.library.snapshots import get_snapshot
from orca_desk.library.strategies import current_strategies
from orca_desk.library.trainings import list_trainings
from orca_desk.method.arms import SAMPLED, Arm
from orca_desk.method.erasure import CAUTIOUS, EMPTY
from orca_desk.method.records import Sampling, Task
from orca_desk.steps.evaluate.candidates import heldout_tasks, unpaired_heldout
from orca_desk.steps.evaluate.evaluation import System
from orca_desk.student.settings import TrainSettings

KIND = "experiment"
SEEDS = (0, 1, 2)


class MessageKind(StrEnum):
    """A system message under which every student is evaluated."""

    NONE = "none"
    CAUTIOUS = "cautious"
    STRATEGY = "strategy"
    WRONG = "wrong"
    OWN = "own"  # the snapshot's, where that is neither empty nor the cautious one


FOUR = (MessageKind.NONE, MessageKind.CAUTIOUS, MessageKind.STRATEGY, MessageKind.WRONG)
PER_FAMILY = frozenset({MessageKind.STRATEGY, MessageKind.WRONG})  # messages that need a family's strategy


@dataclass(frozen=True, kw_only=True)
class ExperimentPlan:
    """What an experiment does.

    `families` restricts both the records and the held-out tasks; None means all. `records` is the largest
    number of records that an arm is trained on, `per_family` that of held-out tasks per family. `settings`
    are those of every training, but for the seed and for `batch_tokens`, which follows the length of an
    arm's records (see `preparing.py`).
    """

    base: Path
    snapshot: str
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...] = SEEDS
    messages: tuple[MessageKind, ...] = FOUR
    families: tuple[str, ...] | None = None
    per_family: int | None = None
    records: int | None = None
    settings: TrainSettings = field(default_factory=TrainSettings)
    sampling: Sampling = field(default_factory=Sampling)

    @property
    def trained(self) -> tuple[Arm, ...]:
        """The arms that a student is trained for."""
        return tuple(arm for arm in self.arms if arm is not Arm.BASE)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return {
            **asdict(self),
            "base": str(self.base),
            "arms": [str(arm) for arm in self.arms],
            "messages": [str(message) for message in self.messages],
            "seeds": list(self.seeds),
            "families": None if self.families is None else list(self.families),
            "settings": self.settings.to_dict(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "ExperimentPlan":
        """Return the plan that `to_json` wrote. Raises KeyError, TypeError or ValueError otherwise."""
        families = value["families"]
        return cls(
            base=Path(value["base"]),
            snapshot=value["snapshot"],
            arms=tuple(map(Arm, value["arms"])),
            seeds=tuple(value["seeds"]),
            messages=tuple(map(MessageKind, value["messages"])),
            families=None if families is None else tuple(families),
            per_family=value["per_family"],
            records=value["records"],
            settings=TrainSettings.from_dict(value["settings"]),
            sampling=Sampling.from_json(value["sampling"]),
        )


def stored_plan(settings: Mapping[str, Any]) -> ExperimentPlan:
    """Return the plan in the settings of a run. Raises UserError for one that this version cannot read."""
    try:
        return ExperimentPlan.from_json(settings)
    except (KeyError, TypeError, ValueError) as error:
        raise other_version("this experiment", "Set it up again, with this version.") from error


def default_plan(library: Library, snapshot_id: str, base: Path | None = None) -> ExperimentPlan:
    """Return the plan to begin with: all arms that the snapshot allows, three seeds, the four messages.

    Without a `base`, it is the one that was trained on the snapshot last, or last of all. The settings are
    those of its last training on the snapshot, and of its last training otherwise; answers are as long as in
    the last evaluation. Raises UserError for an
    unknown snapshot, and where no base is given and nothing was trained yet.
    """
    snapshot = get_snapshot(library, snapshot_id)
    trainings = [one for one in list_trainings(library) if base is None or one.base == base.resolve()]
    trainings.sort(key=lambda one: one.snapshot != snapshot_id)  # stable: the newest ones stay in front
    if base is None and not trainings:
        raise UserError(
            "There is no student to experiment with: no student has been trained in this library yet.",
            "Name one with --student, the folder or GGUF file of its base model.",
        )
    settings = TrainSettings.from_dict(trainings[0].settings) if trainings else TrainSettings()
    several = next(several_samples(library, snapshot_id), None) is not None
    messages: tuple[MessageKind, ...] = FOUR
    if snapshot.instruction not in (CAUTIOUS, EMPTY):
        messages = (*FOUR, MessageKind.OWN)
    return ExperimentPlan(
        base=(base or trainings[0].base).resolve(),
        snapshot=snapshot_id,
        arms=tuple(arm for arm in Arm if several or arm not in SAMPLED),
        messages=messages,
        settings=replace(settings, seed=0),
        sampling=_last_sampling(library),
    )


def _last_sampling(library: Library) -> Sampling:
    """Return greedy sampling with the longest answer of the newest evaluation."""
    for evaluation in list_evaluations(library)[:1]:
        return Sampling(max_tokens=Sampling.from_json(evaluation.run.settings["sampling"]).max_tokens)
    return Sampling()


def checked(library: Library, plan: ExperimentPlan) -> list[Task]:
    """Return the held-out tasks of a plan. Raises UserError for a plan that cannot be carried out."""
    snapshot = get_snapshot(library, plan.snapshot)
    if not plan.trained:
        raise UserError("The experiment trains no student.", "Choose an arm beside the base, e.g. erased.")
    for what, chosen in (("arm", plan.arms), ("seed", plan.seeds), ("message", plan.messages)):
        _require_distinct(what, chosen)
    if any(not 0 <= seed < 2**32 for seed in plan.seeds):
        raise UserError("A seed is a number from 0 to 4,294,967,295.", "Choose other seeds.")
    if unknown := [family for family in plan.families or () if family not in snapshot.families]:
        raise UserError(
            f"The snapshot {snapshot.name} has no records of a family named {unknown[0]}.",
            f"Choose from: {', '.join(sorted(snapshot.families))}.",
        )
    families = tuple(sorted(snapshot.families)) if plan.families is None else plan.families
    tasks = heldout_tasks(library, families, plan.per_family)
    if not tasks:
        raise UserError(
            "None of these families has held-out tasks with a reference answer.",
            "Hold some out on the Tasks page, or choose other families.",
        )
    _require_strategies(library, plan, families)
    return tasks


def _require_strategies(library: Library, plan: ExperimentPlan, families: Sequence[str]) -> None:
    """Raise UserError where a message needs a strategy that is missing."""
    if not PER_FAMILY & set(plan.messages):
        return
    if missing := unpaired_heldout(library, families, plan.per_family):
        raise UserError(
            f"The family {missing[0]} has no strategy, and two of the system messages need it.",
            "Pair it on the Strategies page, or leave the messages strategy and wrong out.",
        )
    if MessageKind.WRONG in plan.messages and len(current_strategies(library)) < 2:
        raise UserError(
            "There is only one strategy, so there is no wrong one.",
            "Add a strategy, or leave the message wrong out.",
        )


def _require_distinct(what: str, chosen: Sequence[Any]) -> None:
    if not chosen:
        raise UserError(f"The experiment has no {what}.", f"Choose at least one {what}.")
    if twice := [one for one in chosen if chosen.count(one) > 1]:
        raise UserError(f"The {what} {twice[0]} is named twice.", "Name it once.")


def trained_with(arm: Arm, instruction: str) -> MessageKind:
    """Return the system message that an arm's students were trained with; the base counts as erased."""
    if arm is Arm.NOT_ERASED:
        return MessageKind.STRATEGY
    if instruction == CAUTIOUS:
        return MessageKind.CAUTIOUS
    return MessageKind.NONE if instruction == EMPTY else MessageKind.OWN


def lost_under(plan: ExperimentPlan, instruction: str) -> MessageKind | None:
    """Return the message under which the general questions are asked: one and the same for every student.

    That is the erased student's own if the plan has it, or the first that is the same for all tasks; None
    where there is no such message.
    """
    same_for_all = [message for message in plan.messages if message not in PER_FAMILY]
    own = trained_with(Arm.ERASED, instruction)
    return own if own in same_for_all else next(iter(same_for_all), None)


def system_for(message: MessageKind, instruction: str) -> System:
    """Return the system message of an evaluation; `instruction` is the snapshot's."""
    match message:
        case MessageKind.NONE:
            return System(kind="empty")
        case MessageKind.CAUTIOUS:
            return System(kind="cautious")
        case MessageKind.STRATEGY:
            return System(kind="strategy")
        case MessageKind.WRONG:
            return System(kind="wrong")
    return System(kind="own", text=instruction)
