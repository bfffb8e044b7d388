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
from orca_desk.method.judging import DEFAULT_PROMPT, JudgeCheck, check_judge
from orca_desk.method.pairing import Basis
from orca_desk.method.records import Task, digest
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Progress
from orca_desk.steps.grading import agree_on, grade_answer
from orca_desk.steps.pair.judge import Judge
from orca_desk.yielding import yielding


@dataclass(frozen=True, kw_only=True)
class TrialAnswer:
    """One answer of a measurement: to which task, under which strategy, and which sample it is (from 0)."""

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
    def check(self) -> JudgeCheck | None:
        """How a judge's last verdicts compare with reference answers, where tasks have any."""
        ...

    @property
    def least_samples(self) -> int:
        """How many samples of a task under a strategy it needs at least."""
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
    check = None
    least_samples = 1
    settings: dict[str, Any] = {}  # noqa: RUF012 - a protocol's property, never written

    def verdicts(
        self, answers: Sequence[TrialAnswer], *, progress: Progress, control: JobControl, log: Path | None
    ) -> Verdicts | None:
        """See `ProbeGrader`."""
        graded = (grade_answer(one.task, one.response) for one in yielding(answers))
        return [verdict.correct if verdict else None for verdict in graded]


class ByAgreement:
    """Compares each answer with the other samples that the same strategy has of the same task.

    An answer counts if it gives the answer that wins their vote: this measures how consistent a strategy is.
    Consistency goes with accuracy (Wang et al., 2203.11171), but is not accuracy: what is always wrong in the
    same way counts in full. A vote over all strategies would be worse: those that fail tend to fail alike,
    and outvote the one that is right. On the bundled teacher (7 families, 7 strategies, 12 tasks, 5 samples
    at temperature 0.7) the most consistent strategy was the most accurate one in 6 families; the one that a
    vote over all strategies agreed with most was so in 3.
    """

    basis = Basis.AGREEMENT
    check = None
    least_samples = 3  # two agree or differ: a vote needs one more
    settings: dict[str, Any] = {}  # noqa: RUF012

    def verdicts(
        self, answers: Sequence[TrialAnswer], *, progress: Progress, control: JobControl, log: Path | None
    ) -> Verdicts | None:
        """See `ProbeGrader`."""
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, one in enumerate(answers):
            groups[one.task.id, one.strategy].append(number)
        found: Verdicts = [None] * len(answers)
        for numbers in yielding(list(groups.values())):
            samples = [answers[number] for number in numbers]
            for number, verdict in zip(numbers, self._voted(samples), strict=True):
                found[number] = verdict
        return found

    def _voted(self, samples: Sequence[TrialAnswer]) -> Verdicts:
        """Return which samples of a task under a strategy give the answer that wins; none does in a tie."""
        if len(samples) < self.least_samples:
            return [None] * len(samples)
        winner = agree_on(samples[0].task, [one.response for one in samples]).winner
        won = winner.samples if winner and winner.votes > 1 else ()
        return [number in won for number in range(len(samples))]


class ByJudge:
    """Asks a judge model about each answer."""

    basis = Basis.JUDGE
    least_samples = 1

    def __init__(self, library: Library, runner: Runner, prompt: str) -> None:
        """Raises UserError when the judge's file cannot be used."""
        self._judge = Judge(library, runner, prompt)
        self.check: JudgeCheck | None = None
        self.settings: dict[str, Any] = {"judge": self._judge.sha256, "prompt": digest(prompt)}

    def verdicts(
        self, answers: Sequence[TrialAnswer], *, progress: Progress, control: JobControl, log: Path | None
    ) -> Verdicts | None:
        """See `ProbeGrader`."""
        judged = self._judge.judge(
            [(one.task.conversation, one.response) for one in answers],
            progress=progress,
            control=control,
            log=log,
        )
        if not judged.finished:
            return None
        self.check = check_judge(
            (verdict, by_reference.correct)
            for one, verdict in zip(answers, judged.verdicts, strict=True)
            if verdict is not None and (by_reference := grade_answer(one.task, one.response))
        )
        return list(judged.verdicts)


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
