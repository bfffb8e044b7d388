"""`strategies probe` and `strategies outcomes`: options, figures, and what one hands to the other."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orca_desk.cli.strategies import command, pairings_table
from orca_desk.errors import UserError
from orca_desk.inventory.bundled import mini_teacher
from orca_desk.library.database import Library
from orca_desk.library.pairings import StoredPairing
from orca_desk.method.pairing import Basis, Evidence, Pairing


@pytest.fixture(autouse=True)
def samples(tmp_path: Path) -> None:
    """The library of the tests holds the sample tasks."""
    Library.open(tmp_path, samples=True).close()


def run(*arguments: str, folder: Path, text: str | None = None) -> Result:
    return CliRunner().invoke(command, [*arguments, "--library", str(folder)], input=text)


def probe(folder: Path, *arguments: str) -> Result:
    return run("probe", "--teacher", str(mini_teacher()), "--threads", "1", *arguments, folder=folder)


def test_a_measurement_within_a_budget_and_its_outcomes(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    chosen = ("--family", "ordering", "--strategy", "direct", "--strategy", "recall-reason-generate")
    found = json.loads(probe(tmp_path, *chosen, "--answers", "16", "--max-tokens", "200", "--json").stdout)
    assert found["finished"] and found["spent"]["answers"] == 16
    ordering = found["decisions"]["ordering"]
    assert (ordering["choice"], ordering["basis"], ordering["ended"]) == (
        "recall-reason-generate",
        "reference",
        "chosen",
    )
    assert ordering["held_out"]["accuracy"] == 1.0
    text = probe(tmp_path, *chosen, "--answers", "16", "--max-tokens", "200").stdout
    assert "1 family paired by measurement." in text
    outcomes = run("outcomes", folder=tmp_path)
    lines = [json.loads(line) for line in outcomes.stdout.splitlines()]
    assert len(lines) == 16
    assert set(lines[0]) == {"family", "task", "strategy", "sample", "correct", "tokens"}
    choice = CliRunner().invoke(command, ["choose", "-", "--json"], input=outcomes.stdout)
    assert json.loads(choice.stdout)["choices"] == {"ordering": "recall-reason-generate"}
    assert run("outcomes", "--family", "swaps", folder=tmp_path).exit_code == 1


def test_the_estimate_asks_nothing(tmp_path: Path) -> None:
    found = probe(
        tmp_path, "--estimate", "--tasks", "10", "--json", "--strategy", "direct", "--family", "facts"
    )
    cost = json.loads(found.stdout)
    assert (cost["least_answers"], cost["most_answers"]) == (8, 10)
    assert run("outcomes", folder=tmp_path).exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--by", "judge"),
        ("--judge", str(Path(__file__))),
        ("--judge-prompt", str(Path(__file__))),
        ("--answers", "0"),
        ("--minutes", "0"),
        ("--margin", "1"),
    ],
)
def test_options_that_do_not_fit_are_refused(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert probe(tmp_path, *arguments).exit_code == 2


@pytest.mark.parametrize("more", [(), ("--estimate",)])
def test_a_budget_for_less_than_one_task_is_refused(more: tuple[str, ...], tmp_path: Path) -> None:
    chosen = ("--family", "facts", "--strategy", "direct", "--strategy", "step-by-step")
    found = probe(tmp_path, *chosen, "--answers", "1", *more)
    assert found.exit_code != 0
    assert isinstance(found.exception, UserError) and "One task takes 2 answers" in str(found.exception)


def test_what_rests_on_more_is_replaced_only_when_allowed(tmp_path: Path) -> None:
    chosen = ("--family", "facts", "--tasks", "8", "--strategy", "direct", "--max-tokens", "20")
    assert run("pair", "facts", "guess-and-check", folder=tmp_path).exit_code == 0
    refused = probe(tmp_path, *chosen)
    assert isinstance(refused.exception, UserError)
    assert "facts (guess-and-check, by hand)" in refused.exception.message
    assert "--replace" in refused.exception.hint
    assert run("outcomes", folder=tmp_path).exit_code == 1  # nothing was asked
    pytest.importorskip("llama_cpp")
    found = json.loads(probe(tmp_path, *chosen, "--replace", "--json").stdout)
    assert found["replaced"] == {"facts": "guess-and-check"}


def test_what_agreement_chose_is_not_called_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    evidence = Evidence(family="f", strategy="s", n=4, correct=4, mean_tokens=3, basis=Basis.AGREEMENT)
    pairing = Pairing(family="f", strategy="s", evidence=(evidence,), reason="only")
    pairings_table([StoredPairing(pairing=pairing, source="measured", created_at="2026-01-01")])
    assert "by agreement" in capsys.readouterr().out
