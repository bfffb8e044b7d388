"""Tasks that ask the same are found in a worker, with the one to keep chosen by a rule."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.formats.json_layout import SeveralListsError
from orca_desk.library.benchmarks import list_benchmarks
from orca_desk.library.database import Library
from orca_desk.library.tasks import TaskFilter, add_tasks, delete_rows, task_rowids
from orca_desk.method.records import Split, Task
from orca_desk.processes.process import WorkerCrashError
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.collect.duplicates import Duplicates, find_duplicates, name_benchmark, without_changed
from orca_desk.steps.regrading import replace_tasks

STORY = (
    "On Monday the baker gave seven loaves to the school kitchen, four to the hospital and the rest to a "
    "family that had lost its house in the flood. How many loaves did the family get if he baked 20?"
)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library without tasks."""
    with new_library(tmp_path / "library") as opened:
        yield opened


def task(query: str, answer: str | None = None, split: Split = "train", family: str = "sums") -> Task:
    return Task(query=query, answer=answer, split=split, family=family)


def found(library: Library, **choices: object) -> Duplicates:
    result = find_duplicates(library, **choices)  # type: ignore[arg-type]
    assert result is not None
    return result


def test_the_one_to_keep_is_answered_then_held_out_then_the_oldest(library: Library) -> None:
    plain, again = task("What is 2 + 3?"), task("what is 2 + 3")
    held, answered = task("What is 2 + 3", split="heldout"), task("WHAT IS 2 + 3?", "5")
    add_tasks(library, [plain, again, held, task("Who?")])
    first = found(library)
    assert [(one.keep and one.keep.task_id, len(one.copies)) for one in first.clusters] == [(held.id, 2)]
    assert (first.tasks, first.exact, first.nearly, first.across) == (4, 2, 0, 1)
    add_tasks(library, [answered])
    (cluster,) = found(library).clusters
    assert cluster.keep
    assert cluster.keep.task_id == answered.id
    assert {one.task_id for one in cluster.marked("exact")} == {plain.id, again.id, held.id}
    kept = cluster.keeping(cluster.copies[0].rowid)
    assert kept.keep
    assert kept.keep.task_id == cluster.copies[0].task_id
    assert {one.task_id for one in kept.tasks} == {one.task_id for one in cluster.tasks}


def test_what_was_deleted_or_edited_since_is_left_out_with_what_was_kept_for_it(library: Library) -> None:
    pairs = [[task(f"What is {n} + 3?", "5"), task(f"what is {n} + 3", "5")] for n in (2, 7, 8, 9)]
    add_tasks(library, [one for pair in pairs for one in pair])
    before = found(library)
    assert without_changed(library, before) == before
    (kept, _), (edited, _), (_, again), (same, _) = pairs
    delete_rows(library, task_rowids(library, TaskFilter(ids=(kept.id,))))
    replace_tasks(library, [replace(edited, query="Who?"), replace(again, answer="6")])
    left = without_changed(library, before)
    assert [one.keep and one.keep.task_id for one in left.clusters] == [same.id]


def test_near_copies_are_marked_only_when_that_is_asked_for_and_never_with_another_answer(
    library: Library,
) -> None:
    near, numbers = STORY.replace("Monday", "Friday"), STORY.replace("20?", "30?")
    other = STORY.replace("hospital", "library")
    add_tasks(library, [task(STORY, "9"), task(near, "9"), task(numbers, "9"), task(other, "8")])
    result = found(library)
    (cluster,) = result.clusters
    assert {one.query: (one.kind, one.difference) for one in cluster.copies} == {
        near: ("near", "words"),
        numbers: ("near", "numbers"),
        other: ("near", "answer"),
    }
    assert all(0.5 <= one.similarity < 1 for one in cluster.copies)
    assert result.marked("exact") == ()
    assert [one.query for one in result.marked("near")] == [near]
    assert json.loads(json.dumps(result.to_json()))["near"] == 3
    assert not found(library, near=0.95).clusters


def test_only_what_both_splits_ask_or_only_some_tasks(library: Library) -> None:
    add_tasks(
        library,
        [
            task("One?"),
            task("one"),
            task("Two?", split="heldout"),
            task("two"),
            task("Two", family="other"),
        ],
    )
    assert len(found(library).clusters) == 2
    (across,) = found(library, across=True).clusters
    assert {one.split for one in across.tasks} == {"train", "heldout"}
    assert found(library, wanted=TaskFilter(family="other")).clusters == ()


def test_a_file_is_compared_with_the_tasks(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "benchmark.jsonl"
    questions = (STORY, STORY.replace("Monday", "Sunday"), "One?")
    rows = [*({"question": question} for question in questions), {"x": 1}]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    changed = STORY.replace("hospital", "library")
    held = task("ONE", split="heldout")
    add_tasks(library, [task(changed), task("one"), held, task("Two?"), task("two")])
    result = found(library, against=path)
    assert (result.questions, result.refused) == (3, 1)
    assert {one.question: [copy.query for copy in one.copies] for one in result.clusters} == {
        STORY: [changed],
        "One?": ["one", "ONE"],
    }
    assert all(one.keep is None for one in result.clusters)
    assert {one.query for one in result.marked("near")} == {changed, "one"}


def test_a_file_is_named_as_a_benchmark_with_its_questions(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "sums.test.jsonl"
    path.write_text('{"question": "One?"}\n{"question": "Two?"}\n{"x": 1}\n', encoding="utf-8")
    named = name_benchmark(library, path)
    assert named
    assert (named.benchmark.name, named.benchmark.questions, named.refused) == ("sums.test", 2, 1)
    path.write_text('{"x": 1}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"sums\.test"):
        name_benchmark(library, path)
    assert list_benchmarks(library) == [named.benchmark]


def test_a_search_that_is_stopped_finds_nothing(library: Library) -> None:
    add_tasks(library, [task("One?"), task("one")])
    control = JobControl()

    def stop(update: Update) -> None:
        if update.stage == "reading tasks" and update.done:
            control.stop()

    assert find_duplicates(library, progress=stop, control=control) is None


def test_a_library_without_tasks_has_no_duplicates(library: Library) -> None:
    assert found(library) == Duplicates(clusters=(), tasks=0, near=0.5)


def test_one_list_of_a_file_with_several_is_to_be_chosen(library: Library, tmp_path: Path) -> None:
    add_tasks(library, [task(STORY)])
    file = tmp_path / "both.json"
    file.write_text(json.dumps({"easy": [{"question": "Who?"}], "hard": [{"question": STORY}]}))
    for attempt in (lambda: find_duplicates(library, against=file), lambda: name_benchmark(library, file)):
        with pytest.raises(SeveralListsError, match="easy") as raised:
            attempt()
        assert raised.value.names == ("easy", "hard")
    assert found(library, against=file, rows_in="hard").exact == 1


def test_a_file_that_ends_its_reader_is_a_sentence(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*args: object, **choices: object) -> bool:
        raise WorkerCrashError("The duplicates worker ended with code 7 before it had finished.")

    monkeypatch.setattr("orca_desk.steps.collect.duplicates.run_worker", crash)
    for attempt in (
        lambda: find_duplicates(library, against=tmp_path / "huge.jsonl"),
        lambda: name_benchmark(library, tmp_path / "huge.jsonl"),
    ):
        with pytest.raises(UserError, match=r"huge\.jsonl could not be compared"):
            attempt()
    with pytest.raises(WorkerCrashError):  # a bug is no fault of a file
        find_duplicates(library)


def test_a_file_of_the_same_name_does_not_replace_another_benchmark(library: Library, tmp_path: Path) -> None:
    for folder, question in (("sums", "What is 2 + 3?"), ("logic", "Who left?"), ("sums", "What is 2 + 4?")):
        (tmp_path / folder).mkdir(exist_ok=True)
        file = tmp_path / folder / "test.jsonl"
        file.write_text(json.dumps({"question": question}))
        assert name_benchmark(library, file)
    assert {one.name: one.path.parent.name for one in list_benchmarks(library)} == {
        "test": "sums",
        "logic test": "logic",
    }
