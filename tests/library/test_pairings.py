"""What was measured stays known when a family is paired by hand, and a choice by hand can be taken back."""

from dataclasses import replace

import pytest

from orca_desk.library import pairings, strategies
from orca_desk.library.database import Library
from orca_desk.library.pairings import (
    current_pairings,
    earlier_evidence,
    latest_evidence,
    pairing_history,
    set_pairings,
    withdraw_pairing,
)
from orca_desk.library.strategies import get_strategy, save_strategy
from orca_desk.library.tasks import TaskFilter, add_tasks, undecided_families
from orca_desk.method.pairing import Evidence, Pairing, decide
from orca_desk.method.records import Task


def evidence(strategy: str, correct: int) -> Evidence:
    return Evidence(family="sums", strategy=strategy, n=10, correct=correct, mean_tokens=5.0)


def pairing(strategy: str, *found: Evidence) -> Pairing:
    return Pairing(family="sums", strategy=strategy, evidence=found, reason="because")


def test_the_newest_measure_of_each_strategy_outlives_other_pairings(library: Library) -> None:
    first, second = evidence("direct", 4), evidence("step-by-step", 9)
    set_pairings(library, [pairing("step-by-step", first, second)], source="measured")
    again = evidence("direct", 6)
    set_pairings(library, [pairing("direct", again)], source="measured")
    set_pairings(library, [pairing("guess-and-check")], source="chosen")
    assert latest_evidence(library) == {("sums", "direct"): again, ("sums", "step-by-step"): second}


def test_a_choice_by_hand_is_withdrawn_only_while_it_is_the_newest(library: Library) -> None:
    measured, chosen = pairing("direct", evidence("direct", 4)), pairing("step-by-step")
    set_pairings(library, [measured], source="measured")
    set_pairings(library, [chosen], source="chosen")
    assert withdraw_pairing(library, chosen)
    assert [stored.pairing for stored in pairing_history(library, "sums")] == [measured]
    assert not withdraw_pairing(library, measured), "a measurement is never taken back"
    assert current_pairings(library)["sums"].pairing == measured


def test_families_that_need_a_pairing(library: Library) -> None:
    add_tasks(library, [Task(family="a", query="1"), Task(family="b", query="2", strategy="direct")])
    assert undecided_families(library) == {"a"}
    add_tasks(library, [Task(family="c", query="3")])
    assert undecided_families(library, TaskFilter(limit=2)) == {"a"}
    assert undecided_families(library, TaskFilter(family="c")) == {"c"}


def test_evidence_of_an_earlier_instruction_is_told(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = (f"9999-01-01T00:00:{second:02}.000+00:00" for second in range(60))
    for module in (pairings, strategies):
        monkeypatch.setattr(module, "now", lambda: next(times))
    add_tasks(library, [Task(family="sums", query="1+1?"), Task(family="hard", query="P=NP?")])
    first = get_strategy(library, "direct")
    nothing = Evidence(family="hard", strategy="direct", n=3, correct=0, mean_tokens=5.0)
    found = [pairing("direct", evidence("direct", 4), evidence("step-by-step", 3))]
    set_pairings(library, found, source="measured", undecided=decide([nothing]).values())
    save_strategy(library, replace(first, title="Another title"))
    assert earlier_evidence(library) == frozenset()
    save_strategy(library, replace(first, instruction="Answer in Latin."))
    assert earlier_evidence(library) == {("sums", "direct"), ("hard", "direct")}
    set_pairings(library, found, source="measured")
    assert earlier_evidence(library) == {("hard", "direct")}
    save_strategy(library, first)  # as it was
    assert earlier_evidence(library) == {("sums", "direct")}
