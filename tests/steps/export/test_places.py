"""Where an export goes: found folders are offered, and nothing of another is replaced."""

from dataclasses import replace
from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.parity.table import GateTable
from orca_desk.steps.export.formats import Format
from orca_desk.steps.export.outcome import ExportedFile, ExportOutcome
from orca_desk.steps.export.places import Application, put, targets


@pytest.fixture
def outcome(tmp_path: Path) -> ExportOutcome:
    """An export of two merged files, of which Ollama has the smaller one."""
    sizes = {
        "big.gguf": (Format.F16, 90),
        "small.gguf": (Format.Q4_K_M, 30),
        "ollama/small.gguf": (Format.OLLAMA, 30),
    }
    for place, (_, size) in sizes.items():
        path = tmp_path / "out" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
    files = tuple(
        ExportedFile(format=kind, place=place, bytes=size, sha256="") for place, (kind, size) in sizes.items()
    )
    return ExportOutcome(out=tmp_path / "out", files=files, gate=GateTable(rows=()), scores=())


def test_found_folders_are_offered_with_the_smallest_file(tmp_path: Path, outcome: ExportOutcome) -> None:
    (tmp_path / "lms").mkdir()
    places = {"LM Studio": tmp_path / "lms", "GPT4All": tmp_path / "absent", "Ollama": tmp_path / "lms"}
    found = {one.application: one for one in targets(outcome, places)}
    assert set(found) == set(Application)
    assert found[Application.LM_STUDIO].folder == tmp_path / "lms" / "orca-desk" / "small"
    assert found[Application.GPT4ALL].folder is None
    assert found[Application.OLLAMA].source == tmp_path / "out" / "ollama"
    assert found[Application.OLLAMA].folder is None
    assert found[Application.LLAMA_CPP].source == tmp_path / "out" / "small.gguf"


def test_putting_it_there_is_done_once_and_replaces_nothing(tmp_path: Path, outcome: ExportOutcome) -> None:
    (tmp_path / "lms").mkdir()
    places = {"LM Studio": tmp_path / "lms"}
    target = targets(outcome, places)[0]
    placed = put(target)
    assert placed == tmp_path / "lms" / "orca-desk" / "small" / "small.gguf"
    assert placed.read_bytes() == b"x" * 30
    assert put(target) == placed
    assert targets(outcome, places)[0].is_there
    placed.unlink()
    placed.write_bytes(b"y" * 30)
    assert not targets(outcome, places)[0].is_there
    with pytest.raises(UserError, match="is a different file"):
        put(target)
    with pytest.raises(UserError, match="that takes model files"):
        put(targets(outcome, {})[0])


def test_ollama_lists_it_by_the_files_name_wherever_it_lies(tmp_path: Path, outcome: ExportOutcome) -> None:
    """A folder may have any name, Ollama takes few letters, and at most 80."""
    elsewhere = tmp_path / "Mein Schüler"
    (tmp_path / "out").rename(elsewhere)
    long = ExportedFile(format=Format.Q8_0, place=f"{'A' * 96}-Q8_0.gguf", bytes=1, sha256="")
    assert {one.name for one in targets(replace(outcome, out=elsewhere), {})} == {"small"}
    assert {one.name for one in targets(replace(outcome, files=(long,)), {})} == {"a" * 80}


def test_a_template_that_is_guessed_concerns_ollama_alone(outcome: ExportOutcome) -> None:
    found = targets(replace(outcome, guesses_template=True), {})
    assert [one.application for one in found if one.guesses_template] == [Application.OLLAMA]


def test_without_a_merged_file_there_is_nowhere_to_put_it(tmp_path: Path) -> None:
    adapter = ExportedFile(format=Format.ADAPTER_GGUF, place="a.gguf", bytes=1, sha256="")
    outcome = ExportOutcome(out=tmp_path, files=(adapter,), gate=GateTable(rows=()), scores=())
    assert targets(outcome, {}) == []
