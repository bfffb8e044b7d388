"""What judges replied is stored once, and read as verdicts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from orca_desk.library.database import Library
from orca_desk.library.judgements import Judgement, add_judgements, find_judgements


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library") as library:
        yield library


def _reply(key: str, text: str) -> Judgement:
    return Judgement(
        id=key, model_sha256="a", prompt="Judge.", question="What?", reply=text, finish_reason="stop"
    )


def test_replies_are_stored_once_and_read_as_verdicts(library: Library) -> None:
    add_judgements(library, [_reply("1", "Verdict: correct"), _reply("2", "It depends.")])
    add_judgements(library, [_reply("1", "Verdict: incorrect"), _reply("3", "Verdict: incorrect")])
    found = find_judgements(library, ["1", "2", "3", "4"])
    assert {key: one.verdict for key, one in found.items()} == {"1": True, "2": None, "3": False}
    assert found["1"] == _reply("1", "Verdict: correct")
