"""The best of several answers: by grade, then the shortest, at most so many per task."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.best import Contender, beaten
from orca_desk.method.fitness import RecordBasis, Unfit


def contender(
    name: str, *, basis: RecordBasis = RecordBasis.CORRECT, tokens: int | None = 10, **fields: object
) -> Contender:
    """A contender for the task "task"."""
    values = {"content": name, "group": "task", "characters": None, **fields}
    return Contender(id=name, basis=basis, tokens=tokens, **values)  # type: ignore[arg-type]


def test_the_correct_ones_come_first_and_then_the_shortest() -> None:
    answers = [
        contender("wrong", basis=RecordBasis.INCORRECT, tokens=1),
        contender("unsure", basis=RecordBasis.UNGRADED, tokens=2),
        contender("long", tokens=30),
        contender("short", tokens=12),
    ]
    assert beaten(answers, per_task=1).keys() == {"wrong", "unsure", "long"}
    assert beaten(answers, per_task=2).keys() == {"wrong", "unsure"}
    assert beaten(answers, per_task=3).keys() == {"wrong"}
    assert beaten(answers, per_task=None) == {}


def test_what_the_user_kept_stays_and_counts() -> None:
    answers = [
        contender("kept", basis=RecordBasis.KEPT, tokens=90),
        contender("also", basis=RecordBasis.KEPT, tokens=80),
    ]
    assert beaten([*answers, contender("short")], per_task=1) == {"short": Unfit.NOT_BEST}


def test_of_equal_answers_one_stays_a_kept_one_first() -> None:
    answers = [contender("a", content="same"), contender("b", content="same", basis=RecordBasis.KEPT)]
    assert beaten(answers, per_task=None) == {"a": Unfit.DUPLICATE}
    assert beaten([answers[0], contender("c", content="same")], per_task=4) == {"c": Unfit.DUPLICATE}


def test_lengths_that_nobody_counted_are_estimated() -> None:
    answers = [contender("counted", tokens=30), contender("not", tokens=None, characters=400)]
    assert beaten(answers, per_task=1).keys() == {"not"}
    assert beaten([answers[0], contender("not", tokens=None, characters=40)], per_task=1).keys() == {
        "counted"
    }


@given(
    drafts=st.lists(
        st.tuples(st.sampled_from(RecordBasis), st.integers(1, 5), st.integers(0, 2), st.integers(0, 6)),
        max_size=14,
    ),
    per_task=st.none() | st.integers(1, 4),
    order=st.randoms(),
)
def test_no_order_matters_and_no_task_has_more(drafts, per_task, order) -> None:  # type: ignore[no-untyped-def]
    answers = [
        contender(f"{n:02}", basis=basis, tokens=tokens, group=group, content=f"{group}-{content}")
        for n, (basis, tokens, group, content) in enumerate(drafts)
    ]
    out = beaten(answers, per_task=per_task)
    shuffled = list(answers)
    order.shuffle(shuffled)
    assert beaten(shuffled, per_task=per_task) == out
    taken = [one for one in answers if one.id not in out]
    assert len({one.content for one in taken}) == len(taken)
    for group, count in Counter(one.group for one in taken).items():
        kept = sum(one.basis is RecordBasis.KEPT and one.group == group for one in taken)
        assert per_task is None or count <= max(per_task, kept)
    assert not any(one.basis is RecordBasis.KEPT and out.get(one.id) is Unfit.NOT_BEST for one in answers)
