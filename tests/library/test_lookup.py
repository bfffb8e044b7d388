"""Anything in the library is found by a few words, and no text can break the search."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from library_doubles import make_chat

from orca_desk.library.database import Library
from orca_desk.library.lookup import look_up
from orca_desk.library.runs import create_run
from orca_desk.library.tasks import add_tasks
from orca_desk.method.records import Task


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library with a task, three runs and a chat."""
    with Library.open(tmp_path / "library", samples=False) as opened:
        add_tasks(opened, [Task(family="belief", query="Where does John look for the kite?")])
        for kind in ("train", "evaluate", "generate"):
            create_run(opened, kind, {})
        make_chat(opened, title="About the 100% kite", model=Path("m.gguf"), adapter=None, system="")
        yield opened


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("kite john", "task"),
        ("train-1", "training"),
        ("evaluate", "evaluation"),
        ("generate-1", "run"),
        ("step-by", "strategy"),
        ("Step by", "strategy"),
        ("100%", "chat"),
    ],
)
def test_each_kind_is_found(library: Library, text: str, kind: str) -> None:
    assert kind in {found.kind for found in look_up(library, text)}


@pytest.mark.parametrize(
    "text", ["", "  ", "%", "_", "\\", "'", '"', "NEAR(", "*", "\0", "x" * 10_000, "kite OR"]
)
def test_no_text_breaks_the_search(library: Library, text: str) -> None:
    look_up(library, text)


def test_wildcards_are_taken_literally(library: Library) -> None:
    assert look_up(library, "train_1") == []
    assert look_up(library, "%rain") == []
