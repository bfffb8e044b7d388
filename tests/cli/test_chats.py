"""`orca-desk chats`: the stored chats listed and exported."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from new_library import new_library

from orca_desk.cli import commands
from orca_desk.errors import UserError
from orca_desk.library.chats import ChatMessage, ask_columns, create_columns


def run(*words: str) -> str:
    """Return what a command prints."""
    return CliRunner().invoke(commands, words, catch_exceptions=False, standalone_mode=False).stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library with one chat."""
    with new_library(tmp_path / "library") as library:
        models = [(Path("/models/a.gguf"), None)]
        (chat,) = create_columns(library, title="Sums", models=models, system="S")
        ask_columns(library, chat.id, [ChatMessage(role="user", content="2 + 2?")])
    return tmp_path / "library"


def test_a_chat_is_listed_and_exported_over_no_other_file(folder: Path, tmp_path: Path) -> None:
    (chat,) = json.loads(run("chats", "list", "--library", str(folder), "--json"))
    assert (chat["title"], chat["models"]) == ("Sums", ["a.gguf"])
    words = ["chats", "export", chat["id"], str(tmp_path / "chat.md"), "--library", str(folder)]
    assert "1 turn saved to" in run(*words)
    (tmp_path / "chat.md").write_text("mine", "utf-8")
    with pytest.raises(UserError, match="already exists"):
        run(*words)
    assert (tmp_path / "chat.md").read_text("utf-8") == "mine"
    run(*words, "--overwrite")
    assert "> 2 + 2?" in (tmp_path / "chat.md").read_text("utf-8")


def test_a_chat_branches_after_a_question(folder: Path) -> None:
    words = ["chats", "branch", "chat-1", "--library", str(folder)]
    assert "chat-2 is a copy of chat-1" in run(*words, "--after", "1")
    with pytest.raises(UserError, match="no question 2"):
        run(*words, "--after", "2")
    titles = [one["title"] for one in json.loads(run("chats", "list", "--library", str(folder), "--json"))]
    assert titles == ["Branch: Sums", "Sums"]


@pytest.mark.parametrize("words", [("chats", "list"), ("train", "compare", "train-1")])
def test_a_mistyped_folder_does_not_become_a_library(tmp_path: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(UserError):
        run(*words, "--library", str(tmp_path / "typo"))
    assert not (tmp_path / "typo").exists()
