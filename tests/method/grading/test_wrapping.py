"""What surrounds an answer does not change its verdict, and a verdict shows what was read."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.method.grading import KINDS, grade
from orca_desk.method.grading.folding import same_reading
from orca_desk.method.records import AnswerKind
from orca_desk.ui.words.grading import verdict_reason

NAMES = st.text(alphabet=string.ascii_lowercase, min_size=4, max_size=9).map("Q{}".format)
ANSWERS: dict[AnswerKind, st.SearchStrategy[tuple[str, str]]] = {
    "number": st.tuples(*[st.integers(2, 10**6).map(str)] * 2),
    "choice": st.tuples(*[st.sampled_from("BCDEFGH").map("({})".format)] * 2),
    "text": st.tuples(NAMES, NAMES),
    "ordering": st.permutations(["red", "green", "blue"]).map(
        lambda items: ("red, green, blue", ", ".join(items))
    ),
}
WRAPPINGS = [
    "**{}**",
    "`{}`",
    "```\n{}\n```",
    '"{}"',
    "\\boxed{{{}}}",
    "$\\boxed{{\\text{{{}}}}}$",
    "<answer>{}</answer>",
    "<think>Answer: 1, or A, or Qxxxx.</think>\n{}",
    "Answer: {}",
    "**Answer:** {}",
    "**Answer: {}**",
    "The answer is {}.",
    "## Final answer\n\n{}",
    "Die Antwort lautet {}.",
    "La réponse est {}.",
    "La respuesta correcta es {}.",
    "Ответ: {}",
    "答案是{}。",
    "{}<|im_end|>",
    "Answer: {}</s>",
    "Answer: {}\n\nLet me know if you have any other questions!",
    "Answer: {}\n\nQuestion: What is 2 + 2?\nAnswer: 4",
    "I thought that the answer might be nothing. So the answer is {}",
]


@pytest.mark.parametrize("kind", ANSWERS)
@given(data=st.data(), wrapping=st.sampled_from(WRAPPINGS))
def test_a_wrapping_does_not_change_the_verdict(kind: AnswerKind, data: st.DataObject, wrapping: str) -> None:
    reference, answer = data.draw(ANSWERS[kind])
    verdict = grade(wrapping.format(answer), reference, kind)
    assert verdict.correct == (answer == reference), verdict.reason
    assert grade(wrapping.format(reference), reference, kind).correct


@pytest.mark.parametrize("kind", ANSWERS)
@given(data=st.data())
def test_json_does_not_change_the_verdict(kind: AnswerKind, data: st.DataObject) -> None:
    reference, answer = data.draw(ANSWERS[kind])
    for response in (
        {"answer": answer},
        {"why": "the answer is 7", "answer": answer},
        {"final_answer": answer},
    ):
        text = json.dumps(response)
        assert grade(text, reference, kind).correct == (answer == reference)
        assert grade(f"```json\n{text}\n```", reference, kind).correct == (answer == reference)


@pytest.mark.parametrize("kind", ANSWERS)
@given(data=st.data(), wrapping=st.sampled_from(WRAPPINGS))
def test_a_verdict_shows_a_piece_of_the_response(
    kind: AnswerKind, data: st.DataObject, wrapping: str
) -> None:
    reference, answer = data.draw(ANSWERS[kind])
    response = wrapping.format(answer)
    shown = grade(response, reference, kind).answer
    assert shown is not None
    assert shown in response
    assert shown.strip('."。') in (answer, answer.strip("()"))


@given(
    response=st.text(max_size=80),
    question=st.text(max_size=80),
    letter=st.sampled_from("ABCD"),
    kind=st.sampled_from(KINDS),
)
def test_no_question_breaks_the_grader(response: str, question: str, letter: str, kind: AnswerKind) -> None:
    assert verdict_reason(grade(response, letter, kind, question=question).reason).endswith(".")
    listed = f"{question} (A) {response} (B) {question} (C) x"
    assert verdict_reason(grade(response, letter, kind, question=listed).reason).endswith(".")


@given(text=st.text(min_size=1, max_size=40), other=st.text(max_size=40))
def test_reading_the_same_holds_both_ways(text: str, other: str) -> None:
    assert same_reading(text, text)
    assert same_reading(text, other) == same_reading(other, text)


SIGNS = [
    "≤",
    "≥",
    "≠",
    "=",
    "<",
    ">",
    "∪",
    "∩",
    "⊂",
    "⊃",
    "∈",
    "∉",
    "∧",
    "∨",
    "¬",
    "∀",
    "∃",
    "±",
    "√",
    "∞",
    "♯",
    "♭",
    "#",
    "♥",
    "♦",
    "♣",
    "♠",
    "°",
    "%",
    "‰",
    "+",
    "*",
    "/",
    "^",
    "&",
    "|",
    "~",
    "@",
    "$",
    "€",
    "£",
    "¥",
    "→",
    "←",
    "↔",
    "×",
    "÷",
    "∅",
    "¹",
    "²",
    "³",
    "✓",
    "✗",
    "(",
    "[",
    "{",
]


@pytest.mark.parametrize("one", SIGNS)
def test_no_sign_reads_as_another_or_as_none(one: str) -> None:
    assert not same_reading(f"x {one} y", "x y")
    assert not same_reading(f"x{one}", "x")
    for other in SIGNS[: SIGNS.index(one)]:
        assert not same_reading(f"x {one} y", f"x {other} y"), other
        assert not same_reading(one, other), other
        assert not grade(f"Answer: x {one} y", f"x {other} y", "text").correct, other
