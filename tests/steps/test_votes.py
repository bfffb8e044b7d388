"""Votes follow the answers: a new one and an edit count at once under the rules in force."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from library_doubles import make_record, make_task
from new_library import new_library

from orca_desk.library.database import Library
from orca_desk.library.new_records import NewRecord, add_records
from orca_desk.library.overview import overview
from orca_desk.library.record_rules import set_rules
from orca_desk.library.records import get_record
from orca_desk.library.review import standings_by_id
from orca_desk.library.tasks import add_tasks
from orca_desk.method.fitness import FitnessRules, RecordBasis, Unfit
from orca_desk.steps.erase.revise import edit_answer, undo_edit
from orca_desk.steps.votes import keep_ready, vote


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A new library without tasks."""
    with new_library(tmp_path / "library") as opened:
        yield opened


def answer(name: str, response: str) -> NewRecord:
    """An answer to task 1, which has no reference."""
    return NewRecord(record=make_record(1, id=name, response=response))


def test_votes_follow_what_is_added_and_edited(library: Library) -> None:
    add_tasks(library, [make_task(1, answer=None)])
    set_rules(library, FitnessRules(agreement=0.6))
    add_records(library, [answer("a", "Answer: 7"), answer("b", "Answer: 8"), answer("c", "It is 7.")])
    assert overview(library).usable == 0  # nobody has counted the vote
    assert keep_ready(library)
    assert not keep_ready(library)
    assert overview(library).usable == 2
    before = edit_answer(library, "b", "So the answer is 7.")
    found = standings_by_id(library, ["a", "b", "c"])
    assert {one.basis for one in found.values()} == {RecordBasis.AGREEMENT} and overview(library).usable == 3
    undo_edit(library, before)
    assert standings_by_id(library, ["b"])["b"].reason is Unfit.NO_AGREEMENT


def test_the_default_rules_ask_for_no_vote(library: Library) -> None:
    add_records(library, [answer("a", "Answer: 7"), answer("b", "Answer: 8")])
    assert not keep_ready(library)
    assert overview(library).usable == 2
    assert get_record(library, "a").verdict is None


def test_a_vote_knows_the_kind_of_the_answers() -> None:
    result = vote(["Answer: 7", "Answer: 7.0", "Answer: 8"], "number", question="How many?")
    assert result.winner is not None
    assert result.winner.votes == 2
    assert replace(result, n=3) == result
