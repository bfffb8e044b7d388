"""The letter that lm-eval takes from an answer, by the pattern that is written for it."""

import re

import pytest
import yaml

from orca_desk.formats.writers.lm_eval_task import task_yaml


def taken(response: str) -> str:
    """Return what the regex filter of lm-eval takes of a response."""
    (step, _) = yaml.safe_load(task_yaml("quiz", "choice"))["filter_list"][0]["filter"]
    found = re.findall(step["regex_pattern"], response)
    if not found:
        return ""
    groups = found[step["group_select"]]
    return next(filter(None, groups), "")


@pytest.mark.parametrize(
    ("response", "letter"),
    [
        ("B. I am sure", "B"), ("The answer is A because B is wrong", "A"), ("Iron is none, so (B)", "B"),
        ("**B**", "B"), ("A", "A"), ("A) a dog", "A"), ("Answer: D\n", "D"), ("I would say B", "B"),
        ("B is right. I checked it.", "B"), ("First (A), no, (C). The correct option is (C).", "C"),
        ("Answer: I", "I"), ("It's C.\n\nA cat is not.", "C"), ("\\boxed{B}", "B"), ("I do not know", ""),
        ("A dog is none of them", ""), ("Answer: B. I am sure", "B"), ("A is wrong, so D", "D"),
    ],
)  # fmt: skip
def test_a_letter_is_no_word(response: str, letter: str) -> None:
    assert taken(response) == letter


@pytest.mark.parametrize("text", ["a ", "answer ", "( A", "\n A", "(?i:answer", "* "])
def test_long_answers_take_no_time(text: str) -> None:
    taken(text * 50_000)
