"""The steps of an answer in words."""

from orca_desk.method.answer_reading import read_answer
from orca_desk.ui.words.answer_steps import steps_summary


def test_an_empty_answer_is_not_said_to_lack_a_checker() -> None:
    assert steps_summary(read_answer("", "", (), "arithmetic")) == "no step: the answer is empty"
    assert steps_summary(read_answer("Hm", "", (), "none")).startswith("1 step · steps not checked")
    assert steps_summary(read_answer("Hm", "", (), "arithmetic")) == "1 step · no step could be checked"
