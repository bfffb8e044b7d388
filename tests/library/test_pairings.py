"""What was measured stays known when a family is paired by hand, and a choice by hand can be taken back."""

from orca_desk.library.database import Library
from orca_desk.library.pairings import (
    current_pairings,
    latest_evidence,
    pairing_history,
    set_pairings,
    withdraw_pairing,
)
from orca_desk.library.tasks import TaskFilter, add_tasks, undecided_families
from orca_desk.method.pairing import Evidence, Pairing
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
