"""Measure which strategy serves each family best: a tournament of the strategies, judged by their answers.

`method/tournament.py` says which answers are wanted; this asks the teacher for them, round by round, and
pairs the families. The answers are ordinary teacher records, and every decision is a function of them: after
a crash the same call goes on where it was.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.pairings import set_pairings, undecided_families_of
from orca_desk.library.records import TeacherAnswer, teacher_answers
from orca_desk.library.runs import get_run
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.method.evidence import Basis, Trial
from orca_desk.method.halves import HeldOutScore, held_out_score
from orca_desk.method.judging import JudgeCheck
from orca_desk.method.pairing import ChoiceRule, Decision, Pairing, PairingReason
from orca_desk.method.records import Sampling, Task, digest
from orca_desk.method.strategies import Strategy
from orca_desk.method.tournament import Contest, ContestState, End, concluded, standing
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Progress, Update, silent
from orca_desk.steps.pair.deadline import until
from orca_desk.steps.pair.graders import ByReference, ProbeGrader, TrialAnswer
from orca_desk.steps.pair.rounds import Pair, is_spent, next_round, within_budget
from orca_desk.steps.pair.standing import Budget, CellName, CellState, ProbeStanding, Spent
from orca_desk.steps.recorder import RunRecorder, find_or_create_run, record_run
from orca_desk.steps.teaching import (
    Arrival,
    Ask,
    OnArrival,
    Taught,
    TeachCounts,
    Teacher,
    identify_ask,
    teach,
    unwatched,
)
from orca_desk.yielding import yielding

MOST_TASKS = 64  # of a family, unless more are asked for
STAGE = "asking the teacher"
FIRST_GUESS = 200  # tokens of an answer, before there is one
OnStanding = Callable[[ProbeStanding], None]
Key = tuple[str, str]  # task id, strategy


def untold(standing: ProbeStanding) -> None:
    """Ignore a standing."""


@dataclass(frozen=True, kw_only=True)
class Probed:
    """The outcome of a tournament: a decision for each family; none if it was stopped.

    Those with a strategy are `pairings`; the others are `undecided`, and keep the strategy that they had.
    `held_out` has their scores on tasks that did not choose. `without_verdict` are families in which no task
    had a verdict under every strategy. `left_out` counts the tasks that some strategy left without a verdict:
    they count in no comparison. `ends` says why each family's tournament ended. `judge_check` compares a
    judge with reference answers, where there are any.
    """

    run: str
    decisions: Mapping[str, Decision]
    held_out: Mapping[str, HeldOutScore]
    ends: Mapping[str, End]
    without_verdict: tuple[str, ...]
    left_out: int
    spent: Spent
    taught: Taught
    judge_check: JudgeCheck | None = None

    @property
    def finished(self) -> bool:
        """Whether it came to its end, so that families could be paired."""
        return self.taught.finished

    @property
    def pairings(self) -> dict[str, Pairing]:
        """The families with a choice."""
        return {family: one.pairing for family, one in self.decisions.items() if one.pairing}

    @property
    def undecided(self) -> dict[str, Decision]:
        """The families without a choice."""
        return {family: one for family, one in self.decisions.items() if one.strategy is None}

    @property
    def fruitless(self) -> tuple[str, ...]:
        """The families in which nothing was right, so that there is no evidence."""
        undecided = self.undecided.items()
        return tuple(family for family, one in undecided if one.reason == PairingReason.NONE_CORRECT)


def tournament(
    library: Library,
    teacher: Runner,
    *,
    families: Iterable[str] | None = None,
    strategies: Iterable[str] | None = None,
    per_family: int = MOST_TASKS,
    samples: int = 1,
    sampling: Sampling | None = None,
    rule: ChoiceRule | None = None,
    budget: Budget | None = None,
    grader: ProbeGrader | None = None,
    progress: Progress = silent,
    control: JobControl | None = None,
    on_arrival: OnArrival = unwatched,
    on_standing: OnStanding = untold,
    request: Mapping[str, Any] | None = None,
) -> Probed:
    """Try `strategies` on up to `per_family` training tasks of each of `families`, and pair what is decided.

    `None` means all. The tasks whose ids come first are taken: always the same ones, yet a random sample,
    since ids are hashes. Every strategy answers a task `samples` times. The tournament ends when every family
    is decided, its tasks are used up, or the budget is: its answers and tokens are those that the decisions
    use, also where the library had them already. Decisions are stored as measured by the `grader`, by default
    the tasks' references. `on_arrival` gets records as they are stored, `on_standing` how it stands. Raises
    UserError when no family has tasks to measure with, and as `teach` does.
    """
    control = control or JobControl()
    sampling = sampling or Sampling()
    rule, budget, grader = rule or ChoiceRule(), budget or Budget(), grader or ByReference()
    if samples < grader.least_samples:
        raise UserError(
            f"Agreement needs {grader.least_samples} answers per task and strategy or more, to compare.",
            "Ask for more answers per task, or grade in another way.",
        )
    if samples > 1 and sampling.temperature == 0:
        raise UserError(
            f"At temperature 0, all {samples} answers to a task would be the same.",
            "Raise the temperature, to 0.7 for example, or ask for one answer per task.",
        )
    tasks = probe_tasks(library, families, per_family, needs_answer=grader.basis == Basis.REFERENCE)
    known = current_strategies(library)
    names = sorted(known) if strategies is None else sorted(set(strategies))
    if unknown := sorted(set(names) - known.keys()):
        raise UserError(
            f"There is no strategy named {', '.join(unknown)}.", f"Choose from: {', '.join(known)}."
        )
    used = Teacher.of(library, teacher)
    settings = {
        "teacher": used.sha256,
        **used.template,
        "tasks": digest([task.id for one in tasks.values() for task in one]),
        "strategies": [[name, known[name].version] for name in names],
        "sampling": asdict(sampling),
        "samples": samples,
        "rule": asdict(rule),
        "budget": asdict(budget),
        "by": grader.basis,
        **grader.settings,
    }
    run = find_or_create_run(library, "probe", settings, request)
    earlier = get_run(library, run).seconds or 0.0
    with record_run(library, run, progress=progress) as recorder:
        held = _Tournament(
            library,
            tasks,
            [known[name] for name in names],
            teacher=used,
            samples=samples,
            sampling=sampling,
            rule=rule,
            budget=budget,
            grader=grader,
            recorder=recorder,
            control=control,
            on_arrival=on_arrival,
            on_standing=on_standing,
            earlier=earlier,
        )
        found = held.hold()
        if found.finished:
            _store(library, found)
        recorder.outcome = found.taught.to_json(
            paired=len(found.pairings),
            fruitless=list(found.fruitless),
            still_open=sorted(found.undecided.keys() - set(found.fruitless)),
            left_out=found.left_out,
            without_verdict=list(found.without_verdict),
            spent=asdict(found.spent),
            judge_check=asdict(found.judge_check) if found.judge_check else None,
        )
        recorder.finished = found.finished
        return found


def probe_tasks(
    library: Library, families: Iterable[str] | None, per_family: int, *, needs_answer: bool
) -> dict[str, list[Task]]:
    """Return the tasks to measure with: the first `per_family` training tasks of each family by id.

    Raises UserError for a family without any.
    """
    wanted = None if families is None else set(families)
    by_family: dict[str, list[Task]] = defaultdict(list)
    for task in iterate_tasks(library, TaskFilter(split="train", has_answer=True if needs_answer else None)):
        if wanted is None or task.family in wanted:
            by_family[task.family].append(task)
    missing = (wanted or set()) - by_family.keys()
    if missing or not by_family:
        which = f"of {', '.join(sorted(missing))} " if missing else ""
        if not needs_answer:
            raise UserError(
                f"There is no training task {which}to compare strategies on.", "Import tasks first."
            )
        raise UserError(
            f"No training task {which}has a reference answer, so strategies cannot be compared.",
            "Import tasks with reference answers, grade by agreement or by a judge, or choose the family's"
            " strategy yourself.",
        )
    return {
        family: sorted(by_family[family], key=lambda one: one.id)[:per_family] for family in sorted(by_family)
    }


class _Tournament:
    """A tournament at work: the contests of all families, the answers so far, and what they cost."""

    def __init__(
        self,
        library: Library,
        tasks: Mapping[str, Sequence[Task]],
        strategies: Sequence[Strategy],
        *,
        teacher: Teacher,
        samples: int,
        sampling: Sampling,
        rule: ChoiceRule,
        budget: Budget,
        grader: ProbeGrader,
        recorder: RunRecorder,
        control: JobControl,
        on_arrival: OnArrival,
        on_standing: OnStanding,
        earlier: float,
    ) -> None:
        self._library, self._teacher, self._sampling = library, teacher, sampling
        self._samples, self._budget, self._grader = samples, budget, grader
        self._recorder, self._control = recorder, control
        self._on_arrival, self._on_standing = on_arrival, on_standing
        self._tasks = {(family, task.id): task for family, those in tasks.items() for task in those}
        self._strategies = {one.name: one for one in strategies}
        ends = {
            family: one.details.get("ends", ())
            for family, one in undecided_families_of(library, grader.basis).items()
        }
        self._contests = {
            family: Contest(
                family=family,
                tasks=[task.id for task in those],
                strategies=[one.name for one in strategies],
                rule=rule,
                basis=grader.basis,
                ends=ends.get(family, ()),
            )
            for family, those in tasks.items()
        }
        self._identities: dict[Pair, tuple[str, ...]] = {}
        self._asked: dict[Pair, None] = {}
        self._answers: dict[str, TeacherAnswer] = {}
        self._failed: set[str] = set()
        self._tried: dict[str, dict[Key, list[Trial]]] = {family: {} for family in self._contests}
        self._states: dict[str, ContestState] = {}
        self._counts: dict[tuple[str, str], tuple[int, int, int]] = {}
        self._arrived: dict[tuple[str, str], list[int]] = {}
        self._arrivals = _Tally()
        self._used = _Tally()
        self._began, self._earlier = time.monotonic(), earlier
        self._taught: list[Taught] = []

    def hold(self) -> Probed:
        """Ask, grade and look, until all is decided, the budget is used up, or the job is stopped."""
        while True:
            self._look()
            pairs = self._affordable(next_round(self._states.values()))
            if not pairs:
                return self._probed(finished=True)
            answered = self._ask(pairs)
            if not answered and self._control.stopped:
                return self._probed(finished=False)
            self._read(pairs)
            self._require_answers()
            if not self._grade():
                return self._probed(finished=False)
            if not answered:  # the time is up
                self._look()
                return self._probed(finished=True)

    def _look(self) -> None:
        """Find out how all contests stand, and tell."""
        self._states = {
            family: standing(contest, self._tried[family])
            for family, contest in yielding(list(self._contests.items()))
        }
        self._counts = {
            (family, name): _counted(trials)
            for family, those in self._tried.items()
            for name, trials in _by_strategy(those).items()
        }
        self._arrived.clear()
        self._arrivals = _Tally()
        self._tell()

    def _affordable(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Return those pairs to be asked that the rest of the budget is enough for."""
        spent = self._spent()
        if is_spent(self._budget, spent):
            return []
        tokens: dict[str, list[int]] = defaultdict(list)
        for pair in self._asked:
            for identity in self._ids(pair):
                if identity in self._answers:
                    tokens[pair[2]].append(self._answers[identity].tokens)
        known = [count for counts in tokens.values() for count in counts]
        usual = sum(known) / len(known) if known else min(FIRST_GUESS, self._sampling.max_tokens)
        means = {name: sum(counts) / len(counts) for name, counts in tokens.items()}
        return within_budget(
            pairs,
            samples=self._samples,
            tokens_each=lambda pair: means.get(pair[2], usual),
            budget=self._budget,
            spent=spent,
        )

    def _ask(self, pairs: Sequence[Pair]) -> bool:
        """Have the teacher answer what the library lacks; return False if it did not come to an end."""
        asks = [one for pair in pairs for one in self._asks(pair)]
        done, most = self._spent().answers, self._most_answers()

        def report(update: Update) -> None:
            self._recorder.report(replace(update, done=done + update.done, total=most))

        left = self._budget.seconds
        with until(self._control, None if left is None else left - self._spent().seconds) as control:
            taught = teach(
                self._library,
                asks,
                teacher=self._teacher,
                sampling=self._sampling,
                recorder=self._recorder,
                control=control,
                on_arrival=self._arrive,
                progress=report,
                must_answer=False,
            )
        self._taught.append(taught)
        return taught.finished

    def _arrive(self, arrival: Arrival) -> None:
        """Pass an arrival on, remember what failed, and tell how it stands."""
        self._failed.update(self._identify(asked) for asked, _ in arrival.failed)
        for new in arrival.records:
            cell = self._arrived.setdefault((new.record.family, new.record.strategy), [0, 0, 0])
            is_graded = self._grader.basis == Basis.REFERENCE and new.verdict is not None
            cell[0] += bool(is_graded and new.verdict and new.verdict.correct)
            cell[1] += is_graded
            tokens = new.record.provenance.completion_tokens or 0
            cell[2] += tokens if is_graded else 0
            self._arrivals.add(new.record.id, tokens)
        self._on_arrival(replace(arrival, counts=_summed([*self._taught, arrival.counts])))
        self._tell()

    def _read(self, pairs: Iterable[Pair]) -> None:
        """Read the answers to pairs, and note which were asked as often as wanted."""
        wanted = list(pairs)
        self._arrivals = _Tally()
        self._answers |= teacher_answers(
            self._library, [identity for pair in wanted for identity in self._ids(pair)]
        )
        for pair in wanted:
            if all(identity in self._answers or identity in self._failed for identity in self._ids(pair)):
                self._asked[pair] = None
                for identity in self._ids(pair):
                    if identity in self._answers:
                        self._used.add(identity, self._answers[identity].tokens)

    def _require_answers(self) -> None:
        """Raise UserError if the teacher could not answer a single task."""
        if self._failed and not self._answers:
            reasons = _summed(self._taught).failed
            raise UserError(
                f"The teacher could not answer any of the {len(self._failed):,} tasks: {next(iter(reasons))}",
                "Allow fewer answer tokens or more context, or choose another teacher.",
            )

    def _grade(self) -> bool:
        """Grade all answers by what the tasks and the vote say now; return False if the job was stopped."""
        given = [
            (pair, sample, self._answers[identity])
            for pair in self._asked
            for sample, identity in enumerate(self._ids(pair))
            if identity in self._answers
        ]
        verdicts = self._grader.verdicts(
            [
                TrialAnswer(
                    task=self._tasks[family, task], strategy=name, sample=sample, response=answer.response
                )
                for (family, task, name), sample, answer in given
            ],
            progress=self._recorder.report,
            control=self._control,
            log=self._recorder.log,
        )
        if verdicts is None:
            return False
        self._tried = {family: {} for family in self._contests}
        for family, task, name in self._asked:
            self._tried[family][task, name] = []
        for ((family, task, name), sample, answer), verdict in zip(given, verdicts, strict=True):
            if verdict is not None:
                self._tried[family][task, name].append(
                    Trial(
                        task_id=task,
                        family=family,
                        strategy=name,
                        correct=verdict,
                        tokens=answer.tokens,
                        sample=sample,
                    )
                )
        return True

    def _asks(self, pair: Pair) -> list[Ask]:
        family, task, strategy = pair
        return [
            Ask(task=self._tasks[family, task], strategy=self._strategies[strategy], sample=sample)
            for sample in range(self._samples)
        ]

    def _identify(self, asked: Ask) -> str:
        return identify_ask(asked, teacher=self._teacher, sampling=self._sampling)[0]

    def _ids(self, pair: Pair) -> tuple[str, ...]:
        """Return the identities of the answers to a pair."""
        if pair not in self._identities:
            self._identities[pair] = tuple(map(self._identify, self._asks(pair)))
        return self._identities[pair]

    def _spent(self) -> Spent:
        seconds = self._earlier + time.monotonic() - self._began
        return Spent(answers=self._used.answers, tokens=self._used.tokens, seconds=seconds)

    def _most_answers(self) -> int:
        """Return how many answers it takes at most, if no further strategy leaves."""
        more = sum(
            (task, name) not in self._tried[family]
            for family, state in self._states.items()
            if state.end is None
            for task in self._contests[family].tasks
            for name in state.open
        )
        most = self._spent().answers + more * self._samples
        return most if self._budget.answers is None else min(most, self._budget.answers)

    def _tell(self) -> None:
        """Tell how it stands: what was graded until the last look, and what arrived since."""
        cells = {}
        for family, state in self._states.items():
            for name in self._strategies:
                earlier = self._counts.get((family, name), (0, 0, 0))
                correct, n, tokens = map(
                    sum, zip(earlier, self._arrived.get((family, name), (0, 0, 0)), strict=True)
                )
                cells[family, name] = CellState(
                    state=cell_name(state, name), correct=correct, n=n, mean_tokens=tokens / n if n else 0.0
                )
        spent = self._spent()
        spent = replace(
            spent,
            answers=spent.answers + self._arrivals.answers,
            tokens=spent.tokens + self._arrivals.tokens,
        )
        self._on_standing(ProbeStanding(cells=cells, spent=spent, budget=self._budget))

    def _probed(self, *, finished: bool) -> Probed:
        """Return the outcome; with the decisions if it came to its end."""
        taught = _taught_in_all(self._taught, finished=finished)
        if not finished:
            return Probed(
                run=self._recorder.run,
                decisions={},
                held_out={},
                ends={},
                without_verdict=(),
                left_out=0,
                spent=self._spent(),
                taught=taught,
            )
        answers = self._used.answers
        self._recorder.report(Update(stage=STAGE, done=answers, total=answers, unit="answers"))
        self._states = {
            family: concluded(self._contests[family], state, self._tried[family])
            for family, state in self._states.items()
        }
        self._tell()
        decisions = {family: one.decision for family, one in self._states.items() if one.decision}
        scores = {
            family: held_out_score(one.evidence, one.rule)
            for family, one in yielding(list(decisions.items()))
        }
        return Probed(
            run=self._recorder.run,
            decisions=decisions,
            held_out={family: score for family, score in scores.items() if score},
            ends={family: state.end for family, state in self._states.items() if state.end},
            without_verdict=tuple(sorted(self._states.keys() - decisions.keys())),
            left_out=sum(map(self._left_out, self._states.values())),
            spent=self._spent(),
            taught=taught,
            judge_check=self._grader.check,
        )

    def _left_out(self, state: ContestState) -> int:
        """Return how many tasks were put to all strategies still in, but have no verdict under some."""
        asked = Counter(
            task for family, task, name in self._asked if family == state.family and name in state.open
        )
        compared = max((one.tasks for one in state.evidence if one.strategy in state.open), default=0)
        return sum(count == len(state.open) for count in asked.values()) - compared


class _Tally:
    """Counts answers, each once, and their tokens."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self.tokens = 0

    @property
    def answers(self) -> int:
        return len(self._seen)

    def add(self, identity: str, tokens: int) -> None:
        if identity not in self._seen:
            self._seen.add(identity)
            self.tokens += tokens


def _by_strategy(tried: Mapping[Key, Sequence[Trial]]) -> dict[str, list[Trial]]:
    found: dict[str, list[Trial]] = defaultdict(list)
    for (_, name), trials in tried.items():
        found[name] += trials
    return found


def _counted(trials: Sequence[Trial]) -> tuple[int, int, int]:
    """Return how many are correct, how many there are, and their tokens."""
    return sum(one.correct for one in trials), len(trials), sum(one.tokens for one in trials)


def cell_name(state: ContestState, strategy: str) -> CellName:
    """Return how a strategy stands in a family."""
    if strategy in state.left:
        return "eliminated" if state.left[strategy].why == "worse" else "settled"
    if state.end is None:
        return "open"
    if state.decision is None or state.decision.strategy is None:
        return "undecided"
    if state.decision.strategy == strategy:
        return "chosen"
    good = {one.strategy for one in state.decision.standings if one.not_worse}
    return "settled" if strategy in good else "eliminated"


def _store(library: Library, found: Probed) -> None:
    """Store the decisions, with what they rest on."""
    bases = {one.basis for one in found.decisions.values()}
    before = undecided_families_of(library, *bases)
    details: dict[str, dict[str, Any]] = {}
    for family, decision in found.decisions.items():
        score = found.held_out.get(family)
        tasks = max(item.tasks for item in decision.evidence)
        ends = {*before[family].details.get("ends", ()), tasks} if family in before else {tasks}
        details[family] = {
            **decision.details,
            "run": found.run,
            "end": found.ends[family],
            "ends": sorted(ends),
            "held_out": asdict(score) if score else None,
        }
    set_pairings(
        library,
        found.pairings.values(),
        source="measured",
        undecided=found.undecided.values(),
        details=details,
    )


def _summed(counts: Sequence[TeachCounts]) -> TeachCounts:
    rejected: Counter[Any] = Counter()
    failed: Counter[str] = Counter()
    for one in counts:
        rejected.update(one.rejected)
        failed.update(one.failed)
    return TeachCounts(
        usable=sum(one.usable for one in counts),
        ungraded=sum(one.ungraded for one in counts),
        rejected=dict(rejected.most_common()),
        failed=dict(failed.most_common()),
        tokens=sum(one.tokens for one in counts),
    )


def _taught_in_all(rounds: Sequence[Taught], *, finished: bool) -> Taught:
    return Taught(
        **vars(_summed(rounds)),
        asked=sum(one.asked for one in rounds),
        known=sum(one.known for one in rounds),
        seconds=sum(one.seconds for one in rounds),
        finished=finished,
    )
