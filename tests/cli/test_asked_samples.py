"""Commands that need tasks, on a library that has none: a missing one, an empty one, one without a family."""

from pathlib import Path

import pytest
from new_library import new_library

from orca_desk.cli.options import open_library
from orca_desk.cli.own_families import families_meant
from orca_desk.library.runs import create_run
from orca_desk.library.tasks import count_tasks


def test_a_new_library_gets_the_samples_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_library(tmp_path / "missing", needs_tasks=True) as library:
        assert count_tasks(library) > 2000
    assert "was given the sample tasks" in " ".join(capsys.readouterr().err.split())
    with open_library(tmp_path / "other") as library:
        assert count_tasks(library) == 0
    with open_library(tmp_path / "other", needs_tasks=True) as library:
        assert count_tasks(library) > 2000


def test_a_library_that_was_emptied_stays_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with new_library(tmp_path / "library") as library:
        create_run(library, "import", {})
    with open_library(tmp_path / "library", needs_tasks=True) as library:
        assert count_tasks(library) == 0
    assert capsys.readouterr().err == ""


def test_an_empty_library_gets_the_samples_if_a_family_of_theirs_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with new_library(tmp_path / "library"):
        pass
    with open_library(tmp_path / "library") as library:
        families_meant(library, ["mine"], with_samples=False)
        assert count_tasks(library) == 0 and capsys.readouterr().err == ""
        assert families_meant(library, ["facts"], with_samples=False) == ("facts",)
        assert count_tasks(library) > 2000
    assert "no family facts" in " ".join(capsys.readouterr().err.split())
