"""What a student lost: pairing, intervals, what counts as large, and the way through JSON."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.forgetting import (
    LARGE_DIVERGENCE,
    Forgetting,
    GeneralAnswer,
    PromptDivergence,
    forgetting,
    ratio_of_sums,
)

KINDS = {f"q{n}": "arithmetic" if n % 2 else "reading" for n in range(100)}
SAME = [PromptDivergence(tokens=10, nats=0.0, changed=0)] * 5


def answers(correct: int, *, tokens: int = 10, ended: bool = True) -> dict[str, GeneralAnswer]:
    return {
        key: GeneralAnswer(correct=place < correct, tokens=tokens, ended=ended)
        for place, key in enumerate(KINDS)
    }


def measure(
    base: dict[str, GeneralAnswer],
    student: dict[str, GeneralAnswer],
    divergences: list[PromptDivergence] = SAME,
) -> Forgetting:
    return forgetting(base, student, KINDS, divergences, probe="p", system="s")


def test_a_student_that_changed_nothing_lost_nothing():
    found = measure(answers(50), answers(50))
    assert (found.overall.difference, found.ratio.value, found.divergence.nats.value) == (0.0, 1.0, 0.0)
    assert found.large == ()
    assert sorted(found.kinds) == ["arithmetic", "reading"]
    assert sum(one.n for one in found.kinds.values()) == found.overall.n == 100


def test_a_clear_loss_of_five_points_is_large_and_an_unclear_one_is_not():
    assert measure(answers(60), answers(50)).large == ("answers",)
    few = measure(answers(60), answers(57))
    assert (few.overall.finding, few.large) == ("no clear difference", ())


def test_a_clear_loss_below_five_points_is_told_but_is_not_large():
    kinds = {f"q{n}": "reading" for n in range(1000)}
    before = {key: GeneralAnswer(correct=True, tokens=1, ended=True) for key in kinds}
    after = before | {f"q{n}": GeneralAnswer(correct=False, tokens=1, ended=True) for n in range(30)}
    found = forgetting(before, after, kinds, SAME, probe="p", system="s")
    assert (found.overall.finding, found.large) == ("worse", ())


def test_divergence_and_length_are_told_where_the_answers_cannot_tell():
    far = [PromptDivergence(tokens=10, nats=10 * LARGE_DIVERGENCE + 1, changed=5)] * 5
    found = measure(answers(0), answers(0, tokens=20), far)
    assert found.is_floor
    assert found.large == ("divergence", "longer")
    assert found.divergence.changed == 0.5
    assert measure(answers(50), answers(50, tokens=5)).large == ("shorter",)


def test_a_question_that_one_could_not_be_asked_is_left_out_for_both():
    base = answers(50)
    del base["q0"]
    found = measure(base, answers(50))
    assert (found.unasked, found.overall.n, found.overall.difference) == (1, 99, 0.0)


def test_nothing_shared_is_refused():
    with pytest.raises(ValueError, match="paired outcomes"):
        measure({}, answers(3))
    with pytest.raises(ValueError, match="nothing was measured"):
        measure(answers(3), answers(3), [])


def test_cut_answers_are_counted():
    found = measure(answers(50), answers(50, ended=False))
    assert (found.base_cut, found.student_cut) == (0, 100)


def test_it_goes_through_json():
    found = measure(answers(60), answers(50, tokens=30))
    assert Forgetting.from_json(json.loads(json.dumps(found.to_json()))) == found


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.5, 100)), min_size=1, max_size=20))
def test_the_interval_is_the_same_each_time_and_within_the_single_ratios(pairs: list[tuple[float, float]]):
    found = ratio_of_sums(pairs)
    assert found == ratio_of_sums(pairs)
    ratios = [first / second for first, second in pairs]
    slack = 1e-9 * (1 + max(ratios))
    assert min(ratios) - slack <= found.low <= found.high <= max(ratios) + slack
    assert min(ratios) - slack <= found.value <= max(ratios) + slack
