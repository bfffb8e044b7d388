"""What is shown in place of a reference answer that is missing."""

from orca_desk.method.records import Task
from orca_desk.ui.words.answers import reference_text


def test_a_reference_answer_or_why_there_is_none() -> None:
    assert reference_text(Task(family="sums", query="1 + 1?", answer="2")) == "2"
    assert reference_text(Task(family="sums", query="1 + 1?")).startswith("This task no longer has")
    assert reference_text(None) == "This task has since been deleted."
