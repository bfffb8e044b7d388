"""`orca-desk tasks grow`: proposals are made, listed, measured, and become tasks when they are accepted."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orca_desk.cli.grow import command
from orca_desk.library.database import Library
from orca_desk.library.proposals import add_proposals
from orca_desk.method.proposals import Proposal
from orca_desk.method.records import Task


def run(library: Path, *words: str) -> Result:
    return CliRunner().invoke(command, [*words, "--library", str(library)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Library.open(tmp_path / "library", samples=False) as library:
        add_proposals(
            library,
            "grow-procedural-1",
            [
                Proposal(
                    task=Task(family="gcd", query=f"What is the greatest divisor of {n} and 12?", answer="1"),
                    ancestry={"kind": "generator", "generator": "gcd", "level": None, "seed": n},
                    checks={"verifier": True},
                    confirmed=n < 2,
                )
                for n in range(3)
            ],
        )
    return tmp_path / "library"


def test_proposals_are_listed_shown_measured_and_decided(folder: Path) -> None:
    listed = run(folder, "list")
    assert "3 proposals" in listed.output and "gcd, seed 1" in listed.output
    first, second, third = (
        one["id"] for one in json.loads(run(folder, "list", "--json").stdout)["proposals"]
    )
    assert "Confirmed by its verifier" in run(folder, "show", first[:12]).output
    assert "3 proposals in 1 family" in run(folder, "diversity").output
    assert "Rejected 1 proposal." in run(folder, "reject", second).output
    assert "1 proposal had been decided before." in run(folder, "reject", second).output
    accepted = json.loads(run(folder, "accept", "--confirmed", "--split", "heldout", "--json").stdout)
    assert len(accepted["added"]) == 1
    assert "Added 1 task." in run(folder, "accept", "--all").output
    assert "1 proposal had been decided before." in run(folder, "accept", first).output
    states = json.loads(run(folder, "list", "--state", "accepted", "--json").stdout)
    assert {one["id"] for one in states["proposals"]} == {first, third}


def test_what_names_no_proposal_is_refused(folder: Path) -> None:
    assert "There is no proposal" in str(run(folder, "show", "zz").exception)
    assert run(folder, "accept").exit_code == 2
    for words in (("accept", "--run"), ("reject", "--run"), ("list", "--run"), ("diversity", "--run")):
        assert "grow-procedural-7" in str(run(folder, *words, "grow-procedural-7").exception)
    assert run(folder, "list", "--run", "grow-procedural-1").exit_code == 0
    assert run(folder, "accept", "abc", "--all").exit_code == 2


def test_generators_propose_tasks(folder: Path) -> None:
    if find_spec("reasoning_gym") is None:
        pytest.skip("reasoning-gym is not installed")
    grown = json.loads(
        run(folder, "procedural", "chain_sum", "--count", "4", "--heldout", "25", "--json").stdout
    )
    assert (grown["proposed"], grown["finished"]) == (4, True)
    assert "no generator 'absent'" in str(run(folder, "procedural", "absent").exception)


def test_earlier_turns_are_told_in_the_list_and_shown_in_full(tmp_path: Path) -> None:
    turns = (("user", "I have 3 apples."), ("assistant", "I see."))
    task = Task(family="fruit", query="How many after I eat one?", answer="2", turns=turns)
    with Library.open(tmp_path / "library", samples=False) as library:
        add_proposals(
            library,
            "grow-1",
            [Proposal(task=task, ancestry={"kind": "generator", "generator": "x", "level": None, "seed": 1})],
        )
    told = json.loads(run(tmp_path / "library", "list", "--json").stdout)["proposals"]
    assert "(after 2 turns)" in run(tmp_path / "library", "list").stdout
    assert "User: I have 3 apples." in run(tmp_path / "library", "show", told[0]["id"][:8]).stdout
