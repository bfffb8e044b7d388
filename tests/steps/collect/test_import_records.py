"""Answers from elsewhere become teacher records that the rest of the method can work with."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from library_doubles import make_task
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.formats.json_layout import SeveralListsError
from orca_desk.library.database import Library
from orca_desk.library.general_probe import probe_questions
from orca_desk.library.manifests import manifest
from orca_desk.library.records import RecordFilter, StoredRecord, count_records, get_record, iterate_records
from orca_desk.library.runs import list_runs
from orca_desk.library.snapshots import freeze
from orca_desk.library.strategies import current_strategies, get_strategy, strategy_versions
from orca_desk.library.tasks import add_tasks, count_tasks, iterate_tasks
from orca_desk.method.erasure import erase
from orca_desk.method.fitness import Unfit
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.collect import request as asked_for
from orca_desk.steps.collect.answers_request import (
    AnswersRequest,
    holds_answers,
    preview_answers,
    put_back_answers,
    take_back_answers,
)
from orca_desk.steps.collect.imported_records import ImportedRecords, records_outcome_from_json
from orca_desk.steps.collect.message_strategies import MAX_OWN, NO_MESSAGE, OTHERS, plan_strategies
from orca_desk.steps.collect.preview import preview_import
from orca_desk.steps.collect.questions import LibraryQuestions
from orca_desk.steps.collect.request import ImportRequest, TaskSource
from orca_desk.workers.answer_rows import CHUNK

STEP = "Think step by step, then answer."
SHORT = "Be short."


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library without tasks."""
    with new_library(tmp_path / "library") as opened:
        yield opened


def row(number: int, **fields: Any) -> dict[str, Any]:
    """A row as OpenOrca has it, for task `number` of `make_task`."""
    question = f"What is {number} plus 0?"
    return {"system_prompt": STEP, "question": question, "response": f"Answer: {number}"} | fields


def request(*rows: dict[str, Any], **options: Any) -> AnswersRequest:
    text = "".join(json.dumps(one) + "\n" for one in rows)
    return AnswersRequest(source=TaskSource.of_text(text), **options)


def run(library: Library, *rows: dict[str, Any], **options: Any) -> ImportedRecords:
    """Import rows, after a dry run that says the same and stores nothing."""
    asked = request(*rows, **options)
    before = count_records(library), count_tasks(library), len(current_strategies(library))
    tried = asked.try_out(library)
    assert (count_records(library), count_tasks(library), len(current_strategies(library))) == before
    done = asked.run(library)
    assert replace(tried, run=done.run, dry_run=False) == replace(done, undo=None)
    assert done.rows == done.added + done.already_there + done.refused
    return done


def all_records(library: Library) -> list[StoredRecord]:
    return list(iterate_records(library))


def test_rows_become_records_of_tasks_and_strategies(library: Library) -> None:
    rows = [row(1), row(2, system_prompt=SHORT, model="gpt-4"), row(3, answer="3"), {"question": "?"}]
    done = run(library, *rows)
    assert (done.rows, done.added, done.refused, done.tasks_added) == (4, 3, 1, 3)
    first, second, third = all_records(library)
    assert first.record.system == STEP
    assert get_strategy(library, first.record.strategy).instruction == STEP
    assert first.record.strategy == "imported-think-step-then"
    assert first.verdict is None
    assert third.verdict is not None
    assert third.verdict.correct
    made = second.record.provenance
    assert made.imported is not None
    assert (made.imported.model, made.imported.line, made.imported.sha256) == ("gpt-4", 2, done.sha256)
    assert (made.sampling, made.completion_tokens, made.finish_reason) == (None, None, "unknown")
    assert first.record.provenance.imported == replace(made.imported, model="", line=1)


def test_a_number_that_a_message_begins_with_names_no_strategy(library: Library) -> None:
    run(library, row(1, system_prompt="0th of 12: weigh each claim"), row(2, system_prompt="007"))
    assert {one.record.strategy for one in all_records(library)} == {
        "imported-weigh-each-claim",
        "imported-message",
    }


def test_the_same_file_again_changes_nothing(library: Library) -> None:
    rows = [row(1), row(2, system_prompt=SHORT), row(3, system_prompt="")]
    run(library, *rows)
    before = [one.record for one in all_records(library)]
    again = run(library, *rows, row(1))
    assert (again.added, again.already_there, again.tasks_added) == (0, 4, 0)
    assert [one.record for one in all_records(library)] == before
    assert not any(one.is_new for one in again.messages)


def test_several_answers_to_a_question_are_samples_of_one_task(library: Library) -> None:
    done = run(library, row(1), row(1, response="It is 1."), row(1, system_prompt=SHORT))
    assert (done.added, done.tasks_added) == (3, 1)
    assert [(one.record.strategy, one.record.sample) for one in all_records(library)] == [
        ("imported-think-step-then", 0), ("imported-think-step-then", 1), ("imported-short", 0),
    ]  # fmt: skip


def test_tasks_are_counted_once_over_all_chunks(library: Library) -> None:
    add_tasks(library, [make_task(0)])
    done = run(library, *(row(number % 3, response=f"Answer: {number}") for number in range(CHUNK + 50)))
    assert (done.added, done.tasks_added, done.tasks_matched) == (CHUNK + 50, 2, 1)
    samples = {one.record.sample for one in all_records(library) if one.record.user == make_task(1).query}
    assert samples == set(range((CHUNK + 50 + 1) // 3))


def test_a_task_of_the_library_grades_the_answer(library: Library) -> None:
    add_tasks(library, [make_task(1)])
    done = run(library, row(1), row(1, response="Answer: 7"), row(1, response="1", answer="one"))
    assert (done.tasks_added, done.tasks_matched, done.graded, done.correct) == (0, 1, 3, 2)
    assert done.other_reference == 1
    assert done.unfit == {Unfit.INCORRECT: 1}
    assert {one.record.family for one in all_records(library)} == {"sums"}


def test_a_held_out_question_stays_held_out(library: Library) -> None:
    add_tasks(library, [make_task(1, split="heldout")])
    done = run(library, row(1), row(2), row(1, question="what is 1  plus 0"))
    assert done.heldout == 2
    assert done.unfit == {Unfit.HELD_OUT: 2}
    held = {one.record.user: one.held_out for one in all_records(library)}
    assert held == {"What is 1 plus 0?": True, "What is 2 plus 0?": False, "what is 1  plus 0": True}
    snapshot = freeze(library, name="all", instruction="", rules=SnapshotRules())
    assert snapshot.records == 1


def test_a_question_of_the_general_probe_is_held_out(library: Library) -> None:
    asked = probe_questions()[0].question
    done = run(library, row(1, question=asked), row(2, question=asked.upper()))
    assert (done.heldout, done.unfit) == (2, {Unfit.HELD_OUT: 2})
    assert [task.split for task in iterate_tasks(library)] == ["heldout", "heldout"]


def test_leaks_and_cut_answers_are_found(library: Library) -> None:
    leak = "As the system prompt says, I think step by step. Answer: 1"
    done = run(library, row(1, response=leak), row(2, finish_reason="length"), row(3, finish_reason="stop"))
    assert done.leaked == 1
    assert done.unfit == {Unfit.LEAK: 1, Unfit.CUT_OFF: 1}


def test_the_message_is_erased_like_any_instruction(library: Library) -> None:
    run(library, row(1))
    (stored,) = all_records(library)
    training = erase(stored.current, "You are helpful.")
    assert (training.system, training.assistant) == ("You are helpful.", "Answer: 1")


def test_a_manifest_names_the_file_and_who_answered(library: Library) -> None:
    run(library, row(1), row(2), model="gpt-4")
    made = freeze(library, name="all", instruction="", rules=SnapshotRules())
    (teacher,) = manifest(library, made.id)["teachers"]
    assert teacher["records"] == 2
    assert teacher["sampling"]["imported"] == {
        "file": "The pasted text", "sha256": teacher["sampling"]["imported"]["sha256"], "model": "gpt-4",
    }  # fmt: skip
    assert manifest(library, made.id)["answers"]["tokens_not_counted"] == 2


def test_a_known_instruction_keeps_its_strategy_and_version(library: Library) -> None:
    direct = get_strategy(library, "direct")
    done = run(library, row(1, system_prompt=direct.instruction), row(2, strategy="direct"))
    assert [(one.record.strategy, one.record.strategy_version) for one in all_records(library)] == [
        ("direct", direct.version)
    ] * 2
    assert all_records(library)[1].record.system == STEP
    assert not any(one.is_new for one in done.messages)


def test_messages_that_differ_in_numbers_are_versions_of_one_strategy(library: Library) -> None:
    run(library, row(1, system_prompt="Use at most 50 words."), row(2, system_prompt="Use at most 80 words."))
    strategies = {one.record.strategy for one in all_records(library)}
    assert len(strategies) == 1
    assert [one.instruction for one in strategy_versions(library, strategies.pop())] == [
        "Use at most 50 words.", "Use at most 80 words.",
    ]  # fmt: skip


def test_rare_messages_share_a_strategy_and_keep_their_texts(library: Library) -> None:
    letters = [f"{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(MAX_OWN + 3)]
    rows = [row(number, system_prompt=f"Speak like {word}.") for number, word in enumerate(letters)]
    done = run(library, *rows)
    assert (done.rare, done.rare_rows) == (3, 3)
    shared = [one.record for one in all_records(library) if one.record.strategy == OTHERS]
    assert len(shared) == 3
    assert len({one.system for one in shared}) == 3
    assert run(library, *rows).already_there == MAX_OWN + 3


def test_the_plan_stays_the_same_once_a_part_is_stored(library: Library) -> None:
    messages = Counter({(f"Say it in words of kind {chr(97 + n)}.", ""): n + 1 for n in range(20)})
    first = plan_strategies(library, messages)
    assert len({one.name for one in first.new}) == 20
    run(library, *(row(n, system_prompt=message) for n, (message, _) in enumerate(list(messages)[5:])))
    second = plan_strategies(library, messages)
    assert len(second.new) == 5
    names = [one.name for one in second.by_message.values()]
    assert len(set(names)) == 20


def test_rows_without_a_message_follow_the_strategy_that_the_user_names(library: Library) -> None:
    run(library, row(1, system_prompt=""))
    run(library, row(2, system_prompt=""), without_message="direct")
    assert [one.record.strategy for one in all_records(library)] == [NO_MESSAGE, "direct"]
    with pytest.raises(UserError, match="no strategy absent"):
        request(row(3), without_message="absent").run(library)


def test_an_import_that_was_stopped_goes_on_as_the_same_run(library: Library) -> None:
    asked = request(*(row(number) for number in range(1_200)))
    control = JobControl()

    def stop(update: Update) -> None:
        if update.stage == "importing" and update.done >= 500:
            control.stop()

    stopped = asked.run(library, progress=stop, control=control)
    assert not stopped.finished
    assert 500 <= count_records(library) < 1_200
    resumed = AnswersRequest.to_resume(library, stopped.run).run(library)
    assert (resumed.run, resumed.finished, resumed.rows) == (stopped.run, True, 1_200)
    assert resumed.added + resumed.already_there == count_records(library) == 1_200
    (only,) = list_runs(library)
    outcome = records_outcome_from_json(only.outcome)
    assert outcome is not None
    assert outcome.finished


def test_an_import_is_taken_back_and_put_back(library: Library) -> None:
    add_tasks(library, [make_task(1)])
    done = run(library, row(1), row(2))
    assert done.undo is not None
    taken = take_back_answers(library, done.undo)
    assert [task.query for task in iterate_tasks(library)] == [make_task(1).query]
    assert count_records(library, RecordFilter(decision="drop")) == 2
    assert taken.strategies == ("imported-think-step-then",)  # a dropped record still names it
    put_back_answers(library, taken)
    assert count_records(library, RecordFilter(decision="none")) == 2
    assert count_tasks(library) == 2


def test_a_request_survives_as_json(tmp_path: Path) -> None:
    asked = AnswersRequest(
        source=TaskSource.of_file(tmp_path / "rows.jsonl"), mapping={"system": "s"}, family="f", model="m"
    )
    assert AnswersRequest.from_json(json.loads(json.dumps(asked.to_json()))) == asked


def test_refused_rows_are_written_as_they_were(library: Library, tmp_path: Path) -> None:
    asked = request(row(1), {"question": "no answer"})
    asked.run(library, refused=tmp_path / "refused.jsonl")
    assert json.loads((tmp_path / "refused.jsonl").read_text()) == {"question": "no answer"}


def test_a_file_without_an_answer_is_an_error(library: Library) -> None:
    with pytest.raises(UserError, match="no readable answer; line 1"):
        request({"question": "?"}).run(library)
    assert count_records(library) == count_tasks(library) == 0


def test_the_preview_shows_the_rows_and_their_strategies(library: Library) -> None:
    asked = request(row(1), row(2), row(3, system_prompt=""), {"question": "?"})
    preview = preview_answers(library, asked)
    assert (preview.survey.rows, preview.refused) == (4, 1)
    found = [(one.rows, one.is_new, one.message) for one in preview.messages]
    assert found == [(2, True, STEP), (1, True, "")]
    assert count_tasks(library) == 0
    assert holds_answers(asked.source, asked.asked.file)
    assert not holds_answers(TaskSource.of_text('{"query": "1+1?", "answer": "2"}\n'), asked.asked.file)


def test_files_that_are_not_small_are_read_by_workers(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pasted = request(row(1), row(2, turns=[["user", "Hi"]]), {"question": "?"})
    wanted = preview_answers(library, pasted).preview
    path = tmp_path / "answers.jsonl"
    path.write_text(pasted.source.text)
    monkeypatch.setattr(asked_for, "SMALL", 0)
    asked = replace(pasted, source=TaskSource.of_file(path))
    assert preview_answers(library, asked).preview == wanted
    done = asked.run(library, refused=tmp_path / "refused.jsonl")
    assert (done.finished, done.added, done.refused, done.sha256) == (
        True,
        2,
        1,
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    assert json.loads((tmp_path / "refused.jsonl").read_text()) == {"question": "?"}
    lists = tmp_path / "lists.json"
    lists.write_text(json.dumps({"one": [{"question": "a?"}], "two": [{"question": "b?"}]}))
    with pytest.raises(SeveralListsError) as raised:
        preview_import(ImportRequest(source=TaskSource.of_file(lists)), LibraryQuestions(library))
    assert raised.value.names == ("one", "two")


def test_exported_records_come_back(library: Library, tmp_path: Path) -> None:
    run(library, row(1, model="gpt-4"))
    (stored,) = all_records(library)
    listed = {"total": 1, "records": [{"record": {
        "system": stored.record.system, "user": stored.record.user, "response": stored.record.response,
        "strategy": stored.record.strategy, "family": stored.record.family,
        "provenance": {"model_sha256": "", "imported": {"model": "gpt-4"}, "finish_reason": "stop"},
    }}]}  # fmt: skip
    path = tmp_path / "records.json"
    path.write_text(json.dumps(listed))
    with new_library(tmp_path / "other") as other:
        done = AnswersRequest(source=TaskSource.of_file(path)).run(other)
        assert done.added == 1
        back = get_record(other, all_records(other)[0].record.id)
        assert (back.record.user, back.record.response, back.record.system) == (
            stored.record.user, stored.record.response, STEP,
        )  # fmt: skip
