"""Checkers: is a step of an answer correct, as far as a program can tell?

Precision comes first: a step that a checker cannot read is *unchecked*, never correct, and one that can be
read in two ways is incorrect only if it is by both.

- `arithmetic`: the equations of each step are worked out again;
- `quotes`: quoted text is in the question;
- `order`: what is said of an order contradicts neither the question nor an earlier step;
- the bundled families (`belief`, `swaps`, `words`, `ordering`, `lookup`, `rules`) each have a checker, which
  solves the question by the family's rules. It recognises the question by its wording, whatever its family
  is called, so other tasks never meet it. `facts` has no steps to check.
"""

from collections.abc import Mapping

from orca_desk.errors import UserError
from orca_desk.method.answer_steps import AnswerStep
from orca_desk.method.checkers.arithmetic import check_arithmetic
from orca_desk.method.checkers.belief import check_belief
from orca_desk.method.checkers.chains import check_lookup, check_ordering, check_rules
from orca_desk.method.checkers.check import UNCHECKED, Checker, Outcome, StepCheck, StepFault
from orca_desk.method.checkers.order import check_order
from orca_desk.method.checkers.quotes import check_quotes
from orca_desk.method.checkers.swaps import check_swaps
from orca_desk.method.checkers.words import check_words

__all__ = ["AUTO", "CHOICES", "NONE", "Outcome", "StepCheck", "StepFault", "check_steps", "known_checker"]

AUTO, NONE = "auto", "none"
KINDS: Mapping[str, Checker] = {"arithmetic": check_arithmetic, "quotes": check_quotes, "order": check_order}
BUNDLED: Mapping[str, Checker] = {
    "belief": check_belief,
    "swaps": check_swaps,
    "words": check_words,
    "ordering": check_ordering,
    "lookup": check_lookup,
    "rules": check_rules,
}
CHOICES = (AUTO, *KINDS, NONE)  # what can be chosen for a family


def known_checker(name: str) -> str:
    """Return `name` if it can be chosen for a family. Raises UserError if not."""
    if name not in CHOICES:
        raise UserError(f"There is no checker {name!r}.", f"Choose one of {', '.join(CHOICES)}.")
    return name


def check_steps(
    question: str, steps: tuple[AnswerStep, ...], checker: str = AUTO
) -> tuple[str, tuple[StepCheck, ...]]:
    """Return the name of the checker that read the steps, and a check per step.

    By `auto` it is the bundled family's whose question this is, or none: then all steps are unchecked.
    """
    candidates = BUNDLED if checker == AUTO else {checker: KINDS[checker]} if checker in KINDS else {}
    for name, check in candidates.items():
        checks = check(question.strip(), steps)
        if checks is not None:
            return name, checks
    return NONE, (UNCHECKED,) * len(steps)
