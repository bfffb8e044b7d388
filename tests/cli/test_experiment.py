"""`orca-desk experiment`: plans, tables and reports from a terminal."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from doubles import QUICK, open_small, small_snapshot
from experiments import store_experiment

from orca_desk.cli import commands
from orca_desk.cli.experiment import _settings
from orca_desk.errors import UserError
from orca_desk.method.arms import Arm
from orca_desk.student.settings import TrainSettings

pytest.importorskip("scipy")


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    """Run `orca-desk experiment ...` on a library with a finished experiment."""
    with open_small(tmp_path / "library") as library:
        store_experiment(library, lambda arm, *_: arm is Arm.ERASED)

    def experiment(*words: str) -> Result:
        arguments = ["experiment", *words, "--library", str(tmp_path / "library")]
        return CliRunner().invoke(commands, arguments, catch_exceptions=False)

    return experiment


def test_the_newest_experiment_is_shown_as_a_table_and_in_words(run: Callable[..., Result]) -> None:
    shown = run("status").stdout
    assert "Erased - base, under no system message" in shown
    assert "100.0% (" in shown
    assert "Training on the erased records helped under" in shown
    found = json.loads(run("status", "experiment-1", "--json").stdout)
    assert (found["run"], found["status"], found["tasks"]) == ("experiment-1", "done", 16)
    assert {one["finding"] for one in found["contrasts"]} == {"better", "no clear difference"}
    assert found["conclusion"] in " ".join(shown.split())


def test_reports_are_written_or_printed(run: Callable[..., Result], tmp_path: Path) -> None:
    html, markdown = tmp_path / "report.html", tmp_path / "report.md"
    assert "Report saved to" in run("report", "--html", str(html), "--markdown", str(markdown)).stdout
    assert html.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert run("report").stdout.split() == markdown.read_text(encoding="utf-8").split()


def test_experiments_are_listed(run: Callable[..., Result]) -> None:
    assert "experiment-1" in run("list").stdout
    (listed,) = json.loads(run("list", "--json").stdout)
    assert (listed["id"], listed["kind"]) == ("experiment-1", "experiment")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["status", "experiment-9"], "no run experiment-9"),
        (["status", "train-1"], "no run train-1"),
        (["run", "--snapshot", "nope"], "no snapshot"),
        (["run"], "no student has been trained"),
        (["estimate", "--student", ".", "--family", "nope"], "no records of a family named nope"),
        (["estimate", "--student", ".", "--arm", "base"], "trains no student"),
        (["estimate", "--student", ".", "--set", "epochs"], "does not name a training setting"),
    ],
)
def test_what_cannot_be_done_is_said(run: Callable[..., Result], words: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        run(*words)


def test_a_library_without_experiments_says_how_to_start_one(tmp_path: Path) -> None:
    with open_small(tmp_path / "library") as library:
        small_snapshot(library)
    with pytest.raises(UserError, match="no experiment"):
        CliRunner().invoke(
            commands, ["experiment", "status", "--library", str(tmp_path / "library")], catch_exceptions=False
        )


def test_settings_are_given_by_name() -> None:
    made = _settings(QUICK, ("learning-rate=5e-3", "epochs=7", "keep_best=false", "schedule=linear"))
    assert (made.learning_rate, made.epochs, made.keep_best, made.schedule) == (5e-3, 7, False, "linear")
    assert made.rank == QUICK.rank
    for pair, sentence in (
        ("epochs=many", "cannot be 'many'"),
        ("keep_best=perhaps", "cannot be 'perhaps'"),
        ("seed=3", "does not name"),
        ("schedule=round", "'round' is not possible"),
    ):
        with pytest.raises(UserError, match=sentence):
            _settings(TrainSettings(), (pair,))
