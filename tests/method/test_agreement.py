"""Agreement: what counts as the same answer, who wins, and when more samples cannot change it."""

import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.agreement import Agreement, agree, is_settled, is_share, samples_needed
from orca_desk.method.grading.mathematics import Comparison
from orca_desk.method.records import AnswerKind

COLOURS = "Which?\nOptions:\n(A) red\n(B) blue\n(C) green"
# Texts that share no answer with each other, so that any mix of them has a known vote
APART = ("Answer: 4", "So the total is 5.", "Answer: 6 apples", "no idea", "")


class _Squares:
    """A comparer that knows one equation."""

    @property
    def limits(self) -> dict[str, float]:
        return {"seconds": 1.0, "bytes": 1.0}

    def compare(self, answer: str, expected: str) -> Comparison:
        return "same" if sorted(answer) == sorted(expected) else "different"


@pytest.mark.parametrize(
    ("responses", "kind", "question", "groups", "without"),
    [
        (["Answer: 18", "She has 18 apples.", "#### 18.0", "Answer: 17"], None, "", ["18", "17"], 0),
        (["Answer: Paris", "**Answer:** paris.", "Answer: Rome"], None, "", ["Paris", "Rome"], 0),
        (["Answer: yes", "Answer: Yes, it is", "Answer: no"], None, "", ["yes", "no"], 0),
        (["Answer: (B)", "Answer: blue", "Answer: C"], None, COLOURS, ["(B)", "C"], 0),
        (
            ["Answer: a, b, c", "Answer: a, b and c", "Answer: b, a, c"],
            "ordering",
            "",
            ["a, b, c", "b, a, c"],
            0,
        ),
        (["Answer: x: 1; y: 2", "Answer: y: 2; x: 1"], "keyed", "", ["x: 1; y: 2"], 0),
        ([r"\boxed{\frac{1}{2}}", "Answer: 0.5", "Answer: 1/2"], None, "", ["1/2"], 0),
        (["Answer: 5\n\nAnswer: 6", "Answer: 5", "I cannot tell.", ""], None, "", ["5"], 3),
        (["<think>Answer: 7</think>", "Answer: 8"], "number", "", ["8"], 1),
        ([], None, "", [], 0),
    ],
)
def test_answers_are_grouped_as_the_grader_compares_them(
    responses: list[str], kind: AnswerKind | None, question: str, groups: list[str], without: int
) -> None:
    for order in itertools.permutations(responses):
        vote = agree(order, kind, question=question)
        assert [each.answer for each in vote.candidates] == groups
        assert len(vote.without_vote) == without and vote.n == len(responses)


def test_mathematics_is_compared_by_the_comparer() -> None:
    answers = [r"\boxed{x^2+1}", r"\boxed{1+x^2}", r"\boxed{x^3}"]
    assert [each.votes for each in agree(answers).candidates] == [1, 1, 1]
    assert [each.votes for each in agree(answers, comparer=_Squares()).candidates] == [2, 1]


def test_a_tie_has_no_winner() -> None:
    tied = agree(["Answer: 1", "Answer: 2"])
    assert tied.is_tied and tied.winner is None and tied.share == 0 and not tied.reaches(0)
    won = agree(["Answer: 1", "Answer: 2", "Answer: 1", "?"], "number")
    assert won.winner is not None and won.winner.answer == "1" and won.share == 0.5
    assert won.reaches(0.5) and not won.reaches(0.51)
    assert [won.votes_for(sample) for sample in range(4)] == [2, 1, 2, 0]


@given(st.lists(st.sampled_from(APART), max_size=6), st.randoms())
def test_the_order_of_the_samples_does_not_matter(responses: list[str], random: Random) -> None:
    shuffled = list(responses)
    random.shuffle(shuffled)
    first, second = agree(responses, "number"), agree(shuffled, "number")
    assert [(each.answer, each.votes) for each in first.candidates] == [
        (each.answer, each.votes) for each in second.candidates
    ]


@given(st.lists(st.text(max_size=40), max_size=5))
def test_every_sample_is_counted_once_whatever_the_texts(responses: list[str]) -> None:
    vote = agree(responses)
    counted = [*vote.without_vote, *(sample for each in vote.candidates for sample in each.samples)]
    assert sorted(counted) == list(range(len(responses)))


@given(
    st.lists(st.sampled_from(APART), max_size=4),
    st.integers(0, 3),
    st.sampled_from([0.0, 0.5, 0.6, 1.0]),
)
def test_settled_means_that_no_further_samples_change_the_outcome(
    responses: list[str], remaining: int, at_least: float
) -> None:
    def outcome(vote: Agreement) -> str | None:
        return vote.winner.answer if vote.winner and vote.reaches(at_least) else None

    vote = agree(responses, "number")
    ends = {
        outcome(agree([*responses, *more], "number"))
        for more in itertools.product((*APART, "Answer: 99"), repeat=remaining)
    }
    if is_settled(vote, remaining, at_least):
        assert len(ends) == 1
    else:
        assert len(ends) > 1


def test_the_samples_that_a_share_needs() -> None:
    assert [samples_needed(n, 0.5) for n in (1, 2, 4, 5)] == [1, 2, 3, 3]
    assert samples_needed(5, 0.8) == 4


def test_a_share_is_reached_exactly() -> None:
    vote = agree([*["Answer: 7"] * 7, *(f"Answer: {number}" for number in range(100, 118))], "number")
    assert vote.share == 0.28
    assert vote.reaches(0.28) and is_settled(vote, 0, 0.28)
    some = agree([*["Answer: 7"] * 7, *(f"Answer: {number}" for number in range(100, 106))], "number")
    assert not is_settled(some, 12, 0.28), "seven of 25 can still win"
    assert next(votes for votes in range(1, 26) if is_share(votes, 25, 0.28)) == 7
