"""`orca-desk library`: backups say what they have and what they have not, and are restored."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from library_doubles import judged, make_record, make_task
from new_library import new_library

from orca_desk.cli import commands
from orca_desk.library.naming import NAME
from orca_desk.library.new_records import add_records
from orca_desk.library.settings import peek_setting
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import add_tasks
from orca_desk.library.trainings import create_training, set_adapter


def library(*words: str) -> Result:
    """Run `orca-desk library ...`."""
    return CliRunner().invoke(commands, ["library", *words])


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """The folder of a library with a trained adapter."""
    with new_library(tmp_path / "library") as opened:
        add_tasks(opened, [make_task(1)])
        add_records(opened, [judged(make_record(1), 1)])
        snapshot = freeze(opened, name="x").id
        training = create_training(opened, base=tmp_path / "base", snapshot=snapshot, settings={})
        (training.folder / "adapter").mkdir(parents=True)
        (training.folder / "adapter" / "weights").write_bytes(b"weights")
        set_adapter(opened, training.id, adapter=training.folder / "adapter", gguf=None, sha256="0")
    return tmp_path / "library"


def test_a_backup_says_what_is_not_in_it(trained: Path, tmp_path: Path) -> None:
    path = tmp_path / "one.db"
    said = library("backup", str(path), "--library", str(trained)).stdout
    assert said.splitlines() == [
        f"Saved 1 task, 1 record and 1 snapshot to {path}.",
        "Not in it: trained adapters (7 bytes), logs.",
    ]
    made = json.loads(library("backup", str(path), "--library", str(trained), "--json").stdout)
    assert (made["files"], made["left_out"]) == (0, {"adapters": 7})


def test_adapters_come_back_with_the_library(trained: Path, tmp_path: Path) -> None:
    path, folder = tmp_path / "one.zip", tmp_path / "restored"
    said = library("backup", str(path), "--adapters", "--library", str(trained)).stdout
    assert "1 file of trainings" in said and said.endswith("Not in it: logs.\n")
    restored = library("restore", str(path), str(folder)).stdout
    assert restored == "Restored 1 task, 1 record, 1 snapshot and 1 file of trainings.\n"
    assert library("check", "--library", str(folder)).stdout.startswith("No problems found.\nChecked: ")
    again = library("restore", str(path), str(folder))
    assert again.exit_code == 1


def test_a_library_is_made_with_and_without_the_samples(tmp_path: Path) -> None:
    for options, tasks in ((("--samples",), 2661), ((), 0)):
        folder = tmp_path / f"new{tasks}"
        made = json.loads(library("new", str(folder), *options, "--json").stdout)
        assert made == {"folder": str(folder), "tasks": tasks}
        assert library("new", str(folder)).exit_code == 1
    there = ("--library", str(tmp_path / "new0"))
    assert library("samples", "--add", *there).stdout.startswith(
        "Added 2,661 tasks.\nSample tasks alone: belief"
    )
    assert library("samples", "--remove", *there).stdout.startswith("Removed 2,661 tasks.\n")
    assert json.loads(library("samples", "--json", *there).stdout)["sample_families"] == []


def test_a_library_is_renamed_and_its_folder_stays(trained: Path) -> None:
    there = ("--library", str(trained))
    assert library("rename", "  My   thesis ", *there).stdout == "The library is now called My thesis.\n"
    assert peek_setting(trained, NAME) == "My thesis"
    assert "has room for 80" in str(library("rename", "x" * 81, *there).exception)
    assert library("rename", "", *there).stdout == "The library is now called library.\n"


def test_a_library_is_packed_and_unpacked(trained: Path, tmp_path: Path) -> None:
    path, folder = tmp_path / "one.orcalib", tmp_path / "there"
    said = library("bundle", str(path), "--no-logs", "--library", str(trained)).stdout
    assert said.startswith(f"Packed library into {path}.\n") and "checked by its SHA-256" in said
    assert library("bundle", str(path), "--library", str(trained)).exit_code == 1
    said = library("unbundle", str(path), str(folder)).stdout
    assert f"Unpacked library into {folder}.\nIt has 1 task, 1 record, 1 snapshot and 1 training.\n" in said
    made = json.loads(library("unbundle", str(path), str(tmp_path / "again"), "--json").stdout)
    assert (made["tasks"], made["trainings"]) == (1, 1)
    assert library("unbundle", str(path), str(folder)).exit_code == 1


def test_a_library_is_moved(tmp_path: Path) -> None:
    assert library("new", str(tmp_path / "old")).exit_code == 0
    moved = library("move", str(tmp_path / "new"), "--library", str(tmp_path / "old"))
    assert (
        moved.output.strip() == f"The library is now in {tmp_path / 'new'}."
        and not (tmp_path / "old").exists()
    )
    there = ["--library", str(tmp_path / "new")]
    back = json.loads(library("move", str(tmp_path / "old"), "--json", *there).stdout)
    assert back == {"folder": str(tmp_path / "old"), "rest": None}


def test_a_command_says_that_a_damaged_library_can_only_be_read(tmp_path: Path) -> None:
    with new_library(tmp_path) as opened:
        add_tasks(opened, [make_task(number) for number in range(500)])
    path = tmp_path / "library.db"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 9 // 10])
    done = library("info", "--json", "--library", str(tmp_path))
    assert json.loads(done.stdout)["tasks"] == 500
    assert "is cut off: its end is missing. It can only be read:" in done.stderr
