"""How long an experiment takes, before it begins: from what the library has measured, or roughly."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from orca_desk.inventory.student_files import converted_gguf
from orca_desk.library.arm_records import origins, several_samples
from orca_desk.library.database import Library
from orca_desk.library.evaluations import list_evaluations
from orca_desk.library.snapshots import get_snapshot, snapshot_records
from orca_desk.library.trainings import Training, list_trainings, training_events
from orca_desk.method.arms import SAMPLED, Arm, answer_only
from orca_desk.models.identify import identify
from orca_desk.models.pace import answering_time, training_time
from orca_desk.steps.experiment.experiment import parts_of
from orca_desk.steps.experiment.plan import ExperimentPlan, checked
from orca_desk.steps.train.lengths import token_lengths

if TYPE_CHECKING:
    from orca_desk.models.pace import TimeRange

LOOKED_AT = 200  # records, from which the length of an arm's records is estimated
SPREAD = 1.5  # how far other tasks and another load of the machine take a run from an earlier one
SHORTEST = 20  # tokens of an answer of a base, which may be as long as is allowed
AS_LEARNED = (0.6, 2.0)  # how long a student's answers are, as shares of those that it learned from
CHECKING = (5.0, 60.0)  # seconds in which a trained adapter is compared with llama.cpp
STARTING = (0.5, 4.0)  # seconds in which a model is loaded
ENOUGH_STEPS = 50  # of an earlier training that tells the speed
ENOUGH_ANSWERS = 100  # of an earlier evaluation
GENERAL = 240  # questions and requests that tell what a student lost, asked once of each


@dataclass(frozen=True, kw_only=True)
class _Typical:
    """Mean tokens of a record: its question with the chat's markers, and its answer."""

    question: float
    answer: float

    @property
    def whole(self) -> float:
        """Both together."""
        return self.question + self.answer


@dataclass(frozen=True, kw_only=True)
class ExperimentEstimate:
    """The parts of an experiment, and between `low` and `high` seconds for all of them.

    Those that are there already count too: nobody knows before whether they can be used again.
    `training` and `evaluation` name the earlier ones that tell the speed; None: from the arithmetic, which
    is rough.
    """

    trainings: int
    evaluations: int
    records: int
    tasks: int
    answers: int
    low: float
    high: float
    training: str | None
    evaluation: str | None


def estimate_experiment(library: Library, plan: ExperimentPlan) -> ExperimentEstimate:
    """Estimate how long a plan takes. Raises UserError for a plan that cannot be carried out.

    Takes up to seconds: it measures the records of the snapshot, and this machine once.
    """
    tasks = checked(library, plan)
    absent = () if next(several_samples(library, plan.snapshot), None) else SAMPLED
    trainings, evaluations = parts_of(plan, absent)
    arms = [arm for arm in plan.trained if arm not in absent]
    typical = _typical(library, plan)
    records, tokens = _tokens(library, plan, arms, typical)
    training, for_training = _training_seconds(library, plan, trainings, tokens)
    evaluation, for_evaluating = _evaluation_seconds(library, plan, arms, len(tasks), typical)
    return ExperimentEstimate(
        trainings=trainings,
        evaluations=evaluations,
        records=records,
        tasks=len(tasks),
        answers=evaluations * len(tasks),
        low=for_training[0] + for_evaluating[0],
        high=for_training[1] + for_evaluating[1],
        training=training,
        evaluation=evaluation,
    )


def _typical(library: Library, plan: ExperimentPlan) -> _Typical:
    lengths = token_lengths(library, get_snapshot(library, plan.snapshot), plan.base)
    number = max(1, len(lengths.tokens))
    question = sum(map(min, lengths.answers, lengths.tokens)) / number
    return _Typical(question=question, answer=sum(lengths.tokens) / number - question)


def _tokens(
    library: Library, plan: ExperimentPlan, arms: Sequence[Arm], typical: _Typical
) -> tuple[int, float]:
    """Return the records of an arm, and the tokens that all trainings read, every epoch counted."""
    snapshot = get_snapshot(library, plan.snapshot)
    chosen = snapshot.families if plan.families is None else dict.fromkeys(plan.families, 0)
    records = sum(n for family, n in snapshot.families.items() if family in chosen)
    records = records if plan.records is None else min(records, plan.records)
    shares = _relative_lengths(library, plan)
    each = sum(shares.get(arm, 1.0) for arm in arms)
    return records, each * records * typical.whole * plan.settings.epochs * len(plan.seeds)


def _relative_lengths(library: Library, plan: ExperimentPlan) -> dict[Arm, float]:
    """Return how long the records of the arms of another length are, as shares of the erased ones."""
    known = origins(library, plan.snapshot)
    whole = told = short = 0
    for record in islice(snapshot_records(library, plan.snapshot), LOOKED_AT):
        rest = len(record.user) + len(record.assistant)
        whole += len(record.system) + rest
        origin = known.get(record.teacher_record_id)
        told += len(origin.system if origin else record.system) + rest
        short += (
            len(record.system) + len(record.user) + len(answer_only(record.assistant) or record.assistant)
        )
    if not whole:
        return {}
    return {Arm.NOT_ERASED: told / whole, Arm.ANSWER_ONLY: short / whole}


def _training_seconds(
    library: Library, plan: ExperimentPlan, trainings: int, tokens: float
) -> tuple[str | None, tuple[float, float]]:
    """Return the training that tells the speed, and the seconds of all trainings with their checks."""
    telling = _telling_training(library, plan.base)
    if telling is not None and telling.run.seconds:
        read, speed = _speed(library, telling)
        others = max(0.0, telling.run.seconds - read / speed)  # exporting and checking
        seconds = tokens / speed + trainings * others
        return telling.id, (seconds / SPREAD, seconds * SPREAD)
    found: TimeRange = training_time(identify(plan.base), plan.settings, tokens)
    low, high = CHECKING
    return None, (found.low + trainings * low, found.high + trainings * high)


def _telling_training(library: Library, base: Path) -> Training | None:
    """Return the newest finished training of a base that was long enough to tell its speed, or None."""
    for one in list_trainings(library):
        if one.base == base.resolve() and one.run.status == "done":
            steps = training_events(library, one.id, "metrics")[-1:]
            if steps and steps[0]["step"] >= ENOUGH_STEPS:
                return one
    return None


def _speed(library: Library, training: Training) -> tuple[float, float]:
    """Return how many tokens a training read, and the median of those per second."""
    events = training_events(library, training.id, "metrics")
    return events[-1]["tokens"], median(event["tokens_per_second"] for event in events)


def _evaluation_seconds(
    library: Library, plan: ExperimentPlan, arms: Sequence[Arm], tasks: int, typical: _Typical
) -> tuple[str | None, tuple[float, float]]:
    """Return the evaluation that tells the speed, and the seconds of all evaluations."""
    by_base = (Arm.BASE in plan.arms) * len(plan.messages) * tasks
    by_student = len(plan.messages) * tasks + GENERAL
    answers = by_base + len(plan.seeds) * len(arms) * by_student
    starts = len(plan.messages) * (len(plan.seeds) * len(arms) + (Arm.BASE in plan.arms))
    low, high = (starts * each for each in STARTING)
    models = _files_of(library, plan.base)
    found = [
        (one.run.seconds / one.run.done, one.id)
        for one in list_evaluations(library)
        if one.model in models
        and one.run.status == "done"
        and one.run.done >= ENOUGH_ANSWERS
        and one.run.seconds
    ]
    if found:
        slowest, name = max(found[:10])
        fastest, _ = min(found[:10])
        return name, (low + answers * fastest / SPREAD, high + answers * slowest * SPREAD)
    model = identify(plan.base)
    read = answers * typical.question
    least = read + by_base * SHORTEST
    most = read + by_base * plan.sampling.max_tokens
    for arm in arms:
        shortest, longest = _answer_lengths(arm, typical, plan.sampling.max_tokens)
        least += len(plan.seeds) * by_student * shortest
        most += len(plan.seeds) * by_student * longest
    return None, (low + answering_time(model, least).low, high + answering_time(model, most).high)


def _answer_lengths(arm: Arm, typical: _Typical, allowed: int) -> tuple[float, float]:
    """Return the tokens of a student's answer, at least and at most: much as those that it learned from."""
    low, high = (min(allowed, share * typical.answer) for share in AS_LEARNED)
    return (min(low, SHORTEST), high) if arm is Arm.ANSWER_ONLY else (low, high)


def _files_of(library: Library, base: Path) -> set[Path]:
    """Return the files that may serve a base: itself, what lies in its folder, and what was made of it."""
    base = base.resolve()
    found = {base, *base.glob("*.gguf")} if base.is_dir() else {base}
    made = converted_gguf(library, base)
    return found | ({made} if made else set())
