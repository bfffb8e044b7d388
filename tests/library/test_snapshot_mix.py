"""Snapshots that are mixed, whose overlap is refused, and that tell how they came about."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from library_doubles import judged, make_record, make_task

from orca_desk import __version__
from orca_desk.library.base_answers import (
    BaseAnswer,
    add_base_answers,
    known_samples,
    measured_bases,
    solve_rates,
)
from orca_desk.library.benchmarks import add_benchmark, remove_benchmark
from orca_desk.library.database import Library
from orca_desk.library.derived import derive_snapshot
from orca_desk.library.general_probe import probe_questions
from orca_desk.library.manifests import manifest, newest_account
from orca_desk.library.new_records import NewRecord, add_records
from orca_desk.library.snapshot_comparison import compare_snapshots
from orca_desk.library.snapshots import find_overlaps, freeze, preview_freeze, snapshot_records
from orca_desk.library.tasks import add_tasks
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.fitness import Unfit
from orca_desk.method.records import Task, TeacherRecord, question_key
from orca_desk.method.snapshot_rules import Balance, Learnable, SnapshotRules

STORY = (
    "On Monday the baker gave seven loaves to the school kitchen, four to the hospital and the rest to a "
    "family that had lost its house in the flood. How many loaves did the family get if he baked {}?"
)


def fill(library: Library) -> list[TeacherRecord]:
    """Six records of sums and three of words, with answers of 1 to 9 tokens, none like another."""
    tasks = [make_task(n, family="sums" if n < 7 else "words") for n in range(1, 10)]
    add_tasks(library, tasks)
    records = [
        make_record(n, task_id=task.id, family=task.family, user=task.user_text)
        for n, task in enumerate(tasks, start=1)
    ]
    add_records(library, [judged(record, n) for n, record in enumerate(records, start=1)])
    return records


def answer_of(task: Task, n: int) -> NewRecord:
    record = make_record(n, task_id=task.id, family=task.family, user=task.user_text, response="Answer: 9")
    return judged(record, 9)


def test_a_balanced_snapshot_says_what_was_asked_for_and_what_got_in(library: Library) -> None:
    fill(library)
    rules = SnapshotRules(balance=Balance())
    seen = preview_freeze(library, rules=rules)
    snapshot = freeze(library, name="even", rules=rules)
    assert seen.families == snapshot.families == {"sums": 3, "words": 3}
    assert seen.left_out == snapshot.left_out == {Unfit.OVER_SHARE: 3}
    found = manifest(library, snapshot.id)
    account = found["account"]
    assert account["mix"]["groups"] == [
        {"name": "sums", "available": 6, "asked": 3, "taken": 3},
        {"name": "words", "available": 3, "asked": 3, "taken": 3},
    ]
    assert account["mix"]["limited_by"] == "words"
    assert account["cells"][0] == {"family": "sums", "strategy": "direct", "fit": 6, "taken": 3}
    assert account["considered"] == 9
    assert account["made_with"] == f"Orca Desk {__version__}"


def test_a_manifest_names_teachers_strategies_instruction_and_lengths(library: Library) -> None:
    fill(library)
    snapshot = freeze(library, name="all")
    found = json.loads(json.dumps(manifest(library, snapshot.id)))
    assert (found["snapshot"], found["records"]) == (snapshot.id, 9)
    assert found["instruction"] == {"kind": "cautious", "text": CAUTIOUS}
    assert found["strategies"] == [
        {"name": "direct", "version": 1, "instruction": "Answer at once.", "records": 9}
    ]
    assert {one["model_sha256"] for one in found["teachers"]} == {"model"}
    assert sum(one["records"] for one in found["teachers"]) == 9
    assert found["contents"] == [
        {"family": "sums", "strategy": "direct", "records": 6},
        {"family": "words", "strategy": "direct", "records": 3},
    ]
    assert found["answers"]["tokens"] == {
        "mean": 5.0, "median": 5, "shortest_tenth": 1.8, "longest_tenth": 8.2, "longest": 9, "total": 45,
    }  # fmt: skip
    assert found["rules"] == json.loads(json.dumps(dataclasses.asdict(snapshot.rules)))


def test_a_derived_snapshot_says_what_it_was_made_of(library: Library) -> None:
    fill(library)
    source = freeze(library, name="all")
    records = [dataclasses.replace(one, assistant="?") for one in snapshot_records(library, source.id)]
    derived = derive_snapshot(library, source.id, "arm", records, {"arm": "answer-only", "seed": 1})
    found = manifest(library, derived.id)
    assert found["derived_from"] == source.id
    assert found["note"] == {"arm": "answer-only", "seed": 1}
    assert found["account"] is None
    assert found["answers"]["tokens_not_counted"] == 9
    assert manifest(library, source.id)["account"]["considered"] == 9


def test_a_snapshot_of_an_earlier_version_has_no_account(library: Library) -> None:
    fill(library)
    snapshot = freeze(library, name="all")
    library.write(lambda db: db.execute("DELETE FROM manifests").rowcount)
    assert manifest(library, snapshot.id)["account"] is None


def test_an_account_stands_beside_the_rules_that_it_is_of(library: Library) -> None:
    fill(library)
    made = freeze(library, name="all")
    assert freeze(library, name="again", rules=SnapshotRules(overlap="allow", total=9)) == made
    found = manifest(library, made.id)
    assert (found["name"], found["rules"]["overlap"]) == ("all", "refuse")
    assert found["account"]["overlap"]["compared_with"] == len(probe_questions())
    (again,) = found["frozen_again"]
    assert (again["name"], again["rules"]["overlap"], again["left_out"]) == ("again", "allow", {})
    assert again["account"]["overlap"]["compared_with"] == 0
    assert newest_account(library, made.id) == again["account"]


def test_questions_that_repeat_a_held_out_one_are_refused_and_named(library: Library) -> None:
    held = Task(family="loaves", query=STORY.format("twenty"), answer="9", split="heldout")
    again = Task(family="loaves", query=STORY.format("TWENTY").replace(",", " ,"), answer="9")
    near = Task(family="loaves", query=STORY.format("thirty"), answer="9")
    other = Task(family="loaves", query="How many legs have nine horses?", answer="9")
    add_tasks(library, [held, again, near, other])
    add_records(library, [answer_of(task, n) for n, task in enumerate((again, near, other))])
    seen = preview_freeze(library)
    assert seen.left_out == {Unfit.OVERLAP: 1, Unfit.NEAR_OVERLAP: 1}
    assert {(pair.task_id, pair.held_out_task, pair.kind) for pair in seen.overlaps} == {
        (again.id, held.id, "exact"),
        (near.id, held.id, "near"),
    }
    taken = SnapshotRules(overlaps_taken=(question_key(near.user_text),))
    snapshot = freeze(library, name="taken", rules=taken)
    assert snapshot.records == 2
    overlap = manifest(library, snapshot.id)["account"]["overlap"]
    assert overlap["compared_with"] == 1 + len(probe_questions())
    assert {pair["held_out_user"] for pair in overlap["pairs"]} == {held.user_text}
    assert freeze(library, name="all", rules=SnapshotRules(overlap="allow")).records == 3


def test_questions_of_a_named_benchmark_are_refused_and_say_so(library: Library) -> None:
    task = Task(family="loaves", query=STORY.format("thirty"), answer="9")
    add_tasks(library, [task])
    add_records(library, [answer_of(task, 1)])
    benchmark = STORY.format("twenty")
    add_benchmark(library, "Loaves test", Path("loaves.jsonl"), {question_key(benchmark): benchmark})
    seen = preview_freeze(library)
    assert seen.left_out == {Unfit.NEAR_OVERLAP: 1}
    (pair,) = seen.overlaps
    assert (pair.benchmark, pair.held_out_task, pair.held_out_user) == ("Loaves test", "", benchmark)
    assert seen.account["overlap"]["benchmarks"] == ["Loaves test"]
    remove_benchmark(library, "Loaves test")
    assert preview_freeze(library).records == 1


def test_questions_of_the_general_probe_are_refused(library: Library) -> None:
    question = next(one.question for one in probe_questions() if len(one.question.split()) > 6)
    task = Task(family="general", query=question.upper() + "!?", answer="9")
    fine = Task(family="general", query="How many legs have nine horses?", answer="9")
    add_tasks(library, [task, fine])
    add_records(library, [answer_of(task, 1), answer_of(fine, 2)])
    seen = preview_freeze(library)
    assert (seen.records, seen.left_out) == (1, {Unfit.OVERLAP: 1})


def test_a_preview_uses_overlaps_that_were_found_before(library: Library) -> None:
    fill(library)
    found = find_overlaps(library)
    assert preview_freeze(library, overlaps=found) == preview_freeze(library)


def measured(question: str, *correct: bool) -> list[BaseAnswer]:
    return [
        BaseAnswer(
            question=question_key(question),
            sample=sample,
            response="",
            correct=one,
            completion_tokens=1,
            finish_reason="stop",
        )
        for sample, one in enumerate(correct)
    ]


def store(library: Library, answers: list[BaseAnswer], **fields: Any) -> None:
    values = {"model": "base", "system": CAUTIOUS, "asked": "sampling", "run": None, **fields}
    add_base_answers(library, answers, **values)


def test_tasks_that_the_base_always_or_never_solves_are_left_out(library: Library) -> None:
    records = fill(library)
    store(library, measured(records[0].user, True, True))
    store(library, measured(records[1].user, False, False))
    store(library, measured(records[2].user, True, False))
    store(library, measured(records[3].user, True), system="another message")
    store(library, measured(records[0].user, False, False))  # the same samples are not stored twice
    rates = solve_rates(library, model="base", system=CAUTIOUS, asked="sampling")
    assert {rate.correct / rate.n for rate in rates.values()} == {1.0, 0.0, 0.5}
    rules = SnapshotRules(learnable=Learnable(base="base"))
    seen = preview_freeze(library, rules=rules)
    assert seen.left_out == {Unfit.ALWAYS_SOLVED: 1, Unfit.NEVER_SOLVED: 1}
    assert (seen.records, seen.mix.unmeasured) == (7, 6)
    (base,) = measured_bases(library, CAUTIOUS)
    assert (base.model, base.questions, base.answers, base.correct) == ("base", 3, 6, 3)
    assert len(known_samples(library, model="base", system=CAUTIOUS, asked="sampling")) == 6
    assert known_samples(library, model="base", system=CAUTIOUS, asked="other") == set()


def test_the_last_measurement_of_a_task_counts(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    records = fill(library)
    times = iter(["2026-01-01", "2026-01-02", "2026-01-03"])
    monkeypatch.setattr("orca_desk.library.base_answers.now", lambda: next(times))
    store(library, measured(records[0].user, False), asked="up to 8 tokens")
    store(library, measured(records[1].user, False), asked="up to 8 tokens")
    store(library, measured(records[0].user, True), asked="sampling")
    seen = preview_freeze(library, rules=SnapshotRules(learnable=Learnable(base="base")))
    assert seen.left_out == {Unfit.ALWAYS_SOLVED: 1, Unfit.NEVER_SOLVED: 1}
    (base,) = measured_bases(library, CAUTIOUS)
    assert (base.questions, base.answers, base.correct) == (2, 2, 1)


def test_two_snapshots_are_compared(library: Library) -> None:
    fill(library)
    everything = freeze(library, name="all")
    sums = freeze(library, name="sums", rules=SnapshotRules(families=("sums",)))
    plain = freeze(library, name="plain", instruction="")
    found = compare_snapshots(library, everything.id, sums.id)
    assert (found.equal, found.changed, found.only_first, found.only_second) == (6, 0, 3, 0)
    assert [(one.name, one.first, one.second) for one in found.families] == [("sums", 6, 6), ("words", 3, 0)]
    assert [(one.name, one.first, one.second) for one in found.settings] == [("families", None, ("sums",))]
    assert {one.family for one in found.examples_first} == {"words"}
    assert found.examples_second == ()
    other = compare_snapshots(library, everything.id, plain.id, examples=1)
    assert (other.equal, other.changed, other.only_first) == (0, 9, 0)
    assert [one.name for one in other.settings] == ["instruction"]
    assert other.lengths[0] == other.lengths[1]


def test_answers_whose_tokens_nobody_counted_are_long_by_their_characters(library: Library) -> None:
    ways = ("", "Add. ", "Add one by one. " * 40, "Count on. " * 60)
    tasks = [Task(family="sums", query=f"What is 9 + 0? {n}", answer="9") for n in range(len(ways))]
    add_tasks(library, tasks)
    records = [
        make_record(n, task_id=task.id, family="sums", user=task.user_text, response=f"{way}Answer: 9")
        for n, (task, way) in enumerate(zip(tasks, ways, strict=True))
    ]
    uncounted = dataclasses.replace(records[0].provenance, completion_tokens=0)
    records = [dataclasses.replace(one, provenance=uncounted) for one in records]
    add_records(library, [judged(record, 9) for record in records])
    seen = preview_freeze(library, rules=SnapshotRules(long_share=0.0, long_over=100))
    assert (seen.records, seen.left_out) == (2, {Unfit.TOO_MANY_LONG: 2})
    assert seen.mix.uncounted == 2
