"""A task's history: where it came from, its edits, and what was done with it."""

from pathlib import Path

import pytest
from library_doubles import judged, make_chat, make_record, make_task, update_tasks

from orca_desk.errors import UserError
from orca_desk.library.chats import ChatMessage, ask_columns
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.history import task_history
from orca_desk.library.imports import add_batch
from orca_desk.library.incoming import write_incoming
from orca_desk.library.new_records import add_records
from orca_desk.library.record_edits import decide
from orca_desk.library.runs import create_run
from orca_desk.library.snapshots import freeze
from orca_desk.library.task_changes import TaskEdit, change_tasks, undo_change
from orca_desk.library.task_columns import task_values
from orca_desk.library.tasks import add_tasks, delete_tasks, restore_tasks, task_rowids
from orca_desk.library.trainings import create_training
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.ui.words.task_history import event_text, history_notes

TASK = make_task(1)


def texts(library: Library) -> list[str]:
    return [event_text(event) for event in task_history(library, TASK.id).events]


def test_all_that_became_of_a_task_is_told_in_order(library: Library, tmp_path: Path) -> None:
    run = create_run(library, "import", {})
    write_incoming(tmp_path / "batch.db", [task_values(TASK)])
    add_batch(library, tmp_path / "batch.db", run=run.id, source="quiz.csv", count=lambda *_: None)
    update_tasks(library, [make_task(1, answer="one", id=TASK.id)])
    add_records(library, [judged(make_record(1, task_id=TASK.id), 2)])
    decide(library, ["record-00001"], "keep")
    snapshot = freeze(library, name="first", rules=SnapshotRules(only_paired=False))
    create_training(library, base=Path("/base"), snapshot=snapshot.id, settings={})
    evaluation = create_evaluation(
        library,
        model=library.folder / "m.gguf",
        adapter=None,
        system_kind="empty",
        system="",
        questions=[Question.of(TASK, paired=None)],
        settings={},
        name="tuned",
    )
    answer = Answered(
        task_id=TASK.id,
        response="1",
        correct=True,
        reason="",
        recognised=None,
        completion_tokens=1,
        finish_reason="stop",
    )
    add_answers(library, evaluation.id, [answer])
    chat = make_chat(library, title="Sums", model=Path("/m.gguf"))
    ask_columns(library, chat.id, [ChatMessage(role="user", content="?", task=TASK.id)])
    told = texts(library)
    assert sorted(told) == sorted(
        [
            f"Imported from quiz.csv ({run.id})",
            "Edited: reference answer was 1",
            "Answered under direct: incorrect (imported)",
            "Kept in review (record-00001)",
            "Frozen into the snapshot first",
            "Trained on by train-1, as part of first",
            "Asked of tuned: correct (evaluate-1)",
            "Asked in the chat Sums",
        ]
    )
    times = [event.at for event in task_history(library, TASK.id).events]
    assert times == sorted(times)


def test_edits_of_many_tasks_are_noted_and_so_is_their_undo(library: Library) -> None:
    add_tasks(library, [TASK, make_task(2)])
    changed = change_tasks(library, task_rowids(library), TaskEdit(add_tags=("hard",), family="other"))
    undo_change(library, changed)
    assert texts(library)[-2:] == [
        "Edited: tags were empty; family was sums",
        "Edited: tags were hard; family was other",
    ]


def test_a_restored_task_keeps_its_history(library: Library) -> None:
    add_tasks(library, [TASK])
    update_tasks(library, [make_task(1, answer="one", id=TASK.id)])
    restore_tasks(library, delete_tasks(library, [TASK.id]))
    assert "Edited: reference answer was 1" in texts(library)


def test_a_long_history_says_what_it_leaves_out(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orca_desk.library.history.SHOWN", 2)
    add_tasks(library, [TASK])
    for text in ("one", "two", "three"):
        update_tasks(library, [make_task(1, answer=text, id=TASK.id)])
    history = task_history(library, TASK.id)
    assert history.more == {"edited": 1}
    notes = history_notes(history)
    assert notes[0] == "1 earlier event of the type “edited” not shown"
    assert notes[1].startswith("Edits have been recorded since 20")


def test_an_unknown_task_is_told(library: Library) -> None:
    with pytest.raises(UserError, match="no task nobody"):
        task_history(library, "nobody")
