"""Choices beside the question become part of it, and the answer its letter; nothing is guessed by the row."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.formats.survey import Survey
from orca_desk.method.records import Task
from tests.formats.test_forms import read

GASES = ["oxygen", "carbon dioxide", "helium", "neon"]
ASKED = "Which?\n(A) oxygen\n(B) carbon dioxide\n(C) helium\n(D) neon"


def rows(*given: dict[str, Any]) -> tuple[list[Task], list[str], Survey]:
    tasks, bad, survey = read(
        "t.jsonl", "\n".join(json.dumps({"question": "Which?", **one}) for one in given)
    )
    return tasks, [row.what for row in bad], survey


@pytest.mark.parametrize(
    "row",
    [
        {"choices": GASES, "answer": 1},
        {"choices": GASES, "answer": "B"},
        {"choices": GASES, "answer": "(b)"},
        {"choices": GASES, "answer": "Carbon dioxide."},
        {"choices": GASES, "answer": "B. carbon dioxide"},
        {"choices": GASES, "answer": "1"},
        {"options": {"A": GASES[0], "B": GASES[1], "C": GASES[2], "D": GASES[3]}, "answer_idx": "B"},
        {"options": [f"{one}) {text}" for one, text in zip("ABCD", GASES, strict=True)], "correct": "B"},
        {"choices": {"text": GASES, "label": ["A", "B", "C", "D"]}, "answerKey": "B"},
        {"choices": {"text": GASES, "label": ["1", "2", "3", "4"]}, "answerKey": "2"},
        {"choices": [{"text": text, "label": str(n)} for n, text in enumerate(GASES, 1)], "answerKey": "2"},
        {"endings": GASES, "label": "1"},
        {"A": GASES[0], "B": GASES[1], "C": GASES[2], "D": GASES[3], "answer": "B"},
        {**{f"option_{n}": text for n, text in zip("abcd", GASES, strict=True)}, "answer": "option_b"},
        {**{f"option{n}": text for n, text in enumerate(GASES, 1)}, "answer": 2},
        {**{f"op{n}": text for n, text in zip("abcd", GASES, strict=True)}, "cop": 1},
        {"choices": json.dumps(GASES), "answer": "B"},
        {"choices": str(GASES), "answer": "B"},
        {"choices": "['oxygen' 'carbon dioxide'\n 'helium' 'neon']", "answer": "B"},
        {"choices": " | ".join(GASES), "answer": "B"},
        {"options": "a ) oxygen , b ) carbon dioxide , c ) helium , d ) neon", "correct": "b"},
        {"options": "A. oxygen\nB. carbon dioxide\nC. helium\nD. neon", "correct": "B"},
        {"options": [{letter: text} for letter, text in zip("ABCD", GASES, strict=True)], "correct": "B"},
    ],
)  # fmt: skip
def test_every_way_to_give_choices(row: dict[str, Any]) -> None:
    # A row that shows from where numbers count, where they are numbers
    shown = {name: 0 if value == 1 else "0" if value == "1" else value for name, value in row.items()}
    tasks, bad, survey = rows(row, shown)
    assert bad == []
    assert (tasks[0].query, tasks[0].answer, tasks[0].answer_kind) == (ASKED, "B", "choice")
    assert survey.unread == ()


def test_the_whole_file_says_from_where_numbers_count() -> None:
    for answers, letters, base, sure in (
        ([1, 4], ["A", "D"], "from 1", True),
        ([0, 1], ["A", "B"], "from 0", True),
        ([1, 2], ["B", "C"], "from 0", False),
    ):
        tasks, bad, survey = rows(*({"choices": GASES, "answer": answer} for answer in answers))
        assert ([task.answer for task in tasks], bad) == (letters, [])
        assert (survey.numbers, survey.sure) == (base, sure)
    tasks, bad, _ = rows({"choices": GASES, "answer": 0}, {"choices": GASES, "answer": 4}, *(
        {"choices": GASES, "answer": n} for n in (0, 1)
    ))  # fmt: skip
    assert [task.answer for task in tasks] == ["A", "A", "B"]
    assert bad == ["the answer '4' is not one of the 4 choices"]


def test_an_answer_that_is_the_text_of_a_choice_is_not_taken_for_its_number() -> None:
    tasks, _, _ = rows(
        {"choices": ["2", "3", "4"], "answer": "3"}, {"choices": ["1", "5", "7"], "answer": "7"}
    )
    assert [task.answer for task in tasks] == ["B", "C"]


def test_what_is_no_choice_is_refused_and_what_is_hidden_has_no_answer() -> None:
    tasks, bad, _ = rows(
        {"choices": GASES, "answer": "argon"},
        {"choices": GASES, "answer": -1},
        {"choices": [], "answer": "x"},
    )
    assert bad == ["the answer 'argon' is not one of the 4 choices"]
    assert [(task.query, task.answer) for task in tasks] == [(ASKED, None), ("Which?", "x")]


def test_options_that_the_question_names_are_not_added_again() -> None:
    query = f"{ASKED}\nAnswer with a letter."
    tasks, _, _ = rows({"question": query, "choices": GASES, "answer": "B"})
    assert tasks[0].query == query


def test_old_arc_rows_and_blank_options() -> None:
    row = {
        "question": {
            "stem": "Which?",
            "choices": [{"text": t, "label": n} for n, t in zip("ABCD", GASES, strict=True)],
        },
        "answerKey": "B",
    }
    tasks, _, _ = read("t.jsonl", json.dumps(row))
    assert (tasks[0].query, tasks[0].answer) == (ASKED, "B")
    tasks, _, _ = read("t.csv", "Question,A,B,C,D,Correct\nWho?,me,you,,they,D\n")
    assert (tasks[0].query, tasks[0].answer) == ("Who?\n(A) me\n(B) you\n(D) they", "D")


def test_columns_that_only_sound_like_choices_are_left_alone() -> None:
    tasks, bad, survey = read("t.csv", "question,a,b,answer\nWhat is 3 + 5?,3,5,8\nWhat is 1 + 1?,1,1,2\n")
    assert [(task.query, task.answer) for task in tasks] == [("What is 3 + 5?", "8"), ("What is 1 + 1?", "2")]
    assert (bad, survey.unread) == ([], ("a", "b"))
    tasks, bad, survey = rows({"options": {"temperature": 1}, "answer": "x"})
    assert ([task.query for task in tasks], bad, survey.unread) == (["Which?"], [], ("options",))


def test_columns_of_choices_can_be_named_or_left_alone() -> None:
    text = "Question,first,second,Correct\nWho?,me,you,you\n"
    tasks, _, survey = read("t.csv", text)
    assert (tasks[0].query, survey.unread) == ("Who?", ("first", "second"))
    tasks, _, _ = read("t.csv", text, mapping={"choices": "first, second"})
    assert (tasks[0].query, tasks[0].answer) == ("Who?\n(A) me\n(B) you", "B")
    tasks, _, survey = read("t.csv", "Question,A,B,Correct\nWho?,me,you,B\n", mapping={"choices": ""})
    assert (tasks[0].query, tasks[0].answer, survey.unread) == ("Who?", "B", ("A", "B"))


@given(
    st.lists(
        st.text(st.characters(categories=("L",)), min_size=2, max_size=8),
        min_size=2,
        max_size=8,
        unique_by=str.casefold,
    ),
    st.data(),
)
def test_any_choice_is_found_by_letter_number_and_text(options: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(options) - 1))
    letter = "ABCDEFGH"[place]
    texts = [option.strip() for option in options]
    for answer in (letter, texts[place], f"({letter})", f"{letter}. {texts[place]}"):
        tasks, bad, _ = rows({"choices": texts, "answer": answer})
        assert bad == []
        assert [task.answer for task in tasks] == [letter]
    numbered, _, _ = rows(*({"choices": texts, "answer": n} for n in (0, place)))
    assert numbered[1 if place else 0].answer == letter


def test_choices_that_say_themselves_which_is_right() -> None:
    options = [{"option": "neon", "is_correct": False}, {"option": "helium", "is_correct": True}]
    (task,), _, _ = rows({"options": options})
    assert (task.query, task.answer) == ("Which?\n(A) neon\n(B) helium", "B")
    _, bad, _ = rows({"options": options}, {"options": [{**one, "is_correct": True} for one in options]})
    assert bad == ["several choices are marked correct; a task has exactly one correct choice"]


def test_several_right_choices_are_refused_and_do_not_hide_the_choices() -> None:
    """Kahoot's headings explain themselves, and its questions may have several right answers."""
    header = {f"Answer {place} - max 75 characters": str(place + 2) for place in range(1, 5)}
    tasks, bad, _ = rows(
        {"question": "Which is 4?", **header, "Correct answer(s) - at least one": "2"},
        {"question": "Which are prime?", **header, "Correct answer(s) - at least one": "1,3"},
    )
    assert [(task.query, task.answer) for task in tasks] == [("Which is 4?\n(A) 3\n(B) 4\n(C) 5\n(D) 6", "B")]
    assert len(bad) == 1 and "names several choices" in bad[0]


@pytest.mark.parametrize("name", ["Antwort {}", "Réponse {}", "Opción {}", "选项{}", "選択肢{}"])
def test_choices_in_columns_with_other_names(name: str) -> None:
    row = {"question": "Which?", name.format("A"): "neon", name.format("B"): "helium", "correct": "B"}
    (task,), bad, _ = rows(row)
    assert (task.query, task.answer, bad) == ("Which?\n(A) neon\n(B) helium", "B", [])


def test_rows_with_choices_in_different_columns_keep_them() -> None:
    tasks, bad, survey = rows(
        {"choices": GASES, "answer": 1}, {"choices": GASES, "answer": 0}, {"options": GASES, "answer": "B"},
        {"A": GASES[0], "B": GASES[1], "C": GASES[2], "D": GASES[3], "answer": "B"},
    )  # fmt: skip
    assert (bad, survey.unread) == ([], ())
    assert [(task.query, task.answer) for task in tasks] == [(ASKED, one) for one in "BABB"]


def test_letters_without_choices_that_can_be_read_are_refused() -> None:
    tasks, bad, _ = rows(
        {"options": "see the picture", "answer": "B"}, {"options": "see above", "answer": "A"}
    )
    assert (tasks, bad) == ([], ["the choices are not a list"] * 2)
    tasks, bad, survey = rows({"option": "weekly", "answer": "Nine"})
    assert (len(tasks), bad, survey.unread) == (1, [], ("option",))
