"""`orca-desk export`: what it prints, and its exit codes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from doubles import open_small
from gate_here import run_here
from tiny_models import TinyModel
from tuned import add_tuned

from orca_desk.cli import commands
from orca_desk.errors import UserError
from orca_desk.parity import gate
from orca_desk.steps.export.part_folder import part_of


@pytest.fixture
def library(tmp_path: Path, tiny_llama: TinyModel) -> Iterator[Path]:
    """The folder of a library with one tuned student."""
    with open_small(tmp_path / "library") as library:
        add_tuned(library, tiny_llama.folder)
    yield tmp_path / "library"


def run(library: Path, out: Path, *more: str) -> str:
    arguments = ["export", "train-1", "--library", str(library), "--out", str(out), *more]
    result = CliRunner().invoke(commands, arguments)
    if result.exception:
        raise result.exception
    return result.stdout


def test_what_is_no_export_is_refused(library: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a valid name"):
        run(library, tmp_path / "out", "--name", "a/b")
    with pytest.raises(UserError, match="already exists"):
        run(library, library)
    assert json.loads(run(library, tmp_path / "out", "--discard", "--json")) == {"discarded": False}


@pytest.mark.slow
def test_a_file_is_exported_checked_and_told(
    library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "PROMPTS", 2)
    monkeypatch.setattr(gate, "run_worker", run_here)
    out = tmp_path / "My student"
    said = json.loads(run(library, out, "--format", "f16", "--format", "ollama", "--heldout", "0", "--json"))
    assert said["gate"]["passed"]
    assert [row["label"] for row in said["gate"]["rows"]] == ["F16"]
    assert [one["place"] for one in said["files"]] == [
        "tiny-llama0-train-1-F16.gguf",
        "ollama/tiny-llama0-train-1-F16.gguf",
    ]
    assert (said["overridden"], said["put"], said["scores"]) == (False, [], [])
    assert not part_of(out).exists()
