"""The forms of files that people have: each row becomes a task, or a sentence says why not."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.errors import UserError
from orca_desk.formats.json_layout import SeveralListsError
from orca_desk.formats.layout import Asked
from orca_desk.formats.reading import TaskFile
from orca_desk.formats.rows import BadRow
from orca_desk.formats.survey import Survey
from orca_desk.method.records import Task


def read(name: str, text: str | bytes, **asked: Any) -> tuple[list[Task], list[BadRow], Survey]:
    """Read a file that is called `name`."""
    data = text.encode() if isinstance(text, str) else text
    file = TaskFile(io.BytesIO(data), Path(name), Asked(**asked))
    survey = file.survey()
    rows = list(file.rows())
    return (
        [row for row in rows if isinstance(row, Task)],
        [row for row in rows if isinstance(row, BadRow)],
        survey,
    )


def pairs(name: str, text: str | bytes, **asked: Any) -> list[tuple[str, str | None]]:
    """Read a file without bad rows; return questions and answers."""
    tasks, bad, _ = read(name, text, **asked)
    assert bad == []
    return [(task.query, task.answer) for task in tasks]


ROWS = [("a?", "1"), ("b?", "2")]
OBJECTS = [{"question": query, "answer": answer} for query, answer in ROWS]


@pytest.mark.parametrize("name", ["tasks.json", "tasks.jsonl", "tasks.txt", "The pasted text"])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "document",
    [
        OBJECTS,
        {"data": OBJECTS},
        {"canary": "x", "examples": OBJECTS},
        {"version": 1, "data": {"rows": OBJECTS}},
        {"q1": OBJECTS[0], "q2": OBJECTS[1]},
        {"features": [{"name": "question"}], "rows": [{"row_idx": 0, "row": one} for one in OBJECTS]},
    ],
    ids=["array", "wrapped", "bbh", "nested", "by key", "viewer"],
)
def test_one_json_document(name: str, indent: int | None, document: Any) -> None:
    assert pairs(name, json.dumps(document, indent=indent)) == ROWS
    assert pairs(name, "\ufeff" + json.dumps(document, indent=indent) + "\n") == ROWS


@pytest.mark.parametrize("between", ["\n", "\n\n", " ", "", "\n\ufeff"])
def test_json_values_one_after_the_other(between: str) -> None:
    for indent in (None, 4):
        text = between.join(json.dumps(one, indent=indent) for one in OBJECTS)
        assert pairs("tasks.jsonl", text) == ROWS


def test_an_array_on_each_line_and_an_array_of_questions() -> None:
    assert pairs("t.jsonl", "\n".join(json.dumps([one]) for one in OBJECTS)) == ROWS
    assert pairs("t.json", json.dumps(["a?", "b?"])) == [("a?", None), ("b?", None)]
    assert pairs("t.json", json.dumps([OBJECTS[0]])) == ROWS[:1]
    assert pairs("t.json", json.dumps(OBJECTS[0], indent=1)) == ROWS[:1]


def test_of_several_lists_splits_are_read_and_others_must_be_chosen() -> None:
    tasks, _, _ = read("t.json", json.dumps({"train": OBJECTS[:1], "test": OBJECTS[1:]}))
    assert [(task.query, task.split) for task in tasks] == [("a?", "train"), ("b?", "heldout")]
    text = json.dumps({"easy": OBJECTS[:1], "hard": OBJECTS[1:]})
    with pytest.raises(SeveralListsError, match=r"easy \(1\), hard \(1\)") as caught:
        read("t.json", text)
    assert caught.value.names == ("easy", "hard")
    assert pairs("t.json", text, rows_in="hard") == ROWS[1:]
    with pytest.raises(UserError, match="no list 'soft'"):
        read("t.json", text, rows_in="soft")


def test_a_list_gives_its_rows_the_split_of_its_name_and_a_wrong_name_is_refused() -> None:
    (task,), _, _ = read("t.json", json.dumps({"test": OBJECTS[:1]}))
    assert task.split == "heldout"
    for text in (json.dumps(OBJECTS), "\n".join(map(json.dumps, OBJECTS))):
        with pytest.raises(UserError, match="not a document with a list 'x'"):
            read("t.json", text, rows_in="x")


def test_a_fault_in_a_document_costs_its_own_row() -> None:
    text = '[\n{"question": "a?"},\n{"question": "b?",},\n5,\n{"question": "c?"}\n]'
    tasks, bad, _ = read("t.json", text)
    assert [task.query for task in tasks] == ["a?", "c?"]
    assert [(row.line, row.what.split(":")[0]) for row in bad] == [
        (3, "not valid JSON"),
        (4, "the row is not a JSON object"),
    ]
    tasks, bad, _ = read("t.json", '[{"question": "a?"}, {"question": "b?"')
    assert [task.query for task in tasks] == ["a?"]
    assert "the JSON ends before this value does" in bad[0].what


@given(
    st.lists(
        st.fixed_dictionaries(
            {"question": st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))},
            optional={"note": st.text(), "more": st.lists(st.dictionaries(st.text(), st.integers()))},
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([None, 1]),
    st.booleans(),
)
def test_rows_of_a_document_are_those_of_lines(
    rows: list[dict[str, Any]], indent: int, ascii_only: bool
) -> None:
    def texts(name: str, text: str) -> list[str]:
        tasks, bad, _ = read(name, text)
        return [*(task.query for task in tasks), *(row.what for row in bad)]

    lines = "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows)
    document = json.dumps({"data": rows}, indent=indent, ensure_ascii=ascii_only)
    assert sorted(texts("t.jsonl", lines)) == sorted(texts("t.json", document))


def test_lists_without_names_on_lines_are_refused() -> None:
    with pytest.raises(UserError, match="each row as a list, without the names"):
        read("t.jsonl", '["a?", "1"]\n["b?", "2"]\n')


def test_plain_lines_are_one_task_each() -> None:
    text = "What is 2 + 2?\nIf I have 3 apples, and eat 1, how many?\n\n[1] Why?\n{x} is?\n"
    expected = [(line, None) for line in text.split("\n") if line]
    for name in ("The pasted text", "questions.txt", "questions"):
        assert pairs(name, text) == expected
    assert pairs("questions.csv", "What is 2 + 2?\nWho are you, really?\n") == [
        ("What is 2 + 2?", None),
        ("Who are you, really?", None),
    ]


def test_lines_marked_as_questions_and_answers() -> None:
    text = "Q: What is 2 + 2?\nA: 4\n\nQ: Name two\nplanets.\nA: Mars\nand Venus\nQ: Why?\n"
    assert pairs("The pasted text", text) == [
        ("What is 2 + 2?", "4"),
        ("Name two\nplanets.", "Mars\nand Venus"),
        ("Why?", None),
    ]
    assert pairs("t.txt", "Question 1: a?\nAnswer 1: 1\nQuestion 2: b?\nAnswer 2: 2\n") == ROWS
    quiz = "Q1. Which gas?\nA. neon\nB. helium\nAnswer: B\n"
    assert pairs("t.txt", quiz) == [("Which gas?\n(A) neon\n(B) helium", "B")]
    assert pairs("t.txt", "Q: Who?\nA: Ann\nB: Bob\n") == [("Who?", "Ann\nB: Bob")]
    quiz = "Q: Which gas?\nA: neon\nB: helium\nAnswer: B\n"
    assert pairs("t.txt", quiz) == [("Which gas?\n(A) neon\n(B) helium", "B")]
    lines = [("Question: who is it?", None), ("Problem (1): why?", None)]
    assert pairs("t.txt", "Question: who is it?\nProblem (1): why?\n") == lines


def test_a_heading_before_marked_questions_is_refused_as_such() -> None:
    text = "Canary\n-----\n\nQ: a?\nA: Well.\nSo 1.\n\nQ: b?\nA: 2\n"
    tasks, bad, _ = read("cot.txt", text)
    assert [(task.query, task.answer) for task in tasks] == [("a?", "Well.\nSo 1."), ("b?", "2")]
    assert [row.what for row in bad] == ["the line stands before the first question"] * 2


def test_dialects_of_tables() -> None:
    assert pairs("t.csv", 'question,answer\n"He said \\"hi\\", no?",x\n') == [('He said "hi", no?', "x")]
    assert pairs("t.tsv", 'question\tanswer\n"Hello" he said?\tx\n') == [('"Hello" he said?', "x")]
    assert pairs("t.csv", "question\nWhich, 1 or 2?\nWhy?\n") == [("Which, 1 or 2?", None), ("Why?", None)]


def test_numbers_and_bullets_before_lines_are_no_part_of_the_questions() -> None:
    assert pairs("t.txt", "1. a?\n2. b, c, and d?\n") == [("a?", None), ("b, c, and d?", None)]
    assert pairs("The pasted text", "- a?\n\n- b?\n") == [("a?", None), ("b?", None)]
    assert pairs("t.txt", "3. a?\n7. b?\n") == [("3. a?", None), ("7. b?", None)]


AIKEN = "Which gas?\nA. neon\nB. helium\nANSWER: B\n\nWho?\nA) me\nB) you\nC) she\nAnswer: (C)\n"
NUMBERED = "1. Which gas?\n  a) neon\n *b) helium\n2) Who,\nnow?\n  a) me\n  b) you\n     two\n3. Why?\n"
EXPLAINED = (
    "1. Which gas?\nA. neon\nB. helium\n**Answer:** B\nExplanation: It is.\nSo.\n2. Who?\nA. me\nB. you\n"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (AIKEN, [("Which gas?\n(A) neon\n(B) helium", "B"), ("Who?\n(A) me\n(B) you\n(C) she", "C")]),
        (
            AIKEN.replace("\n\n", "\n"),
            [("Which gas?\n(A) neon\n(B) helium", "B"), ("Who?\n(A) me\n(B) you\n(C) she", "C")],
        ),
        (
            NUMBERED,
            [
                ("Which gas?\n(A) neon\n(B) helium", "B"),
                ("Who,\nnow?\n(A) me\n(B) you two", None),
                ("Why?", None),
            ],
        ),
        (EXPLAINED, [("Which gas?\n(A) neon\n(B) helium", "B"), ("Who?\n(A) me\n(B) you", None)]),
        (
            "a?\nA) 1\nB) 2\nb?\nA) 3\nB) 4\nKey: B) 4\n",
            [("a?\n(A) 1\n(B) 2", None), ("b?\n(A) 3\n(B) 4", "B")],
        ),
    ],
)
def test_questions_with_choices_below_them(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert pairs("quiz.txt", text) == expected
    assert pairs("The pasted text", text.replace("\n", "\r\n")) == expected


def test_a_key_below_all_questions_is_refused_and_prose_is_no_quiz() -> None:
    tasks, bad, _ = read("t.txt", "1. a?\n(A) 1\n(B) 2\n2. b?\n(A) 3\n(B) 4\n\nAnswer key: 1-A, 2-B\n")
    assert ([task.answer for task in tasks], len(bad)) == ([None], 1)
    assert "'1-A, 2-B' is not one of the 2 choices" in bad[0].what
    prose = "A. Smith wrote what?\nWhy is B. Jones famous?\n"
    assert pairs("t.txt", prose) == [(line, None) for line in prose.splitlines()]


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("Frage;Antwort;Kategorie", "cp1252"),
        ("Question;Réponse;Catégorie", "cp1252"),
        ("Pregunta;Respuesta correcta;Categoría", "utf-8"),
        ("Вопрос;Правильный ответ;Тема", "utf-8"),
        ("質問;答え;カテゴリ", "utf-8"),
        ("问题;答案;分类", "utf-8"),
        ("Question - max 120 characters;Answer(s) – one only;Topic:", "utf-8"),
    ],
)
def test_headings_in_other_languages_and_with_explanations(header: str, encoding: str) -> None:
    tasks, bad, survey = read("t.csv", f"{header}\r\nWie groß?;zwölf;Maß\r\n".encode(encoding))
    assert [(task.query, task.answer, task.family) for task in tasks] == [("Wie groß?", "zwölf", "Maß")]
    assert (bad, survey.unread) == ([], ())


def test_a_table_without_a_header_keeps_its_first_row() -> None:
    text = "What is 10 - 3?,7\nWhat is 10 - 4?,6\n"
    assert pairs("t.csv", text) == [("What is 10 - 3?", "7"), ("What is 10 - 4?", "6")]
    assert pairs("t.tsv", text.replace(",", "\t")) == [("What is 10 - 3?", "7"), ("What is 10 - 4?", "6")]
    assert pairs("t.csv", "Paris,France\nRome,Italy\n", header=False)[0] == ("Paris", "France")
    tasks, bad, _ = read("t.csv", "Paris,France\nRome,Italy\n")
    assert tasks == [] and "The columns are: Paris, France." in bad[0].hint and "--no-header" in bad[0].hint
    (first, _), _, _ = read("mmlu.csv", '"Which gas, now?",oxygen,carbon,neon,xenon,B\nWho?,a,b,c,d,A\n')
    assert first.query.endswith("(A) oxygen\n(B) carbon\n(C) neon\n(D) xenon") and first.answer == "B"


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;\r"])
def test_excels_line_names_the_separator(line: str) -> None:
    text = f"\ufeff{line}\nquestion;answer\nWhat is 2,5 + 2,5?;5\n"
    assert pairs("t.csv", text) == [("What is 2,5 + 2,5?", "5")]
    assert pairs("t.csv", "sep=\\t\nquestion\tanswer\na, b?\t1\n") == [("a, b?", "1")]


def test_headings_with_line_breaks_explanations_and_titles_above() -> None:
    form = 'Timestamp,"Question\n(one sentence)","Answer\r\n(one word)"\n1,Snow?,white\n'
    tasks, _, survey = read("t.csv", form)
    assert [(task.query, task.answer) for task in tasks] == [("Snow?", "white")]
    assert survey.unread == ("Timestamp",)
    assert pairs("t.csv", "My quiz\n\nQuestion (short),Answer [one]\na?,1\n") == [("a?", "1")]


def test_spaces_after_commas_and_a_repeated_header() -> None:
    assert pairs("t.csv", 'question, answer\n"What, a?", "b, c"\n') == [("What, a?", "b, c")]
    assert pairs("t.csv", '"question" , "answer" \n"What, a?" , "b, c" \n') == [("What, a?", "b, c")]
    joined = "question,answer\na?,1\n\ufeffquestion,answer\nb?,2"
    assert pairs("t.csv", joined) == ROWS
    assert pairs("t.csv", "question,answer\na?,1\ufeffquestion,answer\nb?,2") == ROWS


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_are_those_of_no_system(end: str) -> None:
    text = f'question,context{end}"How many{end}lines?","one{end}{end}two"{end}'
    (task,), _, _ = read("t.csv", text.encode())
    assert (task.query, task.context) == ("How many\nlines?", "one\n\ntwo")
    (composed,), _, _ = read("t.jsonl", json.dumps({"question": "Cafe\u0301?"}))
    assert composed.query == "Café?"


def test_a_table_in_markdown_is_one() -> None:
    text = "| Question | Answer |\n|---|:-:|\n| a? | 1 |\n| b? | 2 |\n"
    assert pairs("The pasted text", text) == ROWS


def test_ankis_headings_are_read() -> None:
    deck = (
        "#separator:tab\n#html:true\n#tags column:3\n"
        "What is the capital of <b>Japan</b>?\tTokyo\tgeo asia\n"
        'What is 5&nbsp;&lt;&nbsp;6?\t"true<br>(yes)"\tmath\n'
    )
    tasks, _, survey = read("deck.txt", deck)
    assert [(task.query, task.answer, task.tags) for task in tasks] == [
        ("What is the capital of Japan?", "Tokyo", ("geo", "asia")),
        ("What is 5 < 6?", "true\n(yes)", ("math",)),
    ]
    assert survey.unread == ()
    more = "#separator:Semicolon\n#html:false\n#notetype column:1\n#deck column:2\nBasic;Geo;a <b>?;c\n"
    (task,), _, survey = read("deck.txt", more)
    assert (task.query, task.answer, task.family, survey.unread) == ("a <b>?", "c", "Geo", ("Notetype",))
    named = "#separator:;\n#columns:Extra;Front;Back\nx;a?;1\n"
    assert pairs("deck.txt", named) == [("a?", "1")]


def turns(*said: str, role: str = "role", text: str = "content") -> list[dict[str, str]]:
    names = ("user", "assistant") if role == "role" else ("human", "gpt")
    return [{role: names[place % 2], text: one} for place, one in enumerate(said)]


@pytest.mark.parametrize(
    "row",
    [
        {"messages": turns("a?", "1")},
        {"messages": [{"role": "system", "content": "Be brief."}, *turns("a?", "1")]},
        {"conversations": turns("a?", "1", role="from", text="value")},
        {"conversation": turns("a?", "1")},
        {"prompt": turns("a?"), "completion": [{"role": "assistant", "content": "1"}]},
        {"prompt": turns("a?"), "chosen": [{"role": "assistant", "content": "1"}], "rejected": turns("x")},
        {"prompt": "a?", "completion": "1"},
        {"input": [{"role": "developer", "content": "x"}, *turns("a?")], "ideal": "1"},
        {"input": turns("a?"), "ideal": ["1"]},
        {"messages": [{"role": "User", "content": [{"type": "text", "text": "a?"}]}], "answer": "1"},
        {"messages": json.dumps(turns("a?", "1"))},
    ],
)
def test_conversations(row: dict[str, Any]) -> None:
    assert pairs("t.jsonl", json.dumps(row)) == [("a?", "1")]


def test_earlier_turns_are_kept_and_what_no_task_is_is_refused() -> None:
    (task,), _, _ = read("t.jsonl", json.dumps({"messages": turns("Hello", "Hi", "a?", "1")}))
    assert (task.query, task.context, task.answer) == ("a?", "", "1")
    assert task.turns == (("user", "Hello"), ("assistant", "Hi"))
    rows = [
        {"messages": [{"role": "tool", "content": "x"}]},
        {"messages": [{"role": "assistant", "content": "x"}]},
    ]
    _, bad, _ = read("t.jsonl", "\n".join(map(json.dumps, rows)))
    assert ["no turn by a user" in one.what for one in bad] == [True, True]


@pytest.mark.parametrize("blank", [None, "", " ", "\n", "<noinput>", "NaN", "null", "None", "N/A"])
def test_a_blank_input_is_no_context(blank: str | None) -> None:
    row = {"instruction": "  Name it. \n", "input": blank, "output": " Oslo \n"}
    (task,), _, _ = read("t.jsonl", json.dumps(row))
    assert (task.query, task.context, task.user_text, task.answer) == ("Name it.", "", "Name it.", "Oslo")


@pytest.mark.parametrize("missing", ["", "nan", "NaN", "null", "#N/A", "<NA>"])
def test_a_missing_answer_is_none(missing: str) -> None:
    assert pairs("t.csv", f"question,answer\na?,{missing}\nb?,None\n") == [("a?", None), ("b?", "None")]
    assert pairs("t.jsonl", '{"question": "a?", "answer": NaN}') == [("a?", None)]


@pytest.mark.parametrize(
    "name",
    [
        "answer", "target", "correct", "Correct answer", "correct_answer", "key", "answerKey", "gold",
        "label", "output", "solution", "ideal", "ground_truth", "final_answer", "expected_output", "Back",
        "A", "reference",
    ],
)  # fmt: skip
def test_answers_under_other_names(name: str) -> None:
    assert pairs("t.csv", f"question,{name}\na?,one\n") == [("a?", "one")]


def test_answers_in_lists_and_behind_their_working() -> None:
    rows = [
        {"question": "a?", "answers": {"text": ["Paris", "Paris"], "answer_start": [1, 2]}},
        {"question": "a?", "answers": ["x", "y"]},
        {"question": "a?", "answers": []},
        {"question": "a?", "answers": "3 + 3 = 6\n#### 6"},
        {"question": "a?", "answers": "<think>hm</think>\n\n7"},
        {"question": "a?", "answers": "So $x = \\boxed{\\frac{1}{2}}$, as said."},
    ]
    file = TaskFile(io.BytesIO("\n".join(map(json.dumps, rows)).encode()), Path("t.jsonl"), Asked())
    answers = [row.answer for row in file.rows() if isinstance(row, Task)]
    assert answers == ["Paris", "x", None, "6", "7", "\\frac{1}{2}"]
    assert file.reader.notes["several answers"] == 1


def test_a_key_that_counts_the_rows_is_no_answer() -> None:
    (task, _), _, survey = read("t.csv", "key,prompt\n1,a?\n2,b?\n")
    assert (task.query, task.answer, survey.unread) == ("a?", None, ("key",))


def test_letters_that_were_lost_before_are_counted() -> None:
    file = TaskFile(io.BytesIO("question,answer\nCaf\ufffd?,1\nCafé?,2\n".encode()), Path("t.csv"), Asked())
    assert len(list(file.rows())) == 2
    assert file.reader.notes["damaged"] == 1


def test_unfitting_split_and_kind_columns_are_left_aside() -> None:
    tasks, bad, survey = read("t.csv", "question,answer,kind,set,type,subset\na?,1,open,A,mc,algebra\n")
    assert [(task.family, task.split, task.answer_kind) for task in tasks] == [("algebra", "train", None)]
    assert (bad, survey.unread) == ([], ("kind", "set", "type"))
    tasks, _, survey = read("t.csv", "question,split\na?,validation_matched\nb?,train\nc?,Held-out\n")
    assert [task.split for task in tasks] == ["heldout", "train", "heldout"]
    file = TaskFile(io.BytesIO(b"question,split\na?,test\nb?,odd\n"), Path("t.csv"), Asked())
    assert [task.split for task in file.rows() if isinstance(task, Task)] == ["heldout", "train"]
    assert file.reader.notes["splits"] == 1


def test_conversations_without_roles_and_prompts_beside_them() -> None:
    """LIMA's are lists of texts; UltraChat repeats the first question as a prompt."""
    assert pairs("t.jsonl", json.dumps({"conversations": ["a?", "1"]})) == [("a?", "1")]
    row = {"prompt": "a?", "messages": turns("a?", "1", "b?", "2")}
    (task,), _, survey = read("t.jsonl", json.dumps(row))
    assert (task.query, task.turns, task.answer) == ("b?", (("user", "a?"), ("assistant", "1")), "2")
    assert survey.unread == ("prompt",)
    assert pairs("t.jsonl", json.dumps({"problem": "a?", "answer": "3", "messages": turns("x", "1")})) == [
        ("a?", "3")
    ]


def test_messages_of_a_tree_and_columns_that_hold_objects() -> None:
    """A row that is a single message is a task only if a user asks; `labels` are not tags there."""
    rows = [
        {"text": "Why?", "role": "prompter", "labels": {"name": ["spam"]}, "category": ["x"]},
        {"text": "Therefore.", "role": "assistant", "labels": {"name": ["spam"]}, "category": ["x"]},
    ]
    tasks, bad, survey = read("t.jsonl", "\n".join(map(json.dumps, rows)))
    assert [(task.query, task.tags, task.family) for task in tasks] == [("Why?", (), "general")]
    assert [row.what for row in bad] == ["the row is a reply in a conversation, not a question"]
    assert survey.unread == ("role", "labels", "category") and survey.aside == ()
    (task,), _, _ = read("t.jsonl", json.dumps({"question": {"text": "a?", "tokens": ["a"]}}))
    assert task.query == "a?"


def test_a_passage_or_premise_is_the_context() -> None:
    row = {"Body": "Each pack costs 76.", "Question": "What do two cost?", "Answer": 152.0}
    (task,), _, _ = read("t.jsonl", json.dumps(row))
    assert (task.context, task.query, task.answer) == ("Each pack costs 76.", "What do two cost?", "152.0")


def test_aliases_of_an_answer_are_counted() -> None:
    rows = [{"question": "a?", "answer": {"value": "x", "aliases": ["X", other]}} for other in ("x", "y")]
    file = TaskFile(io.BytesIO("\n".join(map(json.dumps, rows)).encode()), Path("t.jsonl"), Asked())
    assert [row.answer for row in file.rows() if isinstance(row, Task)] == ["x", "x"]
    assert file.reader.notes["several answers"] == 1


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize(
    "document",
    [
        {"question": ["a?", "b?"], "answer": ["1", "2"]},
        {"question": {"0": "a?", "1": "b?"}, "answer": {"0": "1", "1": "2"}},
        {"columns": ["question", "answer"], "index": [0], "data": [["a?", "1"]]},
    ],
)
def test_a_document_by_columns_is_refused_with_what_to_do(document: Any, indent: int | None) -> None:
    with pytest.raises(UserError, match="a list for each column") as caught:
        read("t.json", json.dumps(document, indent=indent))
    assert "records" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.txt", "<?xml version='1.0'?>\n<quiz><question>a?</question></quiz>\n"),
        ("t.html", "<!DOCTYPE html>\n<html>\n<body>a?</body></html>\n"),
        ("t.yaml", "- question: a?\n  answer: 1\n"),
    ],
)
def test_markup_is_no_list_of_questions(name: str, text: str) -> None:
    with pytest.raises(UserError, match="is markup"):
        read(name, text)


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ([{"question": "a?", "label": 0}, {"question": "b?", "label": 1}], "label"),
        ([{"question": "a?", "label": 0}, {"question": "b?", "label": "no"}], ""),
        ([{"question": "a?", "answer": 0}, {"question": "b?", "answer": 1}], ""),
        ([{"question": "a?", "choices": ["x", "y"], "label": 0}], ""),
    ],
)
def test_labels_that_only_count_classes_are_noticed(rows: list[dict[str, Any]], column: str) -> None:
    """BoolQ in SuperGLUE answers with 0 and 1, which no model says for no and yes."""
    _, _, survey = read("t.jsonl", "\n".join(map(json.dumps, rows)))
    assert survey.classes == column


@pytest.mark.parametrize(
    "text",
    [
        "Frage: a?\nAntwort: 1\nFrage: b?\nAntwort: 2\n",
        "问：a?\n答：1\n问：b?\n答：2\n",
        "1. Q: a?\n   A: 1\n2. Q: b?\n   A: 2\n",
        "**Question:** a?\n**Answer:** 1\n\n**Question:** b?\n**Answer:** 2\n",
        "User: a?\nAssistant: 1\nUser: b?\nAssistant: 2\n",
        "a? Answer: 1\nb? (answer: 2)\n",
        "Question: a? Answer: 1\nQuestion: b? Answer: 2\n",
        "a? - 1\nb? -> 2\n",
    ],
)
def test_answers_beside_and_below_their_questions(text: str) -> None:
    """Read as a question a line, the answer would be a task of its own, or stand in its question."""
    assert pairs("t.txt", text) == ROWS


def test_headings_of_markdown_are_no_questions() -> None:
    tasks, bad, _ = read("t.md", "# Quiz\n\n- a?\n- b?\n")
    assert ([task.query for task in tasks], [row.what for row in bad]) == (
        ["a?", "b?"], ["the line is a heading"],
    )  # fmt: skip
    assert pairs("t.md", "## a?\n## b?\n") == [("a?", None), ("b?", None)]


def test_turns_of_the_user_alone_are_no_conversation() -> None:
    _, bad, _ = read("t.jsonl", json.dumps({"turns": ["Write a blog.", "Rewrite it."], "reference": ["x"]}))
    assert "'turns' is a list" in bad[0].what


def test_a_subset_that_is_a_split_and_errors_of_excel() -> None:
    tasks, _, _ = read("t.csv", "question,answer,subset\na?,1,test\nb?,#REF!,train\n")
    assert [(task.split, task.family, task.answer) for task in tasks] == [
        ("heldout", "general", "1"), ("train", "general", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "A. x" + " " * 200_000 + "y",
        "q\nA. x\nB. y\nAnswer" + " " * 200_000 + "z\n",
        "? " * 100_000,
        "(" * 200_000,
    ],
    ids=["spaces", "key", "marks", "brackets"],
)
def test_hostile_lines_take_no_time(text: str) -> None:
    """Patterns that look for the end of a text took hours for these."""
    tasks, bad, _ = read("t.txt", text)
    assert len(tasks) + len(bad) == 1
