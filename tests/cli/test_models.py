"""The commands of models and chat: what they tell of a model before it answers."""

import json
import os
from pathlib import Path

import pytest
from command_line import run_command as orca
from library_doubles import make_chat
from new_library import new_library
from tiny_adapters import make_adapter
from tiny_models import CHATML, make_tiny

from orca_desk.inventory.bundled import mini_teacher
from orca_desk.inventory.catalogue import add_path, added_paths
from orca_desk.library.database import Library
from orca_desk.models.base_identity import identify_base
from orca_desk.student.checkpoints import publish_adapter
from orca_desk.student.export import export_adapter


def test_models_show_tells_what_a_template_decides(tmp_path: Path) -> None:
    dated = make_tiny(tmp_path, template="{{ strftime_now('%Y') }}" + CHATML)
    for path in (dated.gguf, dated.folder):
        assert "It always gets 26 July 2024" in orca("models", "show", str(path)).stdout
        (note,) = json.loads(orca("models", "show", str(path), "--json").stdout)["notes"]
        assert note.startswith("The chat template asks for today's date.")


def test_models_show_says_why_a_folder_cannot_be_trained(tmp_path: Path) -> None:
    endless = "{% for m in messages %}{{ m.content }}{% endfor %}"
    refused = make_tiny(tmp_path / "refused", template=endless).folder
    shown = orca("models", "show", str(refused)).stdout
    assert "It can't be trained. The model's chat template does not end the assistant's turn" in shown
    assert "default settings" not in shown
    told = json.loads(orca("models", "show", str(refused), "--json").stdout)
    assert told["trainable"] is False and "chat template" in told["refusal"] and "fits" not in told
    good = make_tiny(tmp_path / "good").folder
    assert "With the default settings: Training good" in orca("models", "show", str(good)).stdout
    told = json.loads(orca("models", "show", str(good), "--json").stdout)
    assert (told["trainable"], told["refusal"]) == (True, "")


def test_models_show_names_the_base_and_the_rank_of_an_adapter(tmp_path: Path) -> None:
    student = make_tiny(tmp_path / "student")
    made = make_adapter(tmp_path / "made", student.folder, rank=2, base_model_name_or_path="me/base")
    assert _adapter(made) == ("me/base", 2)
    publish_adapter(made, tmp_path / "adapter", identify_base(student.folder, "abc"))
    exported = tmp_path / "adapter.gguf"
    export_adapter(tmp_path / "adapter", student.folder, exported)
    assert _adapter(tmp_path / "adapter") == _adapter(exported) == ("student", 2)
    shown = orca("models", "show", str(tmp_path / "adapter")).stdout
    assert "context" not in shown and "LORA" not in shown and "chat template" not in shown


def test_models_delete_shows_first_what_would_go_and_moves_it_to_the_trash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    library, file, link = tmp_path / "library", make_tiny(tmp_path / "mine").gguf, tmp_path / "link.gguf"
    with new_library(library) as opened:
        add_path(opened, file)
        make_chat(opened, title="", model=file, adapter=None, system="")
    shown = orca("models", "delete", str(file), folder=library).stdout
    assert str(file) in shown and "used by chat-1" in shown and "Add --yes" in shown and file.exists()
    assert (
        "part of Orca Desk" in orca("models", "delete", str(mini_teacher()), "--yes", folder=library).stderr
    )
    if os.name != "nt":
        link.symlink_to(file)
        assert "only a link" in orca("models", "delete", str(link), "--yes", folder=library).stderr
    told = json.loads(orca("models", "delete", str(file), "--yes", "--json", folder=library).stdout)
    assert told == {
        "paths": [str(file)],
        "uses": [{"kind": "chat", "id": "chat-1", "count": 1}],
        "moved": True,
    }
    assert not file.exists() and mini_teacher().exists()
    assert list((tmp_path / "home").rglob(file.name)) or os.name == "nt"
    with Library.open(library) as opened:
        assert added_paths(opened) == []


def _adapter(path: Path) -> tuple[str, int]:
    told = json.loads(orca("models", "show", str(path), "--json").stdout)
    return told["base"], told["rank"]


def test_chat_tells_it_on_stderr_and_refuses_an_adapter_of_another_model(tmp_path: Path) -> None:
    dated = make_tiny(tmp_path / "dated", template="{{ strftime_now('%Y') }}" + CHATML)
    asked = ("--message", "Hello", "--max-tokens", "4", "--json")
    done = orca("chat", "--model", str(dated.gguf), *asked)
    assert "Note: The chat template asks for today's date." in done.stderr
    assert set(json.loads(done.stdout)) == {"response", "finish_reason", "seconds"}
    student = make_tiny(tmp_path / "student")
    publish_adapter(
        make_adapter(tmp_path / "made", student.folder),
        tmp_path / "adapter",
        identify_base(student.folder, "abc"),
    )
    adapter = tmp_path / "adapter.gguf"
    export_adapter(tmp_path / "adapter", student.folder, adapter)
    other = make_tiny(tmp_path / "other", seed=7)
    good = orca("chat", "--model", str(student.gguf), "--adapter", str(adapter), *asked)
    assert good.returncode == 0 and good.stderr == ""
    bad = orca("chat", "--model", str(other.gguf), "--adapter", str(adapter), *asked)
    assert bad.returncode == 1
    assert "was trained on student, and model.gguf holds other weights" in bad.stderr


def test_a_gguf_file_becomes_a_folder_and_a_folder_a_gguf_file(tiny_llama, tmp_path: Path) -> None:
    made = orca("models", "convert", str(tiny_llama.gguf), str(tmp_path / "folder"))
    assert (made.returncode, made.stdout.startswith(f"Wrote {tmp_path / 'folder'}")) == (0, True)
    told = json.loads(orca("models", "show", str(tiny_llama.gguf), "--json").stdout)
    assert (told["trainable"], told["refusal"]) == (True, "")
    assert orca("models", "convert", str(tmp_path / "folder"), str(tmp_path / "back.gguf")).returncode == 0
    again = orca("models", "convert", str(tiny_llama.gguf), str(tmp_path / "folder"))
    assert again.returncode == 1 and "already exists" in again.stderr
    itself = orca("models", "convert", str(tiny_llama.gguf), str(tiny_llama.gguf))
    assert itself.returncode == 1 and "already exists" in itself.stderr
