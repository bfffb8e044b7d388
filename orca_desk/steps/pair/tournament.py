"""Measure which strategy serves each family best: a tournament of the strategies, judged by their answers.

`method/tournament.py` says which answers are wanted; this asks the teacher for them, round by round, and
pairs the families. The answers are ordinary teacher records, and every decision is a function of them: after
a crash the same call resumes where it was.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.pairings import undecided_families_of
from orca_desk.library.runs import get_run
from orca_desk.library.strategies import current_strategies
from orca_desk.method.evidence import Basis
from orca_desk.method.halves import held_out_score
from orca_desk.method.pairing import ChoiceRule
from orca_desk.method.records import Sampling, Task, digest
from orca_desk.method.strategies import Strategy
from orca_desk.method.tournament import Contest, ContestState, concluded, standing
from orca_desk.processes.asking import Runner
from orca_desk.processes.keeping import KeptWorker
from orca_desk.processes.progress import JobControl, Progress, Update, silent
from orca_desk.steps.pair.answers import ProbeAnswers, Tried
from orca_desk.steps.pair.deadline import until
from orca_desk.steps.pair.graders import ByReference, ProbeGrader
from orca_desk.steps.pair.live import LiveStanding
from orca_desk.steps.pair.probe_tasks import MOST_TASKS, probe_tasks
from orca_desk.steps.pair.probed import (
    Probed,
    earlier_measurements,
    store_decisions,
    summed,
    taught_in_all,
)
from orca_desk.steps.pair.rounds import Pair, is_spent, next_round, require_a_task, within_budget
from orca_desk.steps.pair.standing import Budget, ProbeStanding, Spent
from orca_desk.steps.recorder import RunRecorder, find_or_create_run, record_run
from orca_desk.steps.teaching import Arrival, OnArrival, Taught, Teacher, teach, unwatched
from orca_desk.yielding import yielding

STAGE = "asking the teacher"
OnStanding = Callable[[ProbeStanding], None]


def untold(standing: ProbeStanding) -> None:
    """Ignore a standing."""


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
            f"Agreement needs {grader.least_samples} answers or more per task and strategy.",
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
    require_a_task(budget, len(names), samples)
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
            measurement=digest(settings),
        )
        found = held.hold()
        if found.finished:
            found = store_decisions(library, found, digest(settings))
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


class _Tournament:
    """A tournament in progress: the contests of all families, the answers so far, and what they cost."""

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
        measurement: str,
    ) -> None:
        self._library, self._teacher, self._sampling = library, teacher, sampling
        self._samples, self._budget, self._grader = samples, budget, grader
        self._recorder, self._control = recorder, control
        self._on_arrival, self._on_standing = on_arrival, on_standing
        self._answers = ProbeAnswers(
            library, tasks, strategies, teacher=teacher, sampling=sampling, samples=samples
        )
        names = [one.name for one in strategies]
        self._live = LiveStanding(names, budget, by_reference=grader.basis == Basis.REFERENCE)
        before = undecided_families_of(library, grader.basis)
        self._contests = {
            family: Contest(
                family=family,
                tasks=[task.id for task in those],
                strategies=names,
                rule=rule,
                basis=grader.basis,
                earlier=earlier_measurements(before.get(family), measurement),
            )
            for family, those in tasks.items()
        }
        self._tried: Tried = {family: {} for family in self._contests}
        self._states: dict[str, ContestState] = {}
        self._began, self._earlier = time.monotonic(), earlier
        self._taught: list[Taught] = []

    def hold(self) -> Probed:
        """Ask, grade and look, until all is decided, the budget is used up, or the job is stopped.

        One worker answers all rounds, unless a judge needs the memory for its own model between them.
        """
        with KeptWorker() as worker:
            return self._hold(None if self._grader.basis == Basis.JUDGE else worker)

    def _hold(self, worker: KeptWorker | None) -> Probed:
        while True:
            self._look()
            pairs = self._affordable(next_round(self._states.values()))
            if not pairs:
                return self._probed(finished=True)
            answered = self._ask(pairs, worker)
            if not answered and self._control.stopped:
                return self._probed(finished=False)
            self._live.forget_arrivals()
            self._answers.read(pairs)
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
        self._live.look(self._states, self._tried)
        self._tell()

    def _affordable(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Return those pairs to be asked that the rest of the budget is enough for."""
        spent = self._spent()
        if is_spent(self._budget, spent):
            return []
        means, usual = self._answers.usual_tokens()
        return within_budget(
            pairs,
            samples=self._samples,
            tokens_each=lambda pair: means.get(pair[2], usual),
            budget=self._budget,
            spent=spent,
        )

    def _ask(self, pairs: Sequence[Pair], worker: KeptWorker | None) -> bool:
        """Have the teacher answer what the library lacks; return False if it did not come to an end."""
        asks = [one for pair in pairs for one in self._answers.asks(pair)]
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
                keep=worker,
            )
        self._taught.append(taught)
        return taught.finished

    def _arrive(self, arrival: Arrival) -> None:
        """Pass an arrival on, remember what failed, and tell how it stands."""
        self._answers.fail(asked for asked, _ in arrival.failed)
        self._live.arrive(arrival.records)
        self._on_arrival(replace(arrival, counts=summed([*self._taught, arrival.counts])))
        self._tell()

    def _require_answers(self) -> None:
        """Raise UserError if the teacher could not answer a single task."""
        if self._answers.none_given:
            count, reason = len(self._answers.failed), next(iter(summed(self._taught).failed))
            raise UserError(
                f"The teacher could not answer any of the {count:,} tasks: {reason}",
                "Allow fewer answer tokens or more context, or choose another teacher.",
            )

    def _grade(self) -> bool:
        """Grade all answers; return False if the job was stopped."""
        tried = self._answers.grade(
            self._grader,
            progress=self._recorder.report,
            control=self._control,
            log=self._recorder.log,
        )
        if tried is None:
            return False
        self._tried = tried
        return True

    def _spent(self) -> Spent:
        seconds = self._earlier + time.monotonic() - self._began
        return Spent(answers=self._answers.used.answers, tokens=self._answers.used.tokens, seconds=seconds)

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
        self._on_standing(self._live.told(self._spent()))

    def _probed(self, *, finished: bool) -> Probed:
        """Return the outcome; with the decisions if it came to its end."""
        taught = taught_in_all(self._taught, finished=finished)
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
        answers = self._answers.used.answers
        self._recorder.report(Update(stage=STAGE, done=answers, total=answers, unit="answers"))
        self._states = {
            family: concluded(self._contests[family], state, self._tried[family])
            for family, state in self._states.items()
        }
        self._live.look(self._states, self._tried)
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
            task
            for family, task, name in self._answers.asked
            if family == state.family and name in state.open
        )
        compared = max((one.tasks for one in state.evidence if one.strategy in state.open), default=0)
        return sum(count == len(state.open) for count in asked.values()) - compared
