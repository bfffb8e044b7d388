"""An answer as the method reads it: its strategy, its steps, and the first incorrect one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from orca_desk.method.adherence import recognise
from orca_desk.method.answer_steps import AnswerStep, split_steps
from orca_desk.method.checkers import AUTO, NONE, StepCheck, check_steps
from orca_desk.method.strategies import Strategy


@dataclass(frozen=True, kw_only=True)
class AnswerReading:
    """`strategy` is what the answer follows, if clear; `checks` has one check per step.

    `checker` is the one that read the steps; "none" if there is none for this question.
    """

    strategy: str | None
    steps: tuple[AnswerStep, ...]
    checker: str
    checks: tuple[StepCheck, ...]

    @property
    def first_incorrect(self) -> int | None:
        """The number of the first incorrect step, from 1; None if none was found."""
        for step, check in zip(self.steps, self.checks, strict=True):
            if check.outcome == "incorrect":
                return step.number
        return None

    @property
    def checked(self) -> int:
        """The number of steps that could be checked."""
        return sum(check.outcome != "unchecked" for check in self.checks)


@dataclass(kw_only=True)
class StepFaults:
    """Where the answers of an evaluation first go wrong.

    `by_place`, `by_marker` and `by_fault` count first incorrect steps by their number, by what opens them and
    by the code of the fault. Of `answers`, `unchecked` had no step that could be checked, and `clean` had no
    incorrect one among those that could.
    """

    answers: int = 0
    unchecked: int = 0
    clean: int = 0
    by_place: Counter[int] = field(default_factory=Counter)
    by_marker: Counter[str] = field(default_factory=Counter)
    by_fault: Counter[str] = field(default_factory=Counter)

    def add(self, reading: AnswerReading) -> None:
        """Count one answer."""
        self.answers += 1
        first = reading.first_incorrect
        if first is not None:
            step, check = reading.steps[first - 1], reading.checks[first - 1]
            self.by_place[first] += 1
            self.by_marker[step.marker or step.kind] += 1
            self.by_fault[str(check.fault)] += 1
        elif reading.checked:
            self.clean += 1
        else:
            self.unchecked += 1


def read_answer(
    response: str, question: str, strategies: Iterable[Strategy], checker: str = AUTO
) -> AnswerReading:
    """Read `response` to `question`, which is the user's text with its context.

    `checker` is what was chosen for the family: see `checkers.CHOICES`. Nothing raises, whatever the texts.
    """
    known: Sequence[Strategy] = tuple(strategies)
    steps = split_steps(response, known)
    name, checks = (NONE, ()) if not steps else check_steps(question, steps, checker)
    return AnswerReading(strategy=recognise(response, known), steps=steps, checker=name, checks=checks)
