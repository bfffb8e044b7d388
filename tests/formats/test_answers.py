"""Rows of answers as the tools write them, and what is said of rows that are none."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from task_files import read_tasks

from orca_desk.errors import UserError
from orca_desk.formats.answer_rows import AnsweredRow, AnswerReader
from orca_desk.formats.answers import AnswerFile, AnswersAsked
from orca_desk.formats.layout import Asked
from orca_desk.formats.rows import BadRow, Row
from orca_desk.method.records import Task

SYSTEM = "Think step by step."


def answer_file(text: str, name: str = "rows.jsonl", **asked: Any) -> AnswerFile:
    return AnswerFile(io.BytesIO(text.encode()), Path(name), AnswersAsked(**asked))


def read(*rows: dict[str, Any], **asked: Any) -> list[AnsweredRow | BadRow]:
    return list(answer_file("".join(json.dumps(row) + "\n" for row in rows), **asked).rows())


def read_one(row: dict[str, Any], **asked: Any) -> AnsweredRow:
    (one,) = read(row, **asked)
    assert isinstance(one, AnsweredRow), one
    return one


TURNS = [
    {"role": "system", "content": SYSTEM},
    {"role": "user", "content": "What is 2+2?"},
    {"role": "assistant", "content": "4"},
]
SHAPES: dict[str, dict[str, Any]] = {
    "OpenOrca": {"id": "cot.1", "system_prompt": SYSTEM, "question": "What is 2+2?", "response": "4"},
    "messages": {"messages": TURNS},
    "messages as text": {"messages": json.dumps(TURNS)},
    "system beside messages": {"system": SYSTEM, "messages": TURNS[1:]},
    "ShareGPT": {
        "conversations": [
            {"from": "system", "value": SYSTEM},
            {"from": "human", "value": "What is 2+2?"},
            {"from": "gpt", "value": "4"},
        ]
    },
    "ShareGPT, system beside": {
        "system": SYSTEM,
        "conversations": [{"from": "human", "value": "What is 2+2?"}, {"from": "gpt", "value": "4"}],
    },
    "LLaMA-Factory's Alpaca": {"instruction": "What is 2+2?", "input": "", "output": "4", "system": SYSTEM},
    "distilabel": {
        "instruction": "What is 2+2?",
        "generation": "4",
        "model_name": "teacher",
        "distilabel_metadata": {"raw_input_text_generation_0": TURNS[:2]},
    },
    "distilabel with its prompt": {"system_prompt": SYSTEM, "instruction": "What is 2+2?", "generation": "4"},
    "prompt and completion lists": {"prompt": TURNS[:2], "completion": TURNS[2:]},
    "Orca Desk's training records": {
        "id": "0" * 32, "system": SYSTEM, "user": "What is 2+2?", "assistant": "4", "family": "sums",
        "strategy": "direct", "task_id": "1" * 32,
    },
    "Orca Desk's list of records": {
        "record": {"system": SYSTEM, "user": "What is 2+2?", "response": "4", "provenance": {}},
        "verdict": None,
    },
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_each_tool_writes_the_same_row_in_its_own_shape(shape: str) -> None:
    row = read_one(SHAPES[shape])
    assert (row.system, row.user_text, row.response) == (SYSTEM, "What is 2+2?", "4")


def test_a_run_of_kiln_names_its_model() -> None:
    output = {"output": "4", "source": {"properties": {"model_name": "llama"}}}
    row = read_one({"input": "What is 2+2?", "output": output})
    assert (row.query, row.response, row.model, row.system) == ("What is 2+2?", "4", "llama", "")


def test_alpacas_instruction_is_the_question_or_the_system_message() -> None:
    row = {"instruction": "Translate.", "input": "Guten Tag", "output": "Good day"}
    assert read_one(row).user_text == "Guten Tag\n\nTranslate."
    turned = read_one(row, instruction_is_system=True)
    assert (turned.system, turned.user_text) == ("Translate.", "Guten Tag")


def test_a_long_conversation_gives_its_last_answer() -> None:
    more = [{"role": "user", "content": "And 3+3?"}, {"role": "assistant", "content": "6"}]
    file = answer_file(json.dumps({"messages": [*TURNS, *more]}))
    (row,) = file.rows()
    assert isinstance(row, AnsweredRow)
    assert (row.query, row.response, row.system) == ("And 3+3?", "6", SYSTEM)
    assert (row.context, row.turns) == ("", (("user", "What is 2+2?"), ("assistant", "4")))
    assert file.reader.notes["earlier turns"] == 1


def test_reference_model_and_finish_reason_are_told_apart_from_the_answer() -> None:
    row = read_one({
        "system": SYSTEM, "question": "2+2?", "response": "It is 4", "answer": "4", "model": "m",
        "category": "sums", "finish_reason": "length",
    })  # fmt: skip
    assert (row.response, row.answer, row.model, row.family, row.finish_reason) == (
        "It is 4", "4", "m", "sums", "length",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "reference"),
    [("So 6 x 3 = 18.\n#### 18", "18"), (4, "4"), (1.50, "1.5"), (True, "true"), (None, None), ("", None)],
)
def test_a_reference_is_read_as_the_import_of_tasks_does(given: Any, reference: str | None) -> None:
    row = {"question": "2+2?", "response": "It is 4", "answer": given}
    assert read_one(row).answer == reference
    (task,) = read_tasks(io.BytesIO(json.dumps({"question": "2+2?", "answer": given}).encode()))
    assert isinstance(task, Task)
    assert task.answer == reference


def test_a_reference_that_is_no_text_is_told() -> None:
    row = {"question": "2+2?", "response": "It is 4"}
    references = (["4", "four"], ["4"], {"text": "4"}, {"sum": 4}, [{"sum": 4}], None, "4")
    file = answer_file("\n".join(json.dumps({**row, "answer": one}) for one in references))
    rows = [one for one in file.rows() if isinstance(one, AnsweredRow)]
    assert [one.answer for one in rows] == ["4", "4", "4", None, None, None, "4"]
    assert file.reader.notes["more references"] == 1
    assert file.reader.notes["unread references"] == 2


def test_further_texts_of_the_assistant_are_told() -> None:
    file = answer_file(json.dumps({"messages": [*TURNS, {"role": "assistant", "content": "Or 5."}]}))
    (row,) = file.rows()
    assert isinstance(row, AnsweredRow)
    assert (row.response, file.reader.notes["more answers"]) == ("4", 1)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"system": SYSTEM, "question": "2+2?"}, "there is no column with the answer"),
        ({"system": SYSTEM, "response": "4"}, "there is no column with the question"),
        ({"system": SYSTEM, "question": "2+2?", "response": " "}, "'response' gives no answer"),
        ({"messages": TURNS[:2]}, "'messages' gives no answer"),
        ({"messages": TURNS[:1]}, "the conversation has no turn by a user"),
        ({"messages": "no turns"}, "'messages' is not a list of turns with a role and a text"),
        ({"messages": [*TURNS, {"role": "tool", "content": "x"}]}, "'messages' gives no answer"),
        (
            {"messages": [*TURNS, {"role": "narrator", "content": "x"}]},
            "the conversation has a turn by 'narrator', which is neither user nor assistant",
        ),
        ({"question": ["a"], "response": "4"}, "'question' is not text"),
        ({"question": "a\0b", "response": "4"}, "'question' contains a NUL character"),
    ],
)
def test_a_row_that_is_no_answer_is_refused_with_its_reason(row: dict[str, Any], what: str) -> None:
    good, bad = read(SHAPES["OpenOrca"], row)
    assert isinstance(good, AnsweredRow)
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.what) == (2, what)


def test_an_answer_that_shows_a_prompt_is_kept_whole() -> None:
    prompt = "[INST] Write a poem [/INST]"
    assert read_one({"question": "Show a prompt", "response": prompt}).response == prompt


def test_a_table_and_a_document_are_read_like_lines() -> None:
    table = 'system_prompt,question,response\nBe short.,"2+2,\nor 3?",4\n'
    (row,) = answer_file(table, "rows.csv").rows()
    assert isinstance(row, AnsweredRow)
    assert (row.system, row.query, row.response) == ("Be short.", "2+2,\nor 3?", "4")
    document = json.dumps({"total": 1, "records": [SHAPES["Orca Desk's list of records"]]})
    (row,) = answer_file(document, "records.json").rows()
    assert isinstance(row, AnsweredRow)
    assert row.system == SYSTEM


def test_columns_can_be_chosen_and_left_out() -> None:
    row = {"s": SYSTEM, "q": "2+2?", "text": "4", "system": "ignored"}
    found = read_one(row, mapping={"system": "s", "query": "q", "response": "text"})
    assert (found.system, found.query, found.response) == (SYSTEM, "2+2?", "4")
    assert read_one(SHAPES["OpenOrca"], mapping={"system": ""}).system == ""
    with pytest.raises(UserError, match="no field 'split'"):
        read(row, mapping={"split": "s"})


def test_the_survey_counts_rows_columns_and_messages() -> None:
    rows = [*[SHAPES["OpenOrca"]] * 3, {"question": "Q", "response": "A"}, {"question": "Q"}]
    survey = answer_file("".join(json.dumps(row) + "\n" for row in rows)).survey()
    assert (survey.rows, survey.good) == (5, 4)
    assert survey.messages == {(SYSTEM, ""): 3, ("", ""): 1}
    assert survey.unread == ("id",)


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        (SHAPES["OpenOrca"], True),
        (SHAPES["distilabel"], True),
        (SHAPES["messages"], True),
        ({"query": "2+2?", "answer": "4"}, False),
        ({"messages": TURNS[1:]}, False),
        ({"instruction": "2+2?", "input": "", "output": "4"}, False),
    ],
)
def test_a_file_of_answers_is_told_from_one_of_tasks(row: dict[str, Any], holds: bool) -> None:
    assert answer_file(json.dumps(row) + "\n").holds_answers() is holds


def test_a_file_can_be_read_in_another_encoding() -> None:
    text = json.dumps({"question": "Was heißt süß?", "response": "sweet"}, ensure_ascii=False)
    stream = io.BytesIO(text.encode("cp1252"))
    (row,) = AnswerFile(stream, Path("r.jsonl"), AnswersAsked(file=Asked(encoding="cp1252"))).rows()
    assert isinstance(row, AnsweredRow)
    assert row.query == "Was heißt süß?"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from([
    "system", "system_prompt", "question", "input", "response", "output", "messages", "conversations",
    "record", "distilabel_metadata", "answer", "model_name", "generations",
])  # fmt: skip


@given(rows=st.lists(st.dictionaries(NAMES, VALUES, min_size=1, max_size=5), min_size=1, max_size=5))
def test_every_row_is_an_answer_or_refused_whatever_it_holds(rows: list[dict[str, Any]]) -> None:
    reader = AnswerReader()
    for line, values in enumerate(rows, 1):
        one = reader.read(Row(line=line, values=values))
        if isinstance(one, AnsweredRow):
            assert one.query.strip()
            assert one.response.strip()
