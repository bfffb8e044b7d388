"""Preference pairs: of the answers to one question, a correct one is preferred to an incorrect one.

The pairs are made of graded answers alone: nobody has found here which of two reads better.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class GradedAnswer:
    """A record as far as pairs need it: its row, the key of what was asked, and whether it is correct."""

    n: int
    question: str
    correct: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PreferencePair:
    """The rows of the preferred record and of the other one, which answers the same question."""

    chosen: int
    rejected: int


def preference_pairs(answers: Iterable[GradedAnswer]) -> tuple[list[PreferencePair], int]:
    """Return the pairs of all questions, in the order of the questions, and how many answers have no partner.

    The first correct answer is paired with the first incorrect one, the second with the second, and so on:
    every answer is in one pair at most, so that no answer counts more than others.
    """
    correct: dict[str, list[int]] = defaultdict(list)
    incorrect: dict[str, list[int]] = defaultdict(list)
    order: dict[str, None] = {}
    for one in answers:
        order[one.question] = None
        (correct if one.correct else incorrect)[one.question].append(one.n)
    pairs = [
        PreferencePair(chosen=good, rejected=bad)
        for question in order
        for good, bad in zip(correct.get(question, ()), incorrect.get(question, ()), strict=False)
    ]
    alone = sum(map(len, correct.values())) + sum(map(len, incorrect.values())) - 2 * len(pairs)
    return pairs, alone
