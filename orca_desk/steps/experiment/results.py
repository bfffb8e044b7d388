"""What an experiment has found, at any time: shares by arm and message, and what differs.

Everything is over the tasks that are settled in all evaluations so far, so that every share and every
difference is of the same tasks. Each difference has its interval over tasks and seeds (`method.crossed`), and
its p-value corrected by Holm's method among all of its set: the overall differences between arms; the same by
family; the overall differences between messages.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import fmean

from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.evaluations import QuestionOutcome, question_outcomes
from orca_desk.library.runs import Status, get_run, runs_of
from orca_desk.library.snapshots import get_snapshot
from orca_desk.library.trainings import training_events
from orca_desk.method.arms import Arm
from orca_desk.method.crossed import CrossedDifference, CrossedShare, crossed_difference, crossed_share
from orca_desk.method.statistics import CLEAR_BELOW, Finding, holm
from orca_desk.steps.evaluate.forgetting import forgetting_of
from orca_desk.steps.evaluate.scoring import OVERALL, Settled, settled, shared_tasks
from orca_desk.steps.experiment.plan import ExperimentPlan, MessageKind, lost_under, stored_plan, trained_with
from orca_desk.steps.experiment.state import Cell, ExperimentState, LeftOut, read_state

AGAINST_ERASED = (Arm.BASE, Arm.NOT_ERASED, Arm.ANSWER_ONLY, Arm.EXPLANATION_AFTER, Arm.SHUFFLED)
AGAINST_NONE = (MessageKind.STRATEGY, MessageKind.WRONG)


class ContrastSet(StrEnum):
    """The comparisons whose p-values are corrected together."""

    ARMS = "arms"
    FAMILIES = "families"
    MESSAGES = "messages"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of a difference: the students of an arm, asked under a message."""

    arm: Arm
    message: MessageKind


@dataclass(frozen=True, kw_only=True)
class LostResult:
    """What the students of an arm lost against their base (see `method.forgetting`); means over the seeds.

    `base` and `student` are shares of correct answers to the general questions, `nats` the divergence per
    token, `ratio` that of the answers' lengths. `large` names what was lost to a large extent with any seed.
    """

    message: MessageKind
    seeds: int
    questions: int
    base: float
    student: float
    nats: float
    changed: float
    ratio: float
    large: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ArmResult:
    """How the students of an arm were made; means over the seeds trained so far.

    `records` and `rewritten` are None for the base; `trained_tokens` are those of one epoch, on which alone
    the loss is. `failures` are the reasons of seeds without a student.
    """

    arm: Arm
    message: MessageKind
    seeds: int
    records: int | None = None
    rewritten: int | None = None
    steps: float | None = None
    tokens: float | None = None
    trained_tokens: float | None = None
    trainings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    lost: LostResult | None = None


@dataclass(frozen=True, kw_only=True)
class ShareResult:
    """How often an arm's students are correct under a message, in a family or OVERALL.

    `by_seed` are the shares of single students. `adherence` is the share of answers that follow the paired
    strategy, None where no task has one; `cut` that of answers that ended at the length limit.
    """

    side: Side
    family: str
    share: CrossedShare
    by_seed: tuple[float, ...]
    mean_tokens: float
    adherence: float | None
    cut: float


@dataclass(frozen=True, kw_only=True)
class ContrastResult:
    """How much more often `first` is correct than `second`. `p` is corrected within the `kind`."""

    kind: ContrastSet
    first: Side
    second: Side
    family: str
    difference: CrossedDifference
    p: float

    @property
    def finding(self) -> Finding:
        """Whether the first is better or worse than the second, or neither by more than chance."""
        if self.p >= CLEAR_BELOW:
            return "no clear difference"
        return "better" if self.difference.difference > 0 else "worse"


@dataclass(frozen=True, kw_only=True)
class ExperimentResults:
    """An experiment's results so far. `tasks` are shared by all evaluations; `families` counts them.

    `edited` counts the tasks that are left out, as not all evaluations asked and settled the same question.
    `mixed` are the messages under which not all students were given the same texts.
    `done` of `parts` trainings and evaluations are there.
    """

    run: str
    status: Status
    plan: ExperimentPlan
    instruction: str
    left_out: LeftOut
    absent: tuple[Arm, ...]
    done: int
    parts: int
    tasks: int
    edited: int
    mixed: tuple[MessageKind, ...]
    families: Mapping[str, int]
    arms: tuple[ArmResult, ...]
    shares: tuple[ShareResult, ...]
    contrasts: tuple[ContrastResult, ...]
    seconds: float
    ended_at: str

    @property
    def finished(self) -> bool:
        """Whether all parts are done."""
        return self.status == "done"

    def share(self, arm: Arm, message: MessageKind, family: str = OVERALL) -> ShareResult | None:
        """Return the share of an arm under a message, or None while it is not known."""
        side = Side(arm=arm, message=message)
        return next((one for one in self.shares if one.side == side and one.family == family), None)

    def of_set(self, kind: ContrastSet) -> tuple[ContrastResult, ...]:
        """Return the differences that were corrected together."""
        return tuple(one for one in self.contrasts if one.kind is kind)


def results(library: Library, run: str) -> ExperimentResults:
    """Return what an experiment has found so far. Raises UserError for an unknown run."""
    stored = get_run(library, run)
    plan, state = stored_plan(stored.settings), read_state(library, run)
    instruction = get_snapshot(library, plan.snapshot).instruction
    answers = _Answers(library, state)
    shares = tuple(_shares(answers, plan))
    return ExperimentResults(
        run=run,
        status=stored.status,
        plan=plan,
        instruction=instruction,
        left_out=state.left_out,
        absent=state.absent,
        done=round(stored.done),
        parts=round(stored.total or 0),
        tasks=len(answers.tasks),
        edited=answers.asked - len(answers.tasks),
        mixed=tuple(_mixed(library, state)),
        families={name: len(tasks) for name, tasks in answers.families.items()},
        arms=tuple(_arm(library, arm, plan, state, instruction) for arm in plan.arms),
        shares=shares,
        contrasts=tuple(_contrasts(answers, plan, instruction)),
        seconds=stored.seconds or 0.0,
        ended_at=stored.ended_at or now(),
    )


def _mixed(library: Library, state: ExperimentState) -> Iterator[MessageKind]:
    """Yield the messages whose texts, or tasks, were edited between two evaluations under them."""
    ids = [found for cell in state.cells.values() for found in cell.evaluations.values()]
    runs = runs_of(library, ids)
    for message in MessageKind:
        asked = {
            runs[cell.evaluations[message]].settings.get("asked")
            for cell in state.cells.values()
            if message in cell.evaluations
        }
        if len(asked) > 1:
            yield message


class _Answers:
    """The settled answers of every student under every message, on the tasks that all share."""

    def __init__(self, library: Library, state: ExperimentState) -> None:
        self._cells = {
            (cell.arm, cell.seed, message): evaluation
            for cell in state.cells.values()
            for message, evaluation in cell.evaluations.items()
        }
        ids = sorted(set(self._cells.values()))
        self._settled: dict[str, dict[str, Settled]] = {one: settled(library, one) for one in ids}
        self._outcomes: dict[str, dict[str, QuestionOutcome]] = {
            one: {each.task_id: each for each in question_outcomes(library, one)} for one in ids
        }
        found = list(self._settled.values())
        shared = shared_tasks(found) if found else {}
        self.tasks = sorted(shared)
        self.asked = len({task for one in self._outcomes.values() for task in one})
        self.families: dict[str, list[str]] = {}
        for task in self.tasks:
            self.families.setdefault(shared[task], []).append(task)
        self.families = dict(sorted(self.families.items()))

    def groups(self) -> dict[str, list[str]]:
        """Return the tasks by family, then all of them."""
        return {**self.families, OVERALL: self.tasks} if self.tasks else {}

    def seeds(self, side: Side) -> list[int | None]:
        """Return the seeds whose students answered; [None] for a base that did."""
        found = [seed for arm, seed, message in self._cells if arm is side.arm and message is side.message]
        return sorted(found, key=lambda seed: -1 if seed is None else seed)

    def table(self, side: Side, seeds: Sequence[int | None], tasks: Sequence[str]) -> list[list[bool]]:
        """Return whether each task (rows) was answered correctly with each seed (columns)."""
        columns = [self._settled[self._cells[side.arm, seed, side.message]] for seed in seeds]
        return [[column[task].correct for column in columns] for task in tasks]

    def outcomes(self, side: Side, tasks: Sequence[str]) -> list[QuestionOutcome]:
        """Return all answers of a side's students to some tasks."""
        found = [self._outcomes[self._cells[side.arm, seed, side.message]] for seed in self.seeds(side)]
        return [one[task] for one in found for task in tasks if one[task].is_answered]


def _shares(answers: _Answers, plan: ExperimentPlan) -> Iterator[ShareResult]:
    for arm in plan.arms:
        for message in plan.messages:
            side = Side(arm=arm, message=message)
            seeds = answers.seeds(side)
            if not seeds:
                continue
            for family, tasks in answers.groups().items():
                table = answers.table(side, seeds, tasks)
                given = answers.outcomes(side, tasks)
                paired = [one.recognised == one.paired for one in given if one.paired is not None]
                yield ShareResult(
                    side=side,
                    family=family,
                    share=crossed_share(table),
                    by_seed=tuple(fmean(row[seed] for row in table) for seed in range(len(seeds))),
                    mean_tokens=fmean(one.completion_tokens for one in given) if given else 0.0,
                    adherence=fmean(paired) if paired else None,
                    cut=fmean(one.finish_reason == "length" for one in given) if given else 0.0,
                )


def arm_pairs(arms: Sequence[Arm]) -> list[tuple[Arm, Arm]]:
    """Return the arms to compare: erased with each other one, and the best of k answers with the first.

    Without erased among them, each arm is compared with the base.
    """
    if Arm.ERASED in arms:
        pairs = [(Arm.ERASED, other) for other in AGAINST_ERASED if other in arms]
    else:
        pairs = [(arm, Arm.BASE) for arm in arms if arm is not Arm.BASE and Arm.BASE in arms]
    if Arm.BEST in arms and Arm.FIRST in arms:
        pairs.append((Arm.BEST, Arm.FIRST))
    return pairs


def _sides(plan: ExperimentPlan, instruction: str) -> Iterator[tuple[ContrastSet, Side, Side]]:
    """Yield what is compared, for the sets in which all tasks count together."""
    for first, second in arm_pairs(plan.arms):
        for message in plan.messages:
            yield ContrastSet.ARMS, Side(arm=first, message=message), Side(arm=second, message=message)
    own, told = trained_with(Arm.ERASED, instruction), trained_with(Arm.NOT_ERASED, instruction)
    if {Arm.ERASED, Arm.NOT_ERASED} <= set(plan.arms) and {own, told} <= set(plan.messages):
        erased, not_erased = Side(arm=Arm.ERASED, message=own), Side(arm=Arm.NOT_ERASED, message=told)
        yield ContrastSet.ARMS, erased, not_erased
    if MessageKind.NONE in plan.messages:
        for arm in plan.arms:
            for message in AGAINST_NONE:
                if message in plan.messages:
                    plain = Side(arm=arm, message=MessageKind.NONE)
                    yield ContrastSet.MESSAGES, Side(arm=arm, message=message), plain


def _contrasts(answers: _Answers, plan: ExperimentPlan, instruction: str) -> Iterator[ContrastResult]:
    found: list[ContrastResult] = []
    for kind, first, second in _sides(plan, instruction):
        for family, tasks in answers.groups().items():
            if family != OVERALL and kind is ContrastSet.MESSAGES:
                continue
            compared = _difference(answers, first, second, tasks)
            if compared is not None:
                within = kind if family == OVERALL else ContrastSet.FAMILIES
                found.append(
                    ContrastResult(
                        kind=within,
                        first=first,
                        second=second,
                        family=family,
                        difference=compared,
                        p=compared.p,
                    )
                )
    for kind in ContrastSet:
        of_set = [one for one in found if one.kind is kind]
        corrected = holm([one.p for one in of_set])
        yield from (replace(one, p=p) for one, p in zip(of_set, corrected, strict=True))


def _difference(
    answers: _Answers, first: Side, second: Side, tasks: Sequence[str]
) -> CrossedDifference | None:
    """Compare two sides on the seeds that both have; None while they share none."""
    ours, theirs = answers.seeds(first), answers.seeds(second)
    if None not in (*ours, *theirs):
        ours = theirs = [seed for seed in ours if seed in theirs]
    if not ours or not theirs:
        return None
    return crossed_difference(answers.table(first, ours, tasks), answers.table(second, theirs, tasks))


def _arm(
    library: Library, arm: Arm, plan: ExperimentPlan, state: ExperimentState, instruction: str
) -> ArmResult:
    message = trained_with(arm, instruction)
    cells = [cell for cell in state.cells.values() if cell.arm is arm]
    if arm not in state.arms:
        return ArmResult(arm=arm, message=message, seeds=0)
    records = state.arms[arm]
    trained = sorted((cell for cell in cells if cell.training), key=_seed_of)
    reports = [training_events(library, cell.training, "report")[-1:] for cell in trained]
    said = [one for report in reports for one in report]
    return ArmResult(
        arm=arm,
        message=message,
        seeds=len(trained),
        records=records.records,
        rewritten=records.rewritten,
        steps=_mean([one["steps"] for one in said]),
        tokens=_mean([one["tokens"] for one in said]),
        trained_tokens=_mean([one["trained_tokens"] for one in said]),
        trainings=tuple(cell.training for cell in trained),
        failures=tuple(cell.failure for cell in cells if cell.failure),
        lost=_lost(library, cells, lost_under(plan, instruction)),
    )


def _lost(library: Library, cells: Sequence[Cell], message: MessageKind | None) -> LostResult | None:
    """Return what the students of some cells lost, as far as it was measured."""
    if message is None:
        return None
    evaluations = [cell.evaluations[message] for cell in cells if message in cell.evaluations]
    found = [one for one in (forgetting_of(library, each) for each in evaluations) if one is not None]
    if not found:
        return None
    return LostResult(
        message=message,
        seeds=len(found),
        questions=found[0].overall.n,
        base=fmean(one.base.share for one in found),
        student=fmean(one.student.share for one in found),
        nats=fmean(one.divergence.nats.value for one in found),
        changed=fmean(one.divergence.changed for one in found),
        ratio=fmean(one.ratio.value for one in found),
        large=tuple(sorted({loss for one in found for loss in one.large})),
    )


def _seed_of(cell: Cell) -> int:
    return -1 if cell.seed is None else cell.seed


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
