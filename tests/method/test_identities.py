"""What identifies a record, a question and its content."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.records import Sampling, Task, content_key, question_key, record_identity


def identity(sampling: Sampling, *, exact: bool = False) -> str:
    """The identity of one question under these settings."""
    return record_identity(
        system="s", user="u", sample=0, sampling=sampling, model_sha256="m", template_sha256="t", exact=exact
    )


def test_at_temperature_0_what_has_no_effect_does_not_count() -> None:
    greedy = Sampling(temperature=0.0, max_tokens=9)
    for other in ({"seed": 7}, {"top_k": 1}, {"top_p": 0.5}, {"min_p": 0.0}):
        assert identity(replace(greedy, **other)) == identity(greedy)
        assert identity(replace(greedy, **other), exact=True) != identity(greedy)
    assert identity(replace(greedy, max_tokens=10)) != identity(greedy)
    assert identity(replace(greedy, stop=("x",))) != identity(greedy)


def test_the_identities_of_earlier_versions_stay() -> None:
    # Written by 0.1.0; libraries have records by it
    assert identity(Sampling()) == identity(Sampling(), exact=True) == "fc7eb3dc0c09f3cd18332ac928a2baf2"


@given(seed=st.integers(0, 9), temperature=st.sampled_from([0.1, 0.7, 1.0]))
def test_with_a_temperature_the_seed_counts(seed: int, temperature: float) -> None:
    used = Sampling(temperature=temperature, seed=seed)
    assert identity(used) == identity(used, exact=True)
    assert identity(replace(used, seed=seed + 1)) != identity(used)


def test_a_question_is_what_the_model_reads() -> None:
    one = Task(family="a", query="q", context="c")
    assert question_key(one.user_text) == question_key(Task(family="b", query="c\n\nq").user_text)
    assert question_key(one.user_text) != question_key(Task(family="a", query="q").user_text)
    assert content_key("q", "a") != content_key("q", "b") != content_key("qb", "")
