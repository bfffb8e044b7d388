"""A choice by hand is stored with what was measured beside it, and a family's newest measurement is read."""

import getpass
from collections.abc import Iterator
from pathlib import Path

import pytest

from orca_desk.library.database import Library
from orca_desk.library.pairings import pairing_history, set_pairings
from orca_desk.library.tasks import add_tasks
from orca_desk.method.evidence import Basis, Evidence
from orca_desk.method.pairing import ChoiceRule, PairingReason, decide
from orca_desk.method.records import Task
from orca_desk.steps.pair.choice import choose_strategy, undo_choice
from orca_desk.steps.pair.family_result import family_result
from orca_desk.ui.words.pairing import overruled


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    with Library.open(tmp_path / "library") as library:
        add_tasks(library, [Task(family="sums", query="What is 1 + 1?", answer="2")])
        yield library


def measured(strategy: str, correct: int, basis: Basis = Basis.REFERENCE) -> Evidence:
    outcomes = tuple((f"task {n:02}", float(n < correct)) for n in range(40))
    return Evidence(
        family="sums",
        strategy=strategy,
        n=40,
        correct=correct,
        mean_tokens=9,
        outcomes=outcomes,
        basis=basis,
    )


def store(library: Library, *evidence: Evidence) -> None:
    decision = decide(evidence, ChoiceRule(margin=0.1))["sums"]
    pairings = [decision.pairing] if decision.pairing else []
    undecided = [] if decision.pairing else [decision]
    details = {"sums": decision.details}
    set_pairings(library, pairings, source="measured", undecided=undecided, details=details)


def said(library: Library) -> str:
    return overruled(pairing_history(library, "sums")[0])


def test_overruling_is_told_with_who_did_it_and_against_what(library: Library) -> None:
    choose_strategy(library, "sums", "direct")
    assert said(library) == "Chosen by hand by ada. Nothing was measured then."
    store(library, measured("direct", 4), measured("step-by-step", 36))
    assert said(library) == ""
    choice = choose_strategy(library, "sums", "direct")
    assert said(library) == (
        "Chosen by hand by ada. The measurement by reference answers had chosen step-by-step (36 of 40"
        " correct); direct: 4 of 40 correct."
    )
    undo_choice(library, choice)
    assert said(library) == ""
    choose_strategy(library, "sums", "guess-and-check")
    assert said(library).endswith("guess-and-check was not measured.")
    choose_strategy(library, "sums", "step-by-step")
    assert said(library) == (
        "Chosen by hand by ada. The measurement by reference answers chose the same (step-by-step: 36 of"
        " 40 correct)."
    )


def test_references_count_before_anything_else_also_where_they_chose_nothing(library: Library) -> None:
    store(library, measured("direct", 36, Basis.AGREEMENT))
    choose_strategy(library, "sums", "step-by-step")
    assert "by agreement had chosen direct (36 of 40 agreeing)" in said(library)
    store(library, measured("direct", 0), measured("step-by-step", 0))
    store(library, measured("direct", 36, Basis.AGREEMENT))
    choose_strategy(library, "sums", "direct")
    assert "by reference answers had no evidence; direct: 0 of 40 correct" in said(library)


def test_a_measurement_is_read_with_the_choice_that_it_stored(library: Library) -> None:
    store(library, measured("direct", 4), measured("step-by-step", 36))
    found = family_result(library, "sums", Basis.REFERENCE)
    assert found.measurement and found.current
    decision = found.measurement.decision
    assert (decision.strategy, decision.reason) == ("step-by-step", PairingReason.BEST)
    assert decision.rule.margin == 0.1 and len(decision.standings) == 2
    assert found.measurement.held_out and found.measurement.held_out.by_halves == ("step-by-step",) * 2
    store(library, measured("direct", 0), measured("step-by-step", 0))
    newest = family_result(library, "sums", Basis.REFERENCE)
    assert newest.measurement and newest.measurement.decision.strategy is None
    assert newest.current == found.current
    assert family_result(library, "sums", Basis.JUDGE).measurement is None


def test_a_machine_without_user_names_is_no_obstacle(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise OSError("no user")

    monkeypatch.setattr(getpass, "getuser", nobody)
    choose_strategy(library, "sums", "direct")
    assert said(library) == "Chosen by hand. Nothing was measured then."
