"""Anything in the library is found by a few words, and no text can break the search."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from library_doubles import judged, make_chat, make_record, make_task
from new_library import new_library

from orca_desk.library.chats import create_columns
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Question, create_evaluation
from orca_desk.library.lookup import look_up
from orca_desk.library.new_records import add_records
from orca_desk.library.runs import create_run
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import add_tasks
from orca_desk.method.records import Task
from orca_desk.method.snapshot_rules import SnapshotRules


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library with a task, three runs and a chat."""
    with new_library(tmp_path / "library") as opened:
        add_tasks(opened, [Task(family="belief", query="Where does John look for the kite?")])
        for kind in ("train", "evaluate", "generate"):
            create_run(opened, kind, {})
        create_evaluation(
            opened,
            model=Path("m.gguf"),
            adapter=None,
            system_kind="empty",
            system=None,
            questions=[Question(task_id=make_task(0).id, family="belief")],
            settings={},
            name="tuned",
        )
        record = make_record(0)
        add_tasks(opened, [make_task(0)])
        add_records(opened, [judged(record, "0")])
        freeze(opened, name="First-try", rules=SnapshotRules(only_paired=False))
        make_chat(opened, title="About the 100% kite", model=Path("m.gguf"), adapter=None, system="")
        yield opened


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("kite john", "task"),
        ("train-1", "training"),
        ("evaluate", "evaluation"),
        ("generate-1", "run"),
        ("step-by", "strategy"),
        ("Step by", "strategy"),
        ("100%", "chat"),
        ("BELI", "family"),
        ("TUNED", "evaluation"),
        ("first-try", "snapshot"),
    ],
)
def test_each_kind_is_found(library: Library, text: str, kind: str) -> None:
    assert kind in {found.kind for found in look_up(library, text)}


@pytest.mark.parametrize(
    "text", ["", "  ", "%", "_", "\\", "'", '"', "NEAR(", "*", "\0", "x" * 10_000, "kite OR"]
)
def test_no_text_breaks_the_search(library: Library, text: str) -> None:
    look_up(library, text)


def test_wildcards_are_taken_literally(library: Library) -> None:
    assert look_up(library, "train_1") == []
    assert look_up(library, "%rain") == []


def test_a_conversation_of_several_columns_is_found_once(library: Library) -> None:
    models = [(Path(f"{name}.gguf"), None) for name in ("tuned", "base", "teacher")]
    first = create_columns(library, title="Three answers", models=models, system="")[0]
    (found,) = look_up(library, "three ANSWERS")
    assert (found.kind, found.id) == ("chat", first.id)


def test_an_evaluation_is_found_by_the_name_of_its_model(library: Library) -> None:
    (found,) = [one for one in look_up(library, "tuned") if one.kind == "evaluation"]
    assert found.title.endswith("(tuned)")


def test_a_family_without_tasks_is_not_found(library: Library) -> None:
    library.write(lambda db: db.execute("INSERT INTO families (name) VALUES ('belittled')").rowcount)
    assert [found.title for found in look_up(library, "beli") if found.kind == "family"] == ["belief"]


def test_short_names_are_found_and_no_more_than_names_that_begin_so(library: Library) -> None:
    add_tasks(library, [Task(family=name, query=f"{name}?") for name in ("ab", "abacus", "cab")])
    add_tasks(library, [Task(family=f"aa{number}", query=f"{number}?") for number in range(9)])
    make_chat(library, title="ab", model=Path("m.gguf"), adapter=None, system="")
    first, second = look_up(library, "AB")[:2]
    assert (first.title, second.title) == ("ab", "abacus")
    assert {one.kind for one in look_up(library, "ab")} == {"family", "chat"}  # and no text that has it
    assert {one.title for one in look_up(library, "t") if one.kind == "training"} == {"train-1"}
    add_tasks(library, [Task(family="a", query="a?")])
    assert look_up(library, "a")[0].title == "a"  # before the nine that begin so, too
