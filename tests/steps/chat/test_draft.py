"""A message before it is sent."""

import pytest

from orca_desk.steps.chat.draft import Draft, whole_characters


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("e\u0301 \U0001f642 \x00", "e\u0301 \U0001f642 \x00"),
        ("\ud83d\ude42", "\U0001f642"),
        ("half \ud83d, \udcff", "half \ufffd, \ufffd"),
    ],
)
def test_a_message_holds_whole_characters(text: str, whole: str) -> None:
    assert whole_characters(text) == whole
    draft = Draft(question=text, context=text)
    assert draft.message == f"{whole.strip()}\n\n{whole.strip()}"
    assert draft.task is None
