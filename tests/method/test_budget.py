"""Accuracy against allowed tokens: what counts at a budget, and that the curve says what the answers do."""

from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.budget import MOST_POINTS, BudgetCurve, TimedAnswer, budget_curve


def answer(tokens: int, *, correct: bool = True, ended: bool = True) -> TimedAnswer:
    return TimedAnswer(correct=correct, tokens=tokens, ended=ended)


def steps(curve: BudgetCurve) -> list[tuple[int, int]]:
    return [(point.tokens, point.accuracy.correct) for point in curve.points]


def test_an_answer_counts_from_the_token_at_which_it_ended():
    curve = budget_curve([answer(10), answer(20), answer(5, correct=False), answer(30, correct=False)])
    assert steps(curve) == [(0, 0), (10, 1), (20, 2), (30, 2)]
    assert [curve.at(tokens).correct for tokens in (0, 9, 10, 19, 20, 1000)] == [0, 0, 1, 1, 2, 2]
    assert (curve.n, curve.cut, curve.cut_correct, curve.longest) == (4, 0, 0, 30)


def test_a_cut_answer_counts_at_no_budget_and_is_told():
    cut = answer(64, ended=False), answer(64, correct=False, ended=False)
    curve = budget_curve([*cut, answer(0, ended=False)])
    assert curve.at(10_000).correct == 0
    assert (curve.n, curve.cut, curve.cut_correct) == (3, 2, 1)  # the third was not asked


def test_chosen_budgets_are_the_points():
    assert steps(budget_curve([answer(10), answer(20)], budgets=[20, 5, 20])) == [(5, 0), (20, 2)]


def test_nothing_makes_a_curve_without_a_share():
    curve = budget_curve([])
    assert steps(curve) == [(0, 0)]
    assert (curve.at(5).n, curve.longest) == (0, 0)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 3000), st.booleans()), max_size=300))
def test_every_point_counts_what_ended_within_it(rows: list[tuple[bool, int, bool]]):
    answers = [TimedAnswer(correct=correct, tokens=tokens, ended=ended) for correct, tokens, ended in rows]
    curve = budget_curve(answers)
    assert len(curve.points) <= MOST_POINTS + 2
    for point in curve.points:
        expected = sum(one.correct and one.ended and one.tokens <= point.tokens for one in answers)
        assert point.accuracy.correct == expected
    assert curve.points[-1].accuracy.correct == sum(one.correct and one.ended for one in answers)
