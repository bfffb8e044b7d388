"""Teacher records, verdicts, reviews, strategies, pairings."""

import dataclasses
import sqlite3

import pytest
from examples import at_most
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from library_doubles import LEAK, judged, make_record

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.general_probe import probe_questions
from orca_desk.library.ids import full_id
from orca_desk.library.new_records import NewRecord, add_records, known_records
from orca_desk.library.pairings import current_pairings, pairing_history, set_pairings
from orca_desk.library.record_edits import decide, revise
from orca_desk.library.records import RecordFilter, count_records, get_record, iterate_records, list_records
from orca_desk.library.review import (
    record_at,
    record_choices,
    record_ids,
    record_lines,
    record_rowids,
    restore_decisions,
    rowid_of,
)
from orca_desk.library.runs import create_run, end_run, find_unfinished, list_runs, start_run, store_progress
from orca_desk.library.strategies import (
    current_strategies,
    get_strategy,
    save_strategy,
    strategy_versions,
)
from orca_desk.method.grading import grade
from orca_desk.method.pairing import Trial, choose, measure
from orca_desk.method.strategies import revised

NUMBERS = st.lists(st.integers(0, 30), max_size=20)


def test_a_record_comes_back_as_it_went_in(library: Library) -> None:
    run = create_run(library, "generate", {})
    record = make_record(7)
    add_records(library, [judged(record, 7, LEAK)], run=run.id)
    stored = get_record(library, record.id)
    assert stored.record == record == stored.current
    assert stored.verdict == grade(record.response, "7")
    assert (stored.leaks, stored.decision, stored.run) == ((LEAK,), None, run.id)


def test_a_record_that_asks_a_question_of_the_general_probe_is_held_out(library: Library) -> None:
    probed = dataclasses.replace(make_record(1), user=probe_questions()[0].question)
    add_records(library, [NewRecord(record=probed), NewRecord(record=make_record(2))])
    assert [get_record(library, f"record-0000{n}").held_out for n in (1, 2)] == [True, False]


def test_without_a_reference_there_is_no_verdict(library: Library) -> None:
    add_records(library, [NewRecord(record=make_record(1))])
    assert get_record(library, "record-00001").verdict is None
    assert (
        count_records(library, RecordFilter(correct=True))
        == count_records(library, RecordFilter(correct=False))
        == 0
    )


@settings(at_most(30), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(NUMBERS, max_size=5))
def test_adding_is_idempotent_however_it_is_cut(library: Library, batches: list[list[int]]) -> None:
    known = {stored.record.id for stored in iterate_records(library)}
    for batch in batches:
        records = [make_record(number) for number in batch]
        new = {record.id for record in records} - known
        added = add_records(library, [judged(record, 1) for record in records])
        assert set(added.added) == new and len(added.added) + len(added.duplicates) == len(batch)
        known |= new
        assert known_records(library, [record.id for record in records] + ["other"]) == {
            r.id for r in records
        }
    assert count_records(library) == len(known)
    assert all(
        stored.record == make_record(stored.record.sample + int(stored.record.id[-5:]))
        for stored in iterate_records(library)
    )


def test_the_first_answer_stays(library: Library) -> None:
    add_records(library, [judged(make_record(1), 1)])
    other = dataclasses.replace(make_record(1), response="Answer: 2")
    assert add_records(library, [judged(other, 1)]).duplicates == (other.id,)
    stored = get_record(library, other.id)
    assert stored.record == make_record(1)
    assert stored.verdict and stored.verdict.correct


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("UPDATE records SET response = ''", "never changes"),
        ("DELETE FROM records", "never deleted"),
        ("INSERT OR REPLACE INTO records SELECT * FROM records", "never deleted"),
        ("UPDATE strategies SET instruction = ''", "never changes"),
        ("DELETE FROM strategies", "never deleted"),
    ],
)
def test_what_was_said_is_kept_by_the_database_itself(library: Library, sql: str, message: str) -> None:
    add_records(library, [judged(make_record(1), 1)])
    with pytest.raises(sqlite3.IntegrityError, match=message):
        library.write(lambda db: db.execute(sql).rowcount)
    assert get_record(library, "record-00001").record == make_record(1)


def test_filters_and_pages(library: Library) -> None:
    run = create_run(library, "probe", {})
    records = [
        make_record(
            number,
            family="even" if number % 2 == 0 else "odd",
            strategy="direct" if number < 10 else "step-by-step",
            task_id=f"task {number // 2}",
        )
        for number in range(20)
    ]
    new = [judged(r, n if n % 3 else 99, *([LEAK] if n % 4 == 0 else [])) for n, r in enumerate(records)]
    add_records(library, new[:5], run=run.id)
    add_records(library, new[5:])
    decide(library, [records[1].id, records[2].id], "keep")
    decide(library, [records[3].id], "drop")

    def found(**wanted: object) -> list[int]:
        matching = list(iterate_records(library, RecordFilter(**wanted)))
        assert count_records(library, RecordFilter(**wanted)) == len(matching)
        return [records.index(stored.record) for stored in matching]

    assert found(family="odd", strategy="direct") == [1, 3, 5, 7, 9]
    assert found(task_id="task 3") == [6, 7]
    assert found(run=run.id) == [0, 1, 2, 3, 4]
    assert found(correct=False) == [0, 3, 6, 9, 12, 15, 18]
    assert len(found(correct=True)) == 13
    assert found(graded=False) == [] and len(found(graded=True)) == 20
    assert found(leaked=True) == [0, 4, 8, 12, 16]
    assert len(found(leaked=False)) == 15
    assert found(decision="keep") == [1, 2]
    assert found(decision="drop") == [3]
    assert len(found(decision="none")) == 17
    assert found(ids=(records[4].id,)) == [4]
    page = list_records(library, RecordFilter(limit=15))
    rest = list_records(library, RecordFilter(limit=15, after=page.next or 0))
    assert (len(page.items), len(rest.items), rest.next) == (15, 5, None)


def test_a_list_of_records_jumps_anywhere(library: Library) -> None:
    run = create_run(library, "generate", {})
    records = [make_record(n, family="even" if n % 2 == 0 else "odd") for n in range(10)]
    add_records(library, [NewRecord(record=records[0])])
    add_records(library, [judged(r, n if n < 5 else 99) for n, r in enumerate(records)][1:9], run=run.id)
    add_records(library, [judged(records[9], 9, LEAK)], run=run.id)
    decide(library, [records[3].id], "keep")
    revise(library, records[4].id, "Answer: 5", verdict=None)
    assert len(record_rowids(library, RecordFilter())) == 10
    odd = record_rowids(library, RecordFilter(family="odd"))
    assert list(odd) == [rowid_of(library, records[n].id) for n in (1, 3, 5, 7, 9)]
    last, gone, first = record_lines(library, [odd[-1], 10_000, odd[1]])
    assert gone is None and last and first
    assert (last.id, last.correct, last.leaked, last.decision) == (records[9].id, True, True, None)
    assert (first.family, first.strategy, first.decision, first.edited) == ("odd", "direct", "keep", False)
    assert records[3].user.startswith(first.question)
    ungraded, edited = record_lines(library, [n for r in (0, 4) if (n := rowid_of(library, records[r].id))])
    assert ungraded and edited and ungraded.correct is None and edited.edited
    assert record_at(library, odd[1]).record == records[3]
    assert record_ids(library, [odd[1], odd[0]]) == [records[1].id, records[3].id]
    assert rowid_of(library, "nowhere") is None
    with pytest.raises(UserError, match="no record"):
        record_at(library, 10_000)
    choices = record_choices(library)
    assert choices.families == {"even": 5, "odd": 5}
    assert choices.strategies == {"direct": 10} and choices.runs == {run.id: 9}


def test_an_edit_back_to_the_teachers_words_does_not_count(library: Library) -> None:
    record = make_record(1)
    add_records(library, [judged(record, 1)])
    for text in ("Answer: 4", record.response):
        revise(library, record.id, text, verdict=grade(text, "1"))
    assert get_record(library, record.id).edited is None


def test_decisions_can_be_undone(library: Library) -> None:
    add_records(library, [judged(make_record(n), n) for n in range(3)])
    ids = [make_record(n).id for n in range(3)]
    assert decide(library, ids[:1], "drop") == {ids[0]: None}
    before = decide(library, ids, "keep")
    assert before == {ids[0]: "drop", ids[1]: None, ids[2]: None}
    restore_decisions(library, before)
    assert [stored.decision for stored in iterate_records(library)] == ["drop", None, None]


def test_an_edit_is_a_revision_beside_the_original(library: Library) -> None:
    record = make_record(1)
    add_records(library, [judged(record, 5)])
    for text in ("Answer: 4", "Answer: 5"):
        revise(library, record.id, text, verdict=grade(text, "5"))
    stored = get_record(library, record.id)
    assert stored.record == record
    assert stored.current == dataclasses.replace(record, response="Answer: 5")
    assert stored.verdict and stored.verdict.correct
    assert library.rows("SELECT response FROM revisions ORDER BY revision")[0][0] == "Answer: 4"
    with pytest.raises(UserError, match="no record"):
        revise(library, "nowhere", "x", verdict=None)


def test_a_changed_strategy_is_a_new_version(library: Library) -> None:
    first = get_strategy(library, "direct")
    assert save_strategy(library, first) == first
    second = save_strategy(library, revised(first, instruction="Only the answer."))
    assert (first.version, second.version) == (1, 2)
    assert save_strategy(library, second) == second
    back = save_strategy(library, first)
    assert back == dataclasses.replace(first, version=3)
    assert get_strategy(library, "direct", 1) == first
    assert current_strategies(library)["direct"] == back
    assert [strategy.version for strategy in strategy_versions(library, "direct")] == [1, 2, 3]
    with pytest.raises(UserError, match="no strategy direct, version 9"):
        get_strategy(library, "direct", 9)
    with pytest.raises(UserError, match="step-by-step"):
        get_strategy(library, "other")


def test_pairings_keep_their_evidence_and_history(library: Library) -> None:
    trials = [
        Trial(task_id=str(n), family="sums", strategy=name, correct=name == "step-by-step", tokens=n)
        for n in range(1, 9)
        for name in ("step-by-step", "direct")
    ]
    measured = choose(measure(trials))
    assert set_pairings(library, measured.values(), source="measured") == {}
    current = current_pairings(library)["sums"]
    assert (current.pairing, current.source, current.strategy) == (
        measured["sums"],
        "measured",
        "step-by-step",
    )
    by_hand = dataclasses.replace(measured["sums"], strategy="direct", evidence=(), reason="cheaper")
    assert set_pairings(library, [by_hand], source="chosen") == {"sums": current}
    assert current_pairings(library)["sums"].pairing == by_hand
    assert [old.strategy for old in pairing_history(library, "sums")] == ["direct", "step-by-step"]


def test_runs_are_found_again_by_their_settings(library: Library) -> None:
    run = create_run(library, "generate", {"samples": 1, "tasks": ["a"]})
    assert store_progress(library, run.id, done=3, total=10, unit="records").done == 3
    ended = end_run(library, run.id, "cancelled", "Stopped after 3 of 10 records.")
    assert ended.ended_at and ended.outcome.startswith("Stopped")
    found = find_unfinished(library, "generate", {"tasks": ["a"], "samples": 1})
    assert found == ended
    assert start_run(library, run.id).status == "running"
    end_run(library, run.id, "done", "10 records.")
    assert find_unfinished(library, "generate", {"tasks": ["a"], "samples": 1}) is None
    assert find_unfinished(library, "probe", {"tasks": ["a"], "samples": 1}) is None
    assert create_run(library, "generate", {}).id == "generate-2"
    assert create_run(library, "probe", {}).id == "probe-1"
    assert [one.id for one in list_runs(library)] == ["probe-1", "generate-2", "generate-1"]
    assert [one.id for one in list_runs(library, kind="generate", status="done")] == ["generate-1"]
    with pytest.raises(UserError, match="no run"):
        end_run(library, "generate-9", "done", "")


def test_the_first_characters_of_an_id_are_enough(library: Library) -> None:
    add_records(library, [judged(make_record(n), n) for n in (1, 12)])
    assert full_id(library, "record", "record-00012") == "record-00012"
    with pytest.raises(UserError, match="Several"):
        full_id(library, "record", "record-0")
    with pytest.raises(UserError, match="no record"):
        full_id(library, "record", "")
