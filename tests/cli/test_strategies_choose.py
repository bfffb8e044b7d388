"""`strategies choose`: a choice, or none, from a file alone."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from orca_desk.cli.strategies_choose import choose_strategies


def write(folder: Path, direct: str, steps: str) -> Path:
    path = folder / "outcomes.jsonl"
    with path.open("w") as file:
        for strategy, marks, tokens in (("direct", direct, 3), ("step-by-step", steps, 90)):
            for task, mark in enumerate(marks):
                row = {"family": "f", "task": task, "strategy": strategy, "correct": mark == "1"}
                file.write(json.dumps({**row, "tokens": tokens}) + "\n")
    return path


def test_a_choice_with_its_figures(tmp_path: Path) -> None:
    path = write(tmp_path, "1" * 40, "1" * 40)
    found = json.loads(CliRunner().invoke(choose_strategies, [str(path), "--json"]).stdout)
    assert found["choices"] == {"f": "direct"}
    family = found["families"]["f"]
    assert (family["choice"], family["reason"], family["more_tasks"]) == ("direct", "best", None)
    direct = family["strategies"]["direct"]
    assert (direct["n"], direct["accuracy"], direct["mean_tokens"]) == (40, 1.0, 3.0)
    assert 0.9 < direct["low"] < direct["high"] == 1.0
    assert direct["against_best"]["adjusted_p"] <= 0.15
    assert family["held_out"]["accuracy"] == 1.0
    assert found["rows"] == {"read": 80, "used": 80, "left_out": 0}
    text = CliRunner().invoke(choose_strategies, [str(path)])
    assert text.exit_code == 0
    assert "direct *" in text.stdout and "80 rows of 80 used." in text.stdout
    assert "Level with step-by-step on 40 tasks that both answered" in text.stdout
    assert "up to 15% is allowed" in text.stdout and "up to 0.15 counts as not worse" in text.stdout


def test_no_choice_says_how_many_more_answers_would_settle_it(tmp_path: Path) -> None:
    path = write(tmp_path, "1" * 8, "1" * 8)
    found = json.loads(CliRunner().invoke(choose_strategies, [str(path), "--json"]).stdout)
    family = found["families"]["f"]
    assert (family["choice"], family["reason"]) == (None, "open")
    assert set(family["more_answers"]) == {"direct", "step-by-step"}
    assert all(more > 8 for more in family["more_answers"].values())
    text = CliRunner().invoke(choose_strategies, [str(path)])
    assert text.exit_code == 0 and "would probably settle it" in text.stdout
    lax = CliRunner().invoke(choose_strategies, [str(path), "--margin", "0.3", "--json"])
    assert json.loads(lax.stdout)["choices"] == {"f": "direct"}


@pytest.mark.parametrize("arguments", [["--margin", "2"], ["--confidence", "1"], []])
def test_bad_options_are_refused(arguments: list[str], tmp_path: Path) -> None:
    name = [] if not arguments else [str(write(tmp_path, "1", "1"))]
    assert CliRunner().invoke(choose_strategies, [*name, *arguments]).exit_code == 2


def test_standard_input_is_read(tmp_path: Path) -> None:
    text = write(tmp_path, "1" * 40, "0" * 40).read_text()
    found = CliRunner().invoke(choose_strategies, ["-", "--json"], input=text)
    assert json.loads(found.stdout)["choices"] == {"f": "direct"}


@pytest.mark.parametrize("option", ["--margin", "--confidence"])
def test_no_number_is_no_rule(option: str, tmp_path: Path) -> None:
    path = write(tmp_path, "1" * 8, "1" * 8)
    found = CliRunner().invoke(choose_strategies, [str(path), option, "nan"])
    assert found.exit_code == 2 and "not a finite number" in found.output
