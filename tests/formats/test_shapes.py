"""The published shapes of data sets, each in a row or two as its publisher writes them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.formats.json_documents import holds_rows
from orca_desk.formats.layout import Asked
from orca_desk.formats.reading import TaskFile
from orca_desk.formats.rows import BadRow
from orca_desk.formats.shapes import Shape
from orca_desk.formats.survey import Survey
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
    ("KTO", {"prompt": "2+2?", "completion": "5", "label": 0}, ("", "2+2?", None)),
    ("KTO", {"prompt": "2+2?", "response": "5", "label": "false"}, ("", "2+2?", None)),
    ("KTO", {"prompt": "2+2?", "response": "4", "label": True}, ("", "2+2?", "4")),
    ("KTO", {"messages": TURNS, "label": True}, ("", "What is 2+2?", "4")),
    ("KTO", {"messages": TURNS, "kto_tag": False}, ("", "What is 2+2?", None)),
    ("preference", {"prompt": "2+2?", "chosen": BOT, "rejected": {**BOT, "content": "5"}}, ("", "2+2?", "4")),
    ("preference", {"question": "2+2?", "chosen_response": "4", "rejected_response": "5"}, ("", "2+2?", "4")),
    (
        "preference",
        {"input": {"messages": [USER], "tools": []}, "preferred_output": [BOT],
         "non_preferred_output": [{**BOT, "content": "5"}]},
        ("", "What is 2+2?", "4"),
    ),
    ("ShareGPT", {"conversations": [{"from": "human", "value": "Hi?"}]}, ("", "Hi?", None)),
    ("messages", {"conversations": [["human", "Hi?"], ["gpt", "Ho"]]}, ("", "Hi?", "Ho")),
    ("messages", {"conversations": [{"human": "Hi?", "assistant": "Ho"}]}, ("", "Hi?", "Ho")),
    ("messages", {"body": {"model": "m", "messages": [USER]}, "url": "/v1"}, ("", "What is 2+2?", None)),
    (
        "natural instructions",
        {"task_name": "t1", "definition": "Add.", "inputs": "2 2", "targets": "4"}, ("Add.", "2 2", "4"),
    ),
    (
        "SQuAD",
        {"context": "In Normandy.", "question": "Where?", "answers": [{"text": "Normandy"}]},
        ("In Normandy.", "Where?", "Normandy"),
    ),
    ("MATH", {"problem": "$2+2$?", "solution": "It is $\\fbox{4}$."}, ("", "$2+2$?", "4")),
    ("MATH", {"problem": "$2+2$?", "solution": "It is $\\boxed 4$."}, ("", "$2+2$?", "4")),
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


INST = "What does [INST] hello [/INST] mean?"
LIKE: list[tuple[list[dict[str, Any]], list[tuple[str, str | None]]]] = [
    ([{"question": INST, "answer": "A turn"}], [(INST, "A turn")]),
    ([{"question": f"{HUMAN}4, or so?", "answer": "What?"}], [(f"{HUMAN}4, or so?".strip(), "What?")]),
    ([{"question": "2+2?", "chosen": "So: 4", "rejected": "5", "answer": "4"}], [("2+2?", "4")]),
    ([{"question": "Score?", "win": "Ann", "lose": "Bob", "answer": "3:1"}], [("Score?", "3:1")]),
    ([{"prompt": "Hi?", "completion": "Ho", "label": one} for one in (0, 1, 2)], [("Hi?", "Ho")] * 3),
    ([{"question": "Who?", "paragraphs": [{"title": "instances"}], "answer": "Ann"}], [("Who?", "Ann")]),
    ([{"prompt": HUMAN, "chosen": " 4", "rejected": " 5"}], [("What is 2+2?", "4")]),
    ([{"question": "Seat?", "answer1": "Amsterdam", "answer2": "The Hague"}], [("Seat?", None)]),
]


@pytest.mark.parametrize(("rows", "wanted"), LIKE)
def test_rows_that_only_look_like_those_of_a_shape(
    rows: list[dict[str, Any]], wanted: list[tuple[str, str | None]], tmp_path: Path
) -> None:
    _, tasks, _ = read(tmp_path / "rows.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    assert [(task.query, task.answer) for task in tasks if isinstance(task, Task)] == wanted


def test_thoughts_in_parts_are_no_answer_and_are_counted(tmp_path: Path) -> None:
    parts = [{"type": "thinking", "thinking": "Two"}, {"type": "text", "text": "4"}]
    rows = [
        {"messages": [USER, {"role": "assistant", "content": parts}]},
        {
            "messages": [
                USER,
                {"role": "assistant", "content": [{"type": "reasoning", "text": "Two"}, parts[1]]},
            ]
        },
        {"question": "2+2?", "answer": "<think>Two</think>\n4"},
        {"messages": [USER, {**BOT, "content": "<think>Two</think>4", "reasoning_content": "Two"}]},
    ]
    _, tasks, file = read(tmp_path / "t.jsonl", "\n".join(map(json.dumps, rows)))
    assert [getattr(task, "answer", "") for task in tasks] == ["4"] * 4
    assert file.reader.notes["thoughts"] == 4


def test_what_a_model_may_call_is_kept_as_text(tmp_path: Path) -> None:
    use = {"type": "tool_use", "id": "1", "name": "add", "input": {"a": 2}}
    result = {"type": "tool_result", "tool_use_id": "1", "content": [{"type": "text", "text": "4"}]}
    turns = [USER, {"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}, BOT]
    row = {"messages": turns, "tools": [{"name": "add"}]}
    survey, (task,), file = read(tmp_path / "t.jsonl", json.dumps(row) + "\n")
    assert isinstance(task, Task)
    assert (task.context, task.query) == ('Tools: [{"name": "add"}]', "Tool result: 4")
    assert task.turns[1] == ("assistant", 'Tool call: {"name": "add", "arguments": {"a": 2}}')
    assert (survey.unread, file.reader.notes["tools"]) == ((), 1)


def test_a_verdict_that_is_read_is_not_told_as_unread(tmp_path: Path) -> None:
    survey, _, _ = read(tmp_path / "k.csv", "prompt,completion,label\na?,x,True\nb?,y,False\n")
    assert survey.unread == ()
    survey, (task,), _ = read(tmp_path / "k.csv", "prompt,completion,label\na?,x,good\n")
    assert (survey.unread, getattr(task, "answer", "")) == (("label",), "x")
    survey, (task,), _ = read(
        tmp_path / "k.jsonl", json.dumps({"question": "a?", "response": "x", "label": "B"})
    )
    assert getattr(task, "answer", "") == "B"  # a label that is no verdict


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
    assert isinstance(bad, BadRow) and "a part of type 'image_url'" in bad.what
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


def test_paragraphs_of_squad_on_lines_keep_their_text(tmp_path: Path) -> None:
    asked = [{"question": "Where?", "answers": [{"text": "Here"}]}]
    paragraph = {"context": "Here.", "qas": asked}
    for rows in ([paragraph], [{"title": "A", "paragraphs": [paragraph]}] * 2):
        _, (task, *_), _ = read(tmp_path / "dev.jsonl", "\n".join(map(json.dumps, rows)))
        assert isinstance(task, Task)
        assert (task.context, task.query, task.answer) == ("Here.", "Where?", "Here")


def test_the_instances_of_an_instruction_are_a_task_each(tmp_path: Path) -> None:
    made = {
        "instruction": "Add.",
        "instances": [{"input": "1 1", "output": "2"}, {"input": "", "output": "0"}],
    }
    _, tasks, _ = read(tmp_path / "seed.jsonl", json.dumps(made) + "\n")
    assert [(one.query, one.context, one.answer) for one in tasks if isinstance(one, Task)] == [
        ("Add.", "1 1", "2"), ("Add.", "", "0"),
    ]  # fmt: skip


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
    "from", "value", "examples", "data", "Instances", "name", "qas", "instances", "instruction", "tools",
    "body", "kto_tag", "response", "definition",
])  # fmt: skip
_TURN = st.dictionaries(
    st.sampled_from(["role", "from", "content", "value", "tool_calls"]), _JSON, max_size=3
)


@given(rows=st.lists(st.dictionaries(_NAMES, _JSON | st.lists(_TURN, max_size=3), max_size=5), max_size=4))
def test_any_row_is_a_task_or_refused(
    rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    rows = [*(row for row in rows if not holds_rows(row)), {"question": "Why?"}]
    survey, found, _ = read(path, "".join(json.dumps(row) + "\n" for row in rows))
    assert survey.rows == len(found) == len(rows)
