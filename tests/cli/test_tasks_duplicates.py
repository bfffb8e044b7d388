"""`orca-desk tasks duplicates` shows what asks the same before it deletes it; benchmarks are remembered."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orca_desk.cli import commands


def run(library: Path, *words: str) -> Result:
    return CliRunner().invoke(commands, ["tasks", *words, "--library", str(library)])


@pytest.fixture
def library(tmp_path: Path) -> Path:
    rows = [
        "query,answer",
        "How many legs have nine ants?,54",
        "how many legs have nine ants,54",
        "Who left?,Ann",
    ]
    (tmp_path / "rows.csv").write_text("".join(f"{row}\n" for row in rows))
    assert run(tmp_path / "library", "import", str(tmp_path / "rows.csv")).exit_code == 0
    return tmp_path / "library"


def test_copies_are_shown_then_deleted(library: Path) -> None:
    shown = run(library, "duplicates", "--family", "general")
    assert "3 tasks compared: 1 exact and 0 near copies in 1 cluster." in shown.output
    assert "Nothing was changed. --apply exact deletes 1 task" in shown.output
    applied = json.loads(
        run(library, "duplicates", "--family", "general", "--apply", "exact", "--json").stdout
    )
    assert (applied["deleted"], applied["exact"], applied["applied"]) == (1, 1, "exact")
    assert "none asks the same" in run(library, "duplicates", "--family", "general").output


def test_a_file_is_compared_and_remembered_as_a_benchmark(library: Path, tmp_path: Path) -> None:
    (tmp_path / "test.jsonl").write_text('{"question": "Who left"}\n')
    shown = run(library, "duplicates", "--against", str(tmp_path / "test.jsonl"))
    assert "compared with 1 question of the file: 1 exact and 0 near copies" in shown.output
    added = run(library, "benchmarks", "add", str(tmp_path / "test.jsonl"), "--name", "Leaving")
    assert "Leaving is now a benchmark: 1 question." in added.output
    (one,) = json.loads(run(library, "benchmarks", "--json").stdout)
    assert (one["name"], one["questions"]) == ("Leaving", 1)
    assert "no longer a benchmark" in run(library, "benchmarks", "remove", "Leaving").output
    assert json.loads(run(library, "benchmarks", "--json").stdout) == []
