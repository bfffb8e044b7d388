"""How the answers of a measurement are graded: by reference, by agreement of samples, or by a judge model.

The three measure different things, so their outcomes are never compared with each other: each piece of
evidence carries its basis.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.method.judging import DEFAULT_PROMPT
from orca_desk.method.pairing import Basis
from orca_desk.method.records import Task, digest
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Progress
from orca_desk.steps.grading import agree_on, grade_answer
from orca_desk.steps.pair.judge import Judge
from orca_desk.yielding import yielding

FEWEST_SAMPLES = 3  # samples of a task that a vote needs at least: two agree or tie, and tell nothing apart


@dataclass(frozen=True, kw_only=True)
class TrialAnswer:
    """One answer of a measurement: to which task, under which strategy, the how-manieth sample (from 0)."""

    task: Task
    strategy: str
    sample: int
    response: str


Verdicts = list[bool | None]


class ProbeGrader(Protocol):
    """Grades the answers of a measurement."""

    @property
    def basis(self) -> Basis:
        """What the verdicts are based on."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """What belongs to the identity of a run that is graded so, beside the basis."""
        ...

    def verdicts(
        self, answers: Sequence[TrialAnswer], *, progress: Progress, control: JobControl, log: Path | None
    ) -> Verdicts | None:
        """Return a verdict per answer, in their order; None in the list: no verdict. None: stopped.

        Takes all answers so far: samples of one task may be graded by each other.
        """
        ...


class ByReference:
    """Compares each answer with its task's reference answer."""

    basis = Basis.REFERENCE
    settings: dict[str, Any] = {}  # noqa: RUF012 - a protocol's property, never written

    def verdicts(
        self, answers: Sequence[TrialAnswer], *, progress: Progress, control: JobControl, log: Path | None
    ) -> Verdicts | None:
        """See `ProbeGrader`."""
        graded = (grade_answer(one.task, one.response) for one in yielding(answers))
        return [verdict.correct if verdict else None for verdict in graded]


class ByAgreement:
    """Compares each answer with the one that most samples of its task give, over all strategies.

    Every strategy has the same weight, however many samples it has: one strategy with many samples must not
    outvote the others. In a tie, and where a task has fewer than three samples, nothing has a verdict. This
    measures how often a strategy gives the common answer; a strategy that alone finds the true one loses.
    """

    basis = Basis.AGREEMENT
    settings: dict[str, Any] = {}  # noqa: RUF012

    def verdicts(
        self, answers: Sequence[TrialAnswer], *, progress: Progress, control: JobControl, log: Path | None
    ) -> Verdicts | None:
        """See `ProbeGrader`."""
        tasks: dict[str, list[int]] = defaultdict(list)
        for number, one in enumerate(answers):
            tasks[one.task.id].append(number)
        found: Verdicts = [None] * len(answers)
        for numbers in yielding(list(tasks.values())):
            samples = [answers[number] for number in numbers]
            for number, verdict in zip(numbers, _with_the_common_answer(samples), strict=True):
                found[number] = verdict
        return found


def _with_the_common_answer(samples: Sequence[TrialAnswer]) -> Verdicts:
    """Return which samples of one task give the answer that wins; None for all of them if none wins."""
    if len(samples) < FEWEST_SAMPLES:
        return [None] * len(samples)
    vote = agree_on(samples[0].task, [one.response for one in samples])
    counts: dict[str, int] = defaultdict(int)
    for one in samples:
        counts[one.strategy] += 1
    weights = [
        sum(1 / counts[samples[number].strategy] for number in each.samples) for each in vote.candidates
    ]
    best = max(weights, default=0.0)
    winners = [each for each, weight in zip(vote.candidates, weights, strict=True) if weight > best - 1e-9]
    if len(winners) != 1 or len(winners[0].samples) < 2:
        return [None] * len(samples)  # a tie, or every sample says something else
    return [number in winners[0].samples for number in range(len(samples))]


class ByJudge:
    """Asks a judge model about each answer."""

    basis = Basis.JUDGE

    def __init__(self, library: Library, runner: Runner, prompt: str) -> None:
        """Raises UserError when the judge's file cannot be used."""
        self._judge = Judge(library, runner, prompt)
        self.settings: dict[str, Any] = {"judge": self._judge.sha256, "prompt": digest(prompt)}

    def verdicts(
        self, answers: Sequence[TrialAnswer], *, progress: Progress, control: JobControl, log: Path | None
    ) -> Verdicts | None:
        """See `ProbeGrader`."""
        judged = self._judge.judge(
            [(one.task.user_text, one.response) for one in answers],
            progress=progress,
            control=control,
            log=log,
        )
        return list(judged.verdicts) if judged.finished else None


def make_grader(
    library: Library, basis: Basis | str, *, judge: Runner | None = None, prompt: str = ""
) -> ProbeGrader:
    """Return the grader for a basis; `prompt` "" is the default one. Raises UserError without a judge."""
    match Basis(basis):
        case Basis.REFERENCE:
            return ByReference()
        case Basis.AGREEMENT:
            return ByAgreement()
        case Basis.JUDGE if judge is not None:
            return ByJudge(library, judge, prompt.strip() or DEFAULT_PROMPT)
    raise UserError("No judge is chosen.", "Choose a model as the judge, or grade by reference or agreement.")
