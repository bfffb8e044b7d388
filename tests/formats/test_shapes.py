"""The published shapes of data sets, each in a row or two as its publisher writes them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.formats.layout import Asked
from orca_desk.formats.reading import Survey, TaskFile
from orca_desk.formats.rows import BadRow
from orca_desk.formats.shapes import Shape
from orca_desk.formats.tasks import opened
from orca_desk.method.records import Task

USER, BOT = {"role": "user", "content": "What is 2+2?"}, {"role": "assistant", "content": "4"}
TURNS = [USER, BOT]
HUMAN = "\n\nHuman: What is 2+2?\n\nAssistant: "


def read(path: Path, content: Any) -> tuple[Survey, list[Task | BadRow], TaskFile]:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    with opened(path) as (stream, name):
        file = TaskFile(stream, name, Asked())
        survey = file.survey()
        return survey, list(file.rows()), file


ROWS: list[tuple[Shape, dict[str, Any], tuple[str, str, str | None]]] = [
    ("messages", {"messages": TURNS}, ("", "What is 2+2?", "4")),
    ("messages", {"messages": [USER, {**BOT, "thinking": "Two and two."}]}, ("", "What is 2+2?", "4")),
    (
        "ShareGPT",
        {"id": "x1", "conversations": [{"from": "human", "value": "Hi?"}, {"from": "gpt", "value": "Ho"}]},
        ("", "Hi?", "Ho"),
    ),
    ("Alpaca", {"instruction": "Add.", "input": "2 and 2", "output": "4"}, ("2 and 2", "Add.", "4")),
    ("prompt and completion", {"prompt": "2+2?", "completion": "4"}, ("", "2+2?", "4")),
    ("prompt and completion", {"prompt": [USER], "completion": [BOT]}, ("", "What is 2+2?", "4")),
    ("preference", {"prompt": "2+2?", "chosen": "4", "rejected": "5"}, ("", "2+2?", "4")),
    ("preference", {"chosen": TURNS, "rejected": [USER, {**BOT, "content": "5"}]}, ("", "What is 2+2?", "4")),
    ("preference", {"chosen": f"{HUMAN}4", "rejected": f"{HUMAN}5"}, ("", "What is 2+2?", "4")),
    ("KTO", {"prompt": "2+2?", "completion": "4", "label": True}, ("", "2+2?", "4")),
    ("KTO", {"prompt": "2+2?", "completion": "5", "label": False}, ("", "2+2?", None)),
    (
        "SQuAD",
        {"id": "5", "title": "Normans", "context": "In Normandy.", "question": "Where?",
         "answers": {"text": ["Normandy", "in Normandy"], "answer_start": [3, 0]}},
        ("In Normandy.", "Where?", "Normandy"),
    ),
    (
        "SQuAD",
        {"context": "In Normandy.", "question": "When?", "answers": {"text": [], "answer_start": []}},
        ("In Normandy.", "When?", None),
    ),
    (
        "MMLU",
        {"question": "2+2?", "subject": "algebra", "choices": ["3", "4", "5", "6"], "answer": 1},
        ("", "2+2?\n(A) 3\n(B) 4\n(C) 5\n(D) 6", "B"),
    ),
    (
        "ARC",
        {"question": "2+2?", "choices": {"text": ["3", "4"], "label": ["1", "2"]}, "answerKey": "2"},
        ("", "2+2?\n(A) 3\n(B) 4", "B"),
    ),
    ("GSM8K", {"question": "2+2?", "answer": "2+2=<<2+2=4>>4\n#### 4"}, ("", "2+2?", "4")),
    (
        "MATH",
        {"problem": "$2+2$?", "level": "Level 1", "type": "Algebra", "solution": "It is $\\boxed{4}$."},
        ("", "$2+2$?", "4"),
    ),
    (
        "AGIEval",
        {"passage": "Ann.", "question": "Who?", "options": ["(A)Ann", "(B)Bob"], "label": "A"},
        ("Ann.", "Who?\n(A) Ann\n(B) Bob", "A"),
    ),
    (
        "AGIEval",
        {"passage": None, "question": "2+2?", "options": None, "label": None, "answer": "4"},
        ("", "2+2?", "4"),
    ),
    (
        "BIG-Bench",
        {"inputs": "2+2?", "targets": ["4"], "multiple_choice_targets": ["3", "4"],
         "multiple_choice_scores": [0, 1]},
        ("", "2+2?\n(A) 3\n(B) 4", "B"),
    ),
    (
        "BIG-Bench",
        {"inputs": "2+2?", "targets": ["4"], "multiple_choice_targets": [], "multiple_choice_scores": []},
        ("", "2+2?", "4"),
    ),
    (
        "OpenOrca",
        {"id": "niv.1", "system_prompt": "Be brief.", "question": "2+2?", "response": "4"},
        ("", "2+2?", "4"),
    ),
    ("questions", {"question": "Why?"}, ("", "Why?", None)),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "row", "wanted"), ROWS)
def test_a_row_of_each_shape(
    shape: Shape, row: dict[str, Any], wanted: tuple[str, str, str | None], tmp_path: Path
) -> None:
    survey, (task,), _ = read(tmp_path / "rows.jsonl", json.dumps(row) + "\n")
    assert survey.shapes == ((shape, 1),)
    assert isinstance(task, Task), task
    assert (task.context, task.query, task.answer) == wanted


def test_a_subject_and_a_level_are_family_and_tags(tmp_path: Path) -> None:
    row = {"problem": "$2+2$?", "level": "Level 1", "type": "Algebra", "solution": "$\\boxed{4}$"}
    _, (task,), _ = read(tmp_path / "1.json", row)
    assert isinstance(task, Task)
    assert (task.family, task.tags) == ("Algebra", ("Level 1",))


def test_what_people_did_not_want_is_no_answer(tmp_path: Path) -> None:
    rows = [{"prompt": "a?", "completion": "x", "label": label} for label in (True, False)]
    survey, tasks, file = read(tmp_path / "kto.jsonl", "\n".join(map(json.dumps, rows)))
    assert [getattr(task, "answer", "") for task in tasks] == ["x", None]
    assert (survey.mapping["answer"], file.reader.notes["unwanted"]) == ("completion", 1)


def test_calls_of_tools_stay_as_text(tmp_path: Path) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 2}'}}
    messages = [
        USER, {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "4"}, {"role": "assistant", "content": "It is 4."},
    ]  # fmt: skip
    _, (task,), file = read(tmp_path / "tools.jsonl", json.dumps({"messages": messages}) + "\n")
    assert isinstance(task, Task)
    assert (task.query, task.answer) == ("Tool result: 4", "It is 4.")
    assert [role for role, _ in task.turns] == ["user", "assistant"]
    assert task.turns[1][1].startswith('Tool call: {"name": "add"')
    assert file.reader.notes["tools"] == 1


@pytest.mark.parametrize(
    "earlier",
    [
        {"turns": [["user", "1+1?"], ["assistant", "2"]]},
        {"turns": [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}]},
        {"history": [["1+1?", "2"]]},
        {"history": json.dumps([["1+1?", "2"]])},
    ],
)
def test_turns_beside_a_question_come_before_it(earlier: dict[str, Any], tmp_path: Path) -> None:
    survey, (task,), _ = read(
        tmp_path / "t.jsonl", json.dumps({"question": "2+2?", "answer": "4", **earlier})
    )
    assert isinstance(task, Task)
    assert (task.query, task.answer) == ("2+2?", "4")
    assert (task.turns, survey.unread) == ((("user", "1+1?"), ("assistant", "2")), ())


def test_a_column_called_history_may_be_something_else(tmp_path: Path) -> None:
    survey, (task,), _ = read(
        tmp_path / "t.jsonl", json.dumps({"question": "Who?", "history": "Born in 1809."})
    )
    assert isinstance(task, Task)
    assert (task.turns, survey.unread) == ((), ("history",))


def test_a_picture_is_refused_with_the_reason(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": "x"}}]
    row = {"messages": [{"role": "user", "content": parts}, BOT]}
    _, (bad, good), _ = read(tmp_path / "m.jsonl", f"{json.dumps(row)}\n{json.dumps({'messages': TURNS})}\n")
    assert isinstance(bad, BadRow) and "a part of the type 'image_url'" in bad.what
    assert isinstance(good, Task)


def test_articles_of_squad_are_taken_apart(tmp_path: Path) -> None:
    asked = [
        {
            "id": "1",
            "question": "Where?",
            "answers": [{"text": "Here", "answer_start": 0}],
            "is_impossible": False,
        },
        {"id": "2", "question": "Why?", "answers": [], "is_impossible": True},
    ]
    article = {"title": "A", "paragraphs": [{"context": "Here.", "qas": asked}]}
    survey, tasks, _ = read(tmp_path / "dev.json", {"version": "v2.0", "data": [article, {"title": "B"}]})
    assert survey.rows == 3
    assert [(getattr(one, "query", ""), getattr(one, "answer", "")) for one in tasks[:2]] == [
        ("Where?", "Here"), ("Why?", None),
    ]  # fmt: skip
    assert isinstance(tasks[2], BadRow) and "no list of paragraphs" in tasks[2].what


def test_a_task_of_big_bench_gives_its_name_and_keywords(tmp_path: Path) -> None:
    task = {
        "canary": "x", "name": "sums", "keywords": ["arithmetic"], "task_prefix": "Add up.\n",
        "examples": [{"input": "2+2?", "target_scores": {"3": 0, "4": 1}}, {"input": "1+1?", "target": "2"}],
    }  # fmt: skip
    _, (chosen, free), _ = read(tmp_path / "task.json", task)
    assert isinstance(chosen, Task) and isinstance(free, Task)
    assert (chosen.query, chosen.answer, chosen.answer_kind) == ("2+2?\n(A) 3\n(B) 4", "B", "choice")
    assert (chosen.family, chosen.tags, chosen.context) == ("sums", ("arithmetic",), "Add up.")
    assert (free.query, free.answer) == ("1+1?", "2")


def test_natural_instructions_keep_definition_and_examples(tmp_path: Path) -> None:
    task = {
        "Definition": ["Add the numbers."], "Categories": ["Mathematics"],
        "Positive Examples": [{"input": "1 1", "output": "2", "explanation": "1+1"}], "Negative Examples": [],
        "Instances": [{"id": "task1-1", "input": "2 2", "output": ["4", "four"]}],
    }  # fmt: skip
    survey, (found,), _ = read(tmp_path / "task1.json", task)
    assert survey.shapes == (("natural instructions", 1),) and isinstance(found, Task)
    assert (found.query, found.answer, found.family) == ("2 2", "4", "Mathematics")
    assert found.context == "Add the numbers."
    assert found.turns == (("user", "Add the numbers.\n\n1 1"), ("assistant", "2"))


def test_columns_that_no_shape_has_are_named(tmp_path: Path) -> None:
    survey, (bad,), _ = read(tmp_path / "x.jsonl", '{"foo": "1", "bar": "2"}\n')
    assert survey.shapes == ((None, 1),)
    assert isinstance(bad, BadRow) and "The columns are: foo, bar" in bad.hint


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_NAMES = st.sampled_from([
    "messages", "conversations", "prompt", "completion", "label", "chosen", "rejected", "question", "answer",
    "choices", "options", "target_scores", "input", "inputs", "multiple_choice_targets", "targets",
    "multiple_choice_scores", "paragraphs", "earlier turns", "Definition", "role", "content", "tool_calls",
    "from", "value", "examples", "data", "Instances", "name",
])  # fmt: skip
_TURN = st.dictionaries(
    st.sampled_from(["role", "from", "content", "value", "tool_calls"]), _JSON, max_size=3
)


@given(rows=st.lists(st.dictionaries(_NAMES, _JSON | st.lists(_TURN, max_size=3), max_size=5), max_size=4))
def test_any_row_is_a_task_or_refused(
    rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    rows = [*rows, {"question": "Why?"}]
    survey, found, _ = read(path, "".join(json.dumps(row) + "\n" for row in rows))
    assert survey.rows == len(found) == len(rows)
