"""What was asked and compared with, in words."""

from orca_desk.library.answers import AskedQuestion
from orca_desk.ui.words.answers import question_text, reference_text


def test_what_was_asked_and_compared_with() -> None:
    asked = AskedQuestion(user="1 + 1?", answer="2")
    assert (question_text(asked), reference_text(asked)) == ("1 + 1?", "2")
    assert reference_text(AskedQuestion(user="1 + 1?", answer=None)) == "This task had no reference answer."
    assert question_text(None) == reference_text(None) == "This task was deleted, and its text is not known."
