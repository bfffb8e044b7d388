"""What is exported is read back equal, by the import that every user has: in each format that can hold it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from library_doubles import make_record
from new_library import new_library
from task_files import read_tasks

from orca_desk.formats.answer_rows import AnsweredRow
from orca_desk.formats.answers import AnswerFile, AnswersAsked
from orca_desk.formats.layout import Asked
from orca_desk.formats.reading import TaskFile
from orca_desk.formats.tasks import opened
from orca_desk.formats.values import is_missing, is_nothing, tidy
from orca_desk.formats.writers.data_formats import DATA_FORMATS, FormatName
from orca_desk.formats.writers.data_row import DataRow
from orca_desk.formats.writers.row_files import row_file
from orca_desk.library.records import StoredRecord
from orca_desk.library.tasks import add_tasks
from orca_desk.method.records import Task
from orca_desk.steps.hand_over.data_rows import record_row, task_row
from orca_desk.steps.hand_over.hand_over import hand_over
from orca_desk.steps.hand_over.request import HandOverRequest
from orca_desk.steps.hand_over.values import RowValues

anything = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)
texts = anything.map(tidy).filter(
    lambda text: bool(text.strip()) and not is_missing(text) and not is_nothing(text)
)
names = texts.map(str.strip).filter(bool)
turns = st.lists(st.tuples(texts, texts), max_size=2).map(
    lambda pairs: tuple(turn for asked, said in pairs for turn in (("user", asked), ("assistant", said)))
)


def tasks(**fields: Any) -> st.SearchStrategy[Task]:
    """Tasks as a user may have them; `fields` are strategies for some of their fields."""
    return st.builds(
        Task,
        **{
            "family": names,
            "query": texts,
            "context": st.just("") | texts,
            "answer": texts,
            "answer_kind": st.none() | st.sampled_from(["number", "ordering", "keyed"]),
            "tags": st.lists(st.sampled_from(["hard", "2024", "two words"]), max_size=2, unique=True).map(
                tuple
            ),
            "split": st.sampled_from(["train", "heldout"]),
            "strategy": st.none() | st.just("step-by-step"),
            "turns": turns,
            **fields,
        },
    )


def write(folder: Path, rows: Sequence[DataRow], name: FormatName, ending: str, table: Any = "tasks") -> Path:
    """Write rows as an export does."""
    path = folder / f"rows.{ending}"
    values = RowValues(HandOverRequest(table=table, format=name, path=path))
    kind = DATA_FORMATS[name]
    assert all(kind.missing(row) is None and not kind.losses(row) for row in rows)
    with row_file(path, "jsonl" if ending == "jsonl" else "csv" if ending == "csv" else "parquet") as file:
        for row in rows:
            file.write(values.of(row))
    return path


CONVERSATIONS: list[tuple[FormatName, str]] = [
    ("messages", "jsonl"), ("messages", "parquet"), ("sharegpt", "jsonl"), ("sharegpt", "parquet"),
    ("prompt-completion-chat", "jsonl"), ("prompt-completion-chat", "parquet"),
]  # fmt: skip


# Whatever text: the columns of our own files are read as they stand
own = tasks(
    query=anything.map(tidy).filter(str.strip),
    context=anything.map(tidy),
    answer=st.none() | anything.map(tidy).filter(bool),
    tags=st.lists(anything, max_size=3).map(tuple),
)


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@settings(max_examples=15)
@given(made=st.lists(own, min_size=1, max_size=5))
def test_the_columns_of_tasks(
    tmp_path_factory: pytest.TempPathFactory, ending: Any, made: list[Task]
) -> None:
    path = write(tmp_path_factory.mktemp("out"), list(map(task_row, made)), ending, ending)
    assert list(read_tasks(path)) == made


@settings(max_examples=15)
@given(made=st.lists(own.filter(lambda task: not task.tags) | tasks(), min_size=1, max_size=5))
def test_the_columns_of_tasks_in_csv(tmp_path_factory: pytest.TempPathFactory, made: list[Task]) -> None:
    path = write(tmp_path_factory.mktemp("out"), list(map(task_row, made)), "csv", "csv")
    assert list(read_tasks(path)) == made


@pytest.mark.parametrize(("name", "ending"), CONVERSATIONS)
@settings(max_examples=5)
@given(made=st.lists(tasks(context=st.just("")), min_size=1, max_size=4))
def test_conversations(
    tmp_path_factory: pytest.TempPathFactory, name: FormatName, ending: str, made: list[Task]
) -> None:
    path = write(tmp_path_factory.mktemp("out"), list(map(task_row, made)), name, ending)
    assert list(read_tasks(path)) == made


@pytest.mark.parametrize(("name", "ending"), [("alpaca", "jsonl"), ("alpaca", "csv"), ("alpaca", "parquet")])
@settings(max_examples=5)
@given(made=st.lists(tasks(turns=st.just(())), min_size=1, max_size=4))
def test_alpaca(
    tmp_path_factory: pytest.TempPathFactory, name: FormatName, ending: str, made: list[Task]
) -> None:
    path = write(tmp_path_factory.mktemp("out"), list(map(task_row, made)), name, ending)
    assert list(read_tasks(path)) == made


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
@settings(max_examples=5)
@given(made=st.lists(tasks(context=st.just(""), turns=st.just(())), min_size=1, max_size=4))
def test_prompt_and_completion(
    tmp_path_factory: pytest.TempPathFactory, ending: str, made: list[Task]
) -> None:
    path = write(tmp_path_factory.mktemp("out"), list(map(task_row, made)), "prompt-completion", ending)
    assert list(read_tasks(path)) == made


@settings(max_examples=3)
@given(made=st.lists(tasks(context=st.just("")), min_size=1, max_size=6, unique_by=lambda task: task.id))
def test_a_folder_for_mlx(tmp_path_factory: pytest.TempPathFactory, made: list[Task]) -> None:
    assert in_folder(tmp_path_factory.mktemp("out"), "mlx", made) == {task.id: task for task in made}


# A document keeps no context and no turns of its own; what is blank or means "none" there has no answer
told = tasks(context=st.just(""), turns=st.just(()))


@settings(max_examples=3)
@given(made=st.lists(told, min_size=1, max_size=6, unique_by=lambda task: task.id))
def test_a_folder_for_lm_eval(tmp_path_factory: pytest.TempPathFactory, made: list[Task]) -> None:
    assert in_folder(tmp_path_factory.mktemp("out"), "lm-eval", made) == {task.id: task for task in made}


def in_folder(folder: Path, name: FormatName, made: Sequence[Task]) -> dict[str, Task]:
    """Export tasks of a library as a folder, and return what an import reads of it."""
    with new_library(folder / "library") as library:
        add_tasks(library, made)
        assert hand_over(library, HandOverRequest(table="tasks", format=name, path=folder / "set"))
    with opened(folder / "set") as (stream, path):
        file = TaskFile(stream, path, Asked(rows_in="*"))
        return {task.id: task for task in file.rows() if isinstance(task, Task)}


@settings(max_examples=5)
@given(made=st.lists(tasks(context=st.just("")), min_size=1, max_size=4))
def test_the_questions_of_a_batch(tmp_path_factory: pytest.TempPathFactory, made: list[Task]) -> None:
    path = tmp_path_factory.mktemp("out") / "batch.jsonl"
    values = RowValues(HandOverRequest(table="tasks", format="openai-batch", path=path, asks_model="m"))
    with row_file(path, "jsonl") as file:
        for task in made:
            file.write(values.of(task_row(task)))
    found = list(read_tasks(path))
    assert [(one.query, one.turns, one.answer) for one in found] == [
        (task.query, task.turns, None) for task in made
    ]


asked = st.builds(
    DataRow, facts=st.just({}), id=st.just("1"), family=names, user=texts, system=st.just("") | texts,
    turns=turns, answer=texts, rejected=texts, label=st.booleans(),
)  # fmt: skip


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@settings(max_examples=5)
@given(made=st.lists(asked, min_size=1, max_size=4))
def test_of_pairs_and_verdicts_the_wanted_answers(
    tmp_path_factory: pytest.TempPathFactory, ending: str, made: list[DataRow]
) -> None:
    folder = tmp_path_factory.mktemp("out")
    found = list(read_tasks(write(folder, made, "preference", ending, "preferences")))
    assert [(one.query, one.turns, one.answer) for one in found] == [
        (row.user, row.turns, row.answer) for row in made
    ]
    found = list(read_tasks(write(folder, made, "kto", ending, "teacher")))
    assert [(one.query, one.turns, one.answer) for one in found] == [
        (row.user, row.turns, row.answer if row.label else None) for row in made
    ]


def stored(number: int, **fields: Any) -> StoredRecord:
    """A teacher record that nobody has judged."""
    return StoredRecord(
        record=make_record(number, **fields),
        verdict=None,
        leaks=(),
        decision=None,
        edited=None,
        run=None,
    )


def read_answers(path: Path) -> Iterator[AnsweredRow]:
    with opened(path) as (stream, name):
        for row in AnswerFile(stream, name, AnswersAsked()).rows():
            assert isinstance(row, AnsweredRow)
            yield row


@pytest.mark.parametrize(
    ("name", "ending"), [("jsonl", "jsonl"), ("csv", "csv"), ("parquet", "parquet"), *CONVERSATIONS]
)
@settings(max_examples=5)
@given(
    said=st.lists(
        st.fixed_dictionaries({"system": texts, "user": texts, "response": texts}), min_size=1, max_size=4
    )
)
def test_teacher_records(
    tmp_path_factory: pytest.TempPathFactory,
    name: FormatName,
    ending: str,
    said: list[dict[str, str]],
) -> None:
    rows = [record_row(stored(number, **values)) for number, values in enumerate(said)]
    path = write(tmp_path_factory.mktemp("out"), rows, name, ending, "teacher")
    found = list(read_answers(path))
    assert [{"system": one.system, "user": one.query, "response": one.response} for one in found] == said
    assert {(one.family, one.strategy, one.model) for one in found} == {("sums", "direct", "model")}
