"""Choosing from recorded outcomes: what is compared, what is not, and what the other half says."""

import io
import json
from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.method.pairing import PairingReason
from orca_desk.steps.pair.recorded import RecordedChoice, choose_from
from orca_desk.ui.words.choices import decision_reason, recorded_notes


def rows(strategy: str, right: str, tokens: int | None = None, family: str = "f") -> list[dict[str, object]]:
    found = []
    for number, mark in enumerate(right):
        row = {"family": family, "task": f"t{number}", "strategy": strategy, "correct": mark == "1"}
        found.append(row if tokens is None else {**row, "tokens": tokens})
    return found


def choose(*found: list[dict[str, object]]) -> RecordedChoice:
    text = "".join(f"{json.dumps(row)}\n" for one in found for row in one)
    return choose_from(io.BytesIO(text.encode()), Path("o.jsonl"))


def test_of_equals_the_shorter_is_chosen_and_without_lengths_the_more_accurate() -> None:
    right, one_more = "1" * 99 + "0", "1" * 100
    shorter = choose(rows("direct", right, 3), rows("step-by-step", one_more, 90))
    assert shorter.decisions["f"].strategy == "direct"
    unknown = choose(rows("direct", right, 3), rows("step-by-step", one_more))
    assert unknown.decisions["f"].strategy == "step-by-step"
    assert unknown.without_lengths == ("f",)
    assert any("No answer lengths for f" in note for note in recorded_notes(unknown))


def test_nothing_right_is_no_evidence() -> None:
    found = choose(rows("direct", "0" * 8, 3), rows("step-by-step", "0" * 8, 90))
    decision = found.decisions["f"]
    assert (decision.strategy, decision.reason) == (None, PairingReason.NONE_CORRECT)
    assert decision_reason(decision) == "No evidence: not one of 16 answers is correct."


def test_tasks_that_only_some_strategies_answered_are_told() -> None:
    found = choose(rows("direct", "1" * 40, 3), rows("step-by-step", "1" * 30, 90))
    assert found.unshared == {"f": 10}
    assert any("f: 10 tasks not answered under every strategy" in note for note in recorded_notes(found))
    (standing, _) = found.decisions["f"].standings
    assert standing.tasks == 30


def test_the_score_of_a_choice_comes_from_the_other_half() -> None:
    """Of many equally bad strategies one looks good by luck; on the other half it does not."""
    import random

    draw = random.Random(0)
    lucky = [rows(f"s{n}", "".join(draw.choice("01") for _ in range(20)), 5) for n in range(20)]
    found = choose(*lucky)
    best = max(item.accuracy for item in found.decisions["f"].evidence)
    assert best > 0.6
    assert found.held_out["f"].accuracy < best
    assert found.held_out["f"].tasks == 20
    assert not choose(rows("direct", "111", 1)).held_out


def test_a_file_without_an_outcome_is_refused_with_its_first_fault() -> None:
    with pytest.raises(UserError, match=r"no outcome to choose by. Line 1: it has no verdict"):
        choose([{"family": "f", "task": "t", "strategy": "s"}])
    with pytest.raises(UserError, match="no outcome"):
        choose([])
