"""An import takes in what a file holds, says what it left out, and can be repeated, resumed and undone."""

import errno
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from examples import at_most
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from library_doubles import judged, make_record, make_task
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.formats.reading import PIECE
from orca_desk.formats.writers.data_formats import FormatName
from orca_desk.library import connections, imports
from orca_desk.library.bulk import add_incoming
from orca_desk.library.database import Library
from orca_desk.library.families import rename_family
from orca_desk.library.general_probe import probe_questions
from orca_desk.library.imports import rows_of_run
from orca_desk.library.new_records import add_records
from orca_desk.library.runs import list_runs
from orca_desk.library.snapshots import preview_freeze
from orca_desk.library.task_changes import hold_out_family
from orca_desk.library.tasks import (
    TaskFilter,
    add_tasks,
    count_tasks,
    delete_tasks,
    families,
    iterate_tasks,
    task_rowids,
)
from orca_desk.method.fitness import Unfit
from orca_desk.method.records import Task
from orca_desk.method.splits import variant_key
from orca_desk.processes.command import worker_command
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.collect import request as asked_for
from orca_desk.steps.collect.import_tasks import TaskImport
from orca_desk.steps.collect.imported import Imported
from orca_desk.steps.collect.preview import preview_import
from orca_desk.steps.collect.questions import LibraryQuestions
from orca_desk.steps.collect.request import ImportRequest, TaskSource
from orca_desk.steps.collect.undo import put_back, take_back
from orca_desk.steps.hand_over.hand_over import hand_over
from orca_desk.steps.hand_over.request import HandOverRequest
from orca_desk.ui.words.imports import import_report
from orca_desk.workers import kept_rows, task_batches

MANY = settings(at_most(40), suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library without tasks."""
    with new_library(tmp_path / "library") as opened:
        yield opened


def rows(*given: dict[str, Any]) -> str:
    return "".join(json.dumps(one) + "\n" for one in given)


def request(text: str, **options: Any) -> ImportRequest:
    return ImportRequest(source=TaskSource.of_text(text), **options)


def run(library: Library, text: str, **options: Any) -> Imported:
    """Import a text, after a dry run that says the same and stores nothing."""
    before = list(iterate_tasks(library))
    tried = request(text, **options).try_out(library)
    assert list(iterate_tasks(library)) == before
    done = request(text, **options).run(library)
    assert replace(done, dry_run=True, run="") == tried
    return done


def stored(library: Library) -> list[tuple[str, str]]:
    return [(task.query, task.split) for task in iterate_tasks(library)]


def test_every_count_of_an_import(library: Library) -> None:
    text = rows(
        {"question": "a?", "answer": "1", "note": "x"},
        {"question": "A ?", "answer": "2", "split": "test"},
        {"question": "a?", "answer": "1"},
        {"question": "a?", "answer": "3"},
        {"question": "b?", "split": "test"},
        {"question": ""},
    )
    seen = run(library, text)
    assert (seen.rows, seen.added, seen.already_there, seen.differing, seen.unreadable) == (6, 3, 1, 1, 1)
    assert (seen.heldout, seen.unanswered, seen.repeated, seen.both) == (2, 1, 3, 1)
    assert (seen.families, seen.read_as.unread, seen.read_as.encoding) == ({"general": 3}, ("note",), "utf-8")
    again = run(library, text)
    assert (again.added, again.already_there, again.differing) == (0, 4, 1)


def test_questions_in_the_library_count_too(library: Library) -> None:
    add_tasks(library, [Task(family="old", query="What is one?", split="heldout")])
    seen = run(library, rows({"question": "what is  one"}, {"question": "Two?"}))
    assert (seen.added, seen.repeated, seen.elsewhere, seen.both) == (2, 0, 1, 1)
    assert run(library, rows({"question": "what is  one"}, {"question": "Two?"})).elsewhere == 0
    assert run(library, rows({"question": "Two?"}), family="another").elsewhere == 1


def test_a_question_of_the_general_probe_is_held_out_and_told(library: Library) -> None:
    asked = probe_questions()[0].question
    text = rows({"question": f" {asked.upper()} "}, {"question": "b?"}, {"question": asked, "split": "test"})
    seen = run(library, text, update=True)
    assert (seen.general, seen.heldout) == (1, 2)
    assert dict(stored(library))["b?"] == "train"
    assert "1 row asks a question of the general probe" in str(import_report(seen, "f", how_to_hold_out=""))


def test_another_percentage_is_no_conflict_with_the_same_tasks(library: Library) -> None:
    text = rows(*({"question": f"{n}?"} for n in range(10)))
    run(library, text, heldout=20)
    assert run(library, text, heldout=50).both == 0
    assert run(library, text, heldout=50, update=True).both == 0
    assert count_tasks(library, TaskFilter(split="heldout")) == 5


def test_a_variant_of_a_stored_question_goes_where_that_is(library: Library) -> None:
    """Whatever the percentage: what was tested is not trained on in other words."""
    add_tasks(library, [Task(family="old", query="What is one?", split="heldout")])
    add_tasks(library, [Task(family="old", query="What is two?", split="train")])
    text = rows({"question": "WHAT IS ONE?"}, {"question": "what is two"})
    for percent in (0, 100):
        assert run(library, text, heldout=percent, family=f"new {percent}").both == 0
    assert sorted(stored(library))[:2] == [("WHAT IS ONE?", "heldout")] * 2
    assert sorted(stored(library))[-2:] == [("what is two", "train")] * 2


@pytest.mark.parametrize(("count", "percent"), [(60, 20), (40, 20), (1319, 20), (250, 20), (7, 50), (3, 100)])
def test_the_nearest_whole_number_is_held_out_and_families_agree(
    library: Library, count: int, percent: int
) -> None:
    text = rows(*({"question": f"What is {n}?"} for n in range(count)))
    wanted = int(count * percent / 100 + 0.5)
    previewed = preview_import(request(text, heldout=percent), LibraryQuestions(library))
    assert previewed.heldout == wanted
    assert run(library, text, heldout=percent).heldout == wanted
    assert hold_out_family(library, "general", percent).count == 0


@MANY
@given(
    questions=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=30),
    groups=st.lists(st.sampled_from(["f1", "f2"]), min_size=30, max_size=30),
    percent=st.integers(0, 100),
    data=st.data(),
)
def test_all_variants_of_a_question_are_on_one_side(
    library: Library, questions: list[str], groups: list[str], percent: int, data: st.DataObject
) -> None:
    delete_tasks(library, [task.id for task in iterate_tasks(library)])
    forms = [str, str.upper, lambda text: f" {text} ?", lambda text: f"{text}\u00a0."]
    given = [
        {"question": data.draw(st.sampled_from(forms))(f"question {one}"), "family": family}
        for one, family in zip(questions, groups, strict=False)
    ]
    seen = run(library, rows(*given), heldout=percent)
    sides: dict[int, set[str]] = {}
    for task in iterate_tasks(library):
        sides.setdefault(variant_key(task.user_text), set()).add(task.split)
    assert all(len(found) == 1 for found in sides.values())
    assert seen.both == 0


def test_an_import_is_repeatable_after_renaming_and_keeps_what_the_file_does_not_say(
    library: Library,
) -> None:
    text = rows(*({"question": f"{n}?", "answer": str(n)} for n in range(10)))
    run(library, text, family="quiz")
    hold_out_family(library, "quiz", 50)
    rename_family(library, "quiz", "physics")
    for family in ("quiz", "physics"):
        seen = run(library, text, family=family, update=True)
        assert (seen.added, seen.already_there, seen.differing) == (0, 10, 0)
    (found,) = families(library)
    assert (found.family, found.heldout, found.train) == ("physics", 5, 5)


def test_rows_that_are_refused_can_be_mended_and_imported(library: Library, tmp_path: Path) -> None:
    for name, text, mended in (
        ("t.jsonl", '{"question": "a?"}\n{"question": }\n{"question": ""}\n', ('"": }', '"b?"}')),
        ("t.csv", 'question;answer\na?;1\n"open;2\n;3\n', ("\n;3", "\nb?;3")),
        ("t.json", '[{"question": "a?"},\n{\n"question": ""}]', ('""', '"b?"')),
    ):
        path, refused = tmp_path / name, tmp_path / f"refused-{name}"
        path.write_text(text)
        killed = tmp_path / f".refused-{name}.00c0ffee.part"
        killed.touch()
        os.utime(killed, (0, 0))
        seen = ImportRequest(source=TaskSource.of_file(path), family=name).run(library, refused=refused)
        assert (seen.added, seen.unreadable > 0, killed.exists()) == (1, True, False)
        refused.write_text(refused.read_text().replace('"question": ""', '"question": "b?"').replace(*mended))
        again = ImportRequest(source=TaskSource.of_file(refused), family=name).run(library)
        assert again.added == 1
    whole = tmp_path / "whole.jsonl"
    whole.write_text('{"question": "z?"}\n')
    ImportRequest(source=TaskSource.of_file(whole)).run(library, refused=tmp_path / "none.jsonl")
    assert not (tmp_path / "none.jsonl").exists()
    path.write_text('[{"question": "y?"}, {}]')
    with pytest.raises(UserError, match="cannot be written"):
        ImportRequest(source=TaskSource.of_file(path)).run(library, refused=tmp_path)


def test_an_import_that_was_cut_off_is_one_run_with_its_own_progress(
    library: Library, tmp_path: Path
) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text(rows(*({"question": f"{n}?"} for n in range(25_000))))
    control = JobControl()

    def stop(update: Update) -> None:
        if update.stage == "importing" and update.done:
            control.stop()

    first = ImportRequest(source=TaskSource.of_file(path), heldout=10)
    seen = first.run(library, progress=stop, control=control)
    assert (seen.finished, seen.added, seen.rows) == (False, 24_000, 24_000)
    (run_,) = list_runs(library)
    assert (run_.kind, run_.status, run_.done, run_.total) == ("import", "cancelled", 24_000, 25_000)
    resumed = ImportRequest.to_resume(library, run_.id)
    assert resumed == first
    rest = resumed.run(library)
    assert (rest.finished, rest.rows, rest.added, rest.already_there) == (True, 25_000, 25_000, 0)
    assert rest.undo is not None and len(rest.undo.added) == 25_000
    (run_,) = list_runs(library)
    assert (run_.status, run_.done) == ("done", 25_000)
    assert count_tasks(library, TaskFilter(split="heldout")) == 2_500
    with pytest.raises(UserError, match="already finished"):
        ImportRequest.to_resume(library, run_.id)
    pasted = request('{"question": "a?"}\n', heldout=5.0, mapping={"query": "question"}, header=True)
    assert ImportRequest.from_json(json.loads(json.dumps(pasted.to_json()))) == pasted


@pytest.mark.parametrize("heldout", [None, 20.0])
def test_a_stop_while_the_file_is_looked_at_ends_at_once(
    library: Library, tmp_path: Path, heldout: float | None
) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text('{"question": "a?"}\n' * 25_000)
    control = JobControl()
    seen = ImportRequest(source=TaskSource.of_file(path), heldout=heldout).run(
        library, progress=lambda update: control.stop() if update.done else None, control=control
    )
    assert (seen.finished, seen.rows, seen.added) == (False, 0, 0)
    assert list_runs(library)[0].status == "cancelled"


def test_a_stop_while_a_batch_is_stored_leaves_the_batch_out(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = rows(*({"question": f"{n}?"} for n in range(60)))
    control = JobControl()

    def stop(*given: Any) -> Any:
        control.stop()
        return add_incoming(*given)

    monkeypatch.setattr(connections, "STEPS", 1)
    monkeypatch.setattr(imports, "add_incoming", stop)
    seen = request(text).run(library, control=control)
    assert (seen.finished, seen.rows, seen.added, count_tasks(library)) == (False, 0, 0, 0)
    monkeypatch.undo()
    assert request(text).run(library).added == 60


def stop_after(monkeypatch: pytest.MonkeyPatch, batches: int) -> JobControl:
    """Return the control of an import that stops once it has stored so many batches."""
    control, done = JobControl(), iter(range(1, 100))
    store = TaskImport._store

    def stop(self: TaskImport, *given: Any) -> None:
        store(self, *given)
        if next(done) == batches:
            control.stop()

    monkeypatch.setattr(TaskImport, "_store", stop)
    monkeypatch.setattr(task_batches, "BATCH", PIECE)
    return control


def test_an_import_that_is_stopped_again_counts_what_its_first_part_did(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = rows({"question": "a?"}) + "{broken\n" + rows(*({"question": f"{n}?"} for n in range(599)))
    control = stop_after(monkeypatch, 1)
    for _ in range(2):  # the second time it is stopped before anything is read
        seen = request(text).run(library, control=control)
        assert (seen.rows, seen.added, seen.unreadable) == (PIECE, PIECE - 1, 1)
        assert seen.added == count_tasks(library) and not seen.finished
    rest = request(text).run(library)
    assert (rest.rows, rest.added, rest.unreadable, rest.finished) == (601, 600, 1, True)


def test_no_row_of_a_file_that_changed_is_taken_for_stored(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.jsonl"
    asked = ImportRequest(source=TaskSource.of_file(path))
    for name, batches in (("old", 2), ("its", 1)):
        path.write_text(rows(*({"question": f"{name} {n}?"} for n in range(1_100 + batches))))
        assert asked.run(library, control=stop_after(monkeypatch, batches)).rows == batches * PIECE
        monkeypatch.undo()
    assert asked.run(library).finished
    assert count_tasks(library, TaskFilter(text="its")) == 1_101


def test_a_stop_that_comes_with_the_last_row_stops_nothing(library: Library) -> None:
    control = JobControl()
    seen = request(rows({"question": "a?"})).run(
        library, progress=lambda update: control.stop() if update.done else None, control=control
    )
    assert seen.finished
    assert list_runs(library)[0].status == "done"


def test_an_import_can_be_taken_back_and_made_again(library: Library) -> None:
    add_tasks(library, [Task(family="general", query="a?", answer="1"), Task(family="b", query="b?")])
    before = list(iterate_tasks(library))
    seen = request(rows({"question": "a?", "answer": "2"}, {"question": "c?"}), update=True).run(library)
    after = list(iterate_tasks(library))
    assert seen.undo is not None and after != before
    taken = take_back(library, seen.undo)
    assert list(iterate_tasks(library)) == before
    put_back(library, taken)
    assert list(iterate_tasks(library)) == after


def test_undoing_an_import_of_held_out_tasks_frees_the_records_that_it_held(library: Library) -> None:
    add_tasks(library, [make_task(1)])
    add_records(library, [judged(make_record(1), 1)])
    seen = request(rows({"question": make_task(1).query, "split": "test", "family": "benchmark"})).run(
        library
    )
    assert preview_freeze(library).left_out == {Unfit.HELD_OUT: 1}
    assert seen.undo is not None
    taken = take_back(library, seen.undo)
    assert preview_freeze(library).records == 1
    put_back(library, taken)
    assert preview_freeze(library).left_out == {Unfit.HELD_OUT: 1}


def test_undoing_an_import_that_was_cut_off_frees_the_records_that_its_first_part_held(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_tasks(library, [make_task(1)])
    add_records(library, [judged(make_record(1), 1)])
    asked = [make_task(1).query, *(f"{n}?" for n in range(1_200))]
    text = rows(*({"question": one, "split": "test", "family": "b"} for one in asked))
    monkeypatch.setattr(task_batches, "BATCH", PIECE)
    control = JobControl()

    def stop(update: Update) -> None:
        if update.stage == "importing" and update.done:
            control.stop()

    seen = request(text).run(library, progress=stop, control=control)
    assert (seen.finished, seen.rows) == (False, PIECE)
    assert preview_freeze(library).left_out == {Unfit.HELD_OUT: 1}
    rest = request(text).run(library)
    assert rest.finished and rest.undo is not None
    take_back(library, rest.undo)
    assert preview_freeze(library).records == 1


def test_an_import_whose_first_part_replaced_tasks_cannot_be_undone_in_half(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [{"question": f"{n}?", "answer": "1"} for n in range(1_200)]
    request(rows(*asked)).run(library)
    text = rows(*({**one, "answer": "2"} for one in asked))
    monkeypatch.setattr(task_batches, "BATCH", PIECE)
    control = JobControl()

    def stop(update: Update) -> None:
        if update.stage == "importing" and update.done:
            control.stop()

    seen = request(text, update=True).run(library, progress=stop, control=control)
    assert (seen.finished, seen.replaced) == (False, PIECE) and seen.undo is not None
    rest = request(text, update=True).run(library)
    assert (rest.finished, rest.replaced, rest.undo) == (True, 1_200, None)


class FullDisk(BytesIO):
    """A file for which there is no room."""

    def write(self, data: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_of_the_library_is_not_laid_to_the_source(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_rows, "TemporaryFile", lambda dir: FullDisk())
    with pytest.raises(UserError, match=r"no space left for .*\.import-") as raised:
        request(rows({"question": "a?"})).run(library)
    assert raised.value.hint.startswith("Free some space")
    assert count_tasks(library) == 0


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)


@settings(MANY, max_examples=6)
@given(
    data=st.lists(
        st.fixed_dictionaries(
            {"question": texts.filter(lambda text: bool(text.strip("\ufeff \t\n")))},
            optional={"answer": texts, "context": texts, "split": st.sampled_from(["train", "test"])},
        ),
        min_size=1,
        max_size=6,
    ),
    name=st.sampled_from(["out.jsonl", "out.csv"]),
)
def test_what_is_exported_is_found_again(
    library: Library, tmp_path: Path, data: list[dict[str, Any]], name: str
) -> None:
    delete_tasks(library, [task.id for task in iterate_tasks(library)])
    try:
        request(rows(*data)).run(library)
    except UserError:
        return  # no row of it asks anything
    tasks = list(iterate_tasks(library))
    form: FormatName = "csv" if name.endswith("csv") else "jsonl"
    hand_over(library, HandOverRequest(table="tasks", format=form, path=tmp_path / name, about=False))
    again = ImportRequest(source=TaskSource.of_file(tmp_path / name)).run(library)
    assert (again.added, again.already_there, again.differing) == (0, len(tasks), 0)
    delete_tasks(library, [task.id for task in tasks])
    ImportRequest(source=TaskSource.of_file(tmp_path / name)).run(library)
    assert list(iterate_tasks(library)) == tasks


def test_several_files_are_one_import_by_one_worker(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(
        "orca_desk.processes.process.worker_command",
        lambda name: started.append(name) or worker_command(name),  # type: ignore[func-returns-value]
    )
    monkeypatch.setattr(asked_for, "SMALL", 0)
    first, second = tmp_path / "one.jsonl", tmp_path / "two.csv"
    first.write_text(rows({"question": "a?", "answer": "1"}, {"question": ""}))
    second.write_text("question,answer\nb?,2\na?,1\n")
    sources = ImportRequest(source=TaskSource.of_file(first), more=(TaskSource.of_file(second),))
    assert ImportRequest.from_json(json.loads(json.dumps(sources.to_json()))) == sources
    seen = sources.run(library, refused=tmp_path / "refused.jsonl")
    assert started == ["rows"]
    assert (seen.finished, seen.rows, seen.added, seen.already_there, seen.unreadable) == (True, 4, 2, 1, 1)
    assert [(file.name, file.rows, file.added) for file in seen.files] == [
        ("one.jsonl", 2, 1),
        ("two.csv", 2, 1),
    ]
    (run_,) = list_runs(library)
    assert (run_.status, run_.done) == ("done", 4)
    assert not library.rows("PRAGMA foreign_key_check")
    assert library.write(lambda db: db.execute("PRAGMA foreign_keys").fetchone()[0]) == 1
    assert list(rows_of_run(library, run_.id)) == list(task_rowids(library))
    report = import_report(seen, "2 files", how_to_hold_out="")
    assert report.notes[0] == "Read 4 rows of 2 files, 1 refused."
    assert "two.csv: 2 rows of CSV in UTF-8, 1 added, none refused." in report.notes
    assert report.problems[1] == "Line 2 of one.jsonl: 'question' is empty."
    reasons = (tmp_path / "refused.jsonl.reasons.csv").read_text().splitlines()
    assert (len(reasons), reasons[0], reasons[1][:2]) == (2, "line,part,reason,what to do", "2,")
    assert seen.undo is not None
    take_back(library, seen.undo)
    assert not count_tasks(library)


def test_a_file_that_ends_its_reader_takes_nothing_with_it(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hostile.jsonl"
    path.write_text(rows({"question": "a?"}))
    monkeypatch.setattr(asked_for, "SMALL", 0)
    monkeypatch.setattr(
        "orca_desk.processes.process.worker_command",
        lambda name: [sys.executable, "-c", "import os; os._exit(7)"],
    )
    with pytest.raises(
        UserError, match="could not be read to its end: the reader was ended before its first"
    ):
        ImportRequest(source=TaskSource.of_file(path)).run(library)
    monkeypatch.undo()
    assert ImportRequest(source=TaskSource.of_file(path)).run(library).added == 1
