"""`orca-desk train`: what it says before a training starts. Whole trainings are in the end-to-end tests."""

import json
from pathlib import Path

import pytest
from click import UsageError
from click.testing import CliRunner
from library_doubles import judged, make_record, make_task
from new_library import new_library
from tiny_adapters import make_adapter
from tiny_models import TinyModel

from orca_desk.cli import commands
from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.snapshots import freeze, list_snapshots
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import create_training
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.student.export import export_adapter
from orca_desk.student.settings import TrainSettings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library with a snapshot named "one"."""
    with new_library(tmp_path / "library") as library:
        add_tasks(library, [make_task(1)])
        add_records(library, [judged(make_record(1), 1)])
        freeze(library, name="one", rules=SnapshotRules(only_paired=False))
    return tmp_path / "library"


@pytest.mark.parametrize("is_gguf", [False, True])
def test_an_adapter_is_no_student(folder: Path, tiny_llama: TinyModel, tmp_path: Path, is_gguf: bool) -> None:
    adapter = make_adapter(tmp_path / "adapter", tiny_llama.folder)
    if is_gguf:
        export_adapter(adapter, tiny_llama.folder, tmp_path / "adapter.gguf")
        adapter = tmp_path / "adapter.gguf"
    words = ["train", "--student", str(adapter), "--snapshot", "one", "--library", str(folder)]
    with pytest.raises(UserError, match=r"is an adapter; a training starts from a whole model") as refused:
        CliRunner().invoke(commands, words, catch_exceptions=False, standalone_mode=False)
    assert refused.value.hint == "Choose the adapter's base model."


def test_presets_are_saved_listed_and_given_to_a_training(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(tmp_path / "settings"))

    def run(*words: str) -> str:
        return CliRunner().invoke(commands, words, catch_exceptions=False, standalone_mode=False).stdout

    run("train", "presets", "save", "careful", "--learning-rate", "1e-4", "--early-stop", "3")
    run("train", "presets", "save", "careful too", "--from", "careful", "--epochs", "1")
    settings = json.loads(run("train", "presets", "show", "careful too", "--json"))
    assert (settings["learning_rate"], settings["early_stop"], settings["epochs"]) == (1e-4, 3, 1)
    own = [one["name"] for one in json.loads(run("train", "presets", "list", "--json")) if one["yours"]]
    assert own == ["careful", "careful too"]
    assert "Learning rate 0.0001" in run("train", "presets", "list")
    file = tmp_path / "careful.json"
    run("train", "presets", "export", "careful", str(file))
    with pytest.raises(UserError, match="already exists"):
        run("train", "presets", "export", "careful too", str(file))
    run("train", "presets", "export", "careful too", str(file), "--overwrite")
    assert json.loads(file.read_text("utf-8"))["name"] == "careful too"
    words = ["train", "--student", str(tmp_path), "--snapshot", "one", "--library", str(folder)]
    with pytest.raises(UserError, match="no preset 'bold'"):
        CliRunner().invoke(
            commands, [*words, "--preset", "bold"], catch_exceptions=False, standalone_mode=False
        )
    with pytest.raises(UsageError, match="Missing option '--snapshot'"):
        run("train", "--student", str(tmp_path))


def test_trainings_are_compared_by_what_differs(folder: Path, tmp_path: Path) -> None:
    with Library.open(folder) as library:
        snapshot = list_snapshots(library)[0].id
        for rank in (4, 8):
            settings = TrainSettings(rank=rank).to_dict()
            create_training(library, base=tmp_path / "base", snapshot=snapshot, settings=settings)

    def run(*words: str) -> str:
        given = ["train", "compare", "train-1", "train-2", "--library", str(folder), *words]
        return CliRunner().invoke(commands, given, catch_exceptions=False, standalone_mode=False).stdout

    rows = json.loads(run("--json"))
    assert rows[0] == {"name": "Rank", "values": {"train-1": "4", "train-2": "8"}}
    run("--csv", str(tmp_path / "table.csv"))
    assert (tmp_path / "table.csv").read_text("utf-8").splitlines()[:2] == [",train-1,train-2", "Rank,4,8"]
    with pytest.raises(UserError, match="already exists"):
        run("--csv", str(tmp_path / "table.csv"))
    assert "saved to" in run("--csv", str(tmp_path / "table.csv"), "--overwrite")
