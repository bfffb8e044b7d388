"""`orca-desk tasks group` shows the groups before it makes them families, and `rename` merges by hand."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orca_desk.cli import commands


def run(library: Path, *words: str) -> Result:
    return CliRunner().invoke(commands, ["tasks", *words, "--library", str(library)])


@pytest.fixture
def library(tmp_path: Path) -> Path:
    rows = [f"What is {n} plus {n % 7} apples?" for n in range(30)]
    rows += [f"Take {n} steps left. Do you return to the starting point?" for n in range(30)]
    (tmp_path / "rows.txt").write_text("".join(f"{row}\n" for row in rows))
    assert run(tmp_path / "library", "import", str(tmp_path / "rows.txt")).exit_code == 0
    return tmp_path / "library"


def test_groups_are_shown_then_applied_then_merged(library: Path) -> None:
    pytest.importorskip("sklearn")
    shown = run(library, "group")
    assert "60 tasks in 2 groups, well apart" in shown.output
    assert "Nothing was changed." in shown.output
    applied = json.loads(run(library, "group", "--apply", "--json").stdout)
    assert (applied["moved"], applied["applied"], len(applied["groups"])) == (60, True, 2)
    first, second = (one["name"] for one in applied["groups"])
    families = json.loads(run(library, "families", "--json").stdout)
    assert {first, second} == {one["family"] for one in families}
    renamed = run(library, "rename", first, second)
    assert f"Moved 30 tasks from {first} to {second}." in renamed.output


def test_an_unknown_family_is_told(library: Path) -> None:
    failed = run(library, "group", "--family", "absent")
    assert "There is no family named absent." in str(failed.exception)
