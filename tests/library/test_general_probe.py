"""The general probe: enough questions of every kind, each graded as a careful person would."""

import re
from collections import Counter

import pytest

from orca_desk.library.general_probe import (
    ProbeQuestion,
    neutral_prompts,
    probe_keys,
    probe_questions,
    probe_version,
)
from orca_desk.library.samples import sample_tasks
from orca_desk.method.grading import grade
from orca_desk.method.records import question_key
from orca_desk.paths import resources
from orca_desk.ui.words.forgetting import KINDS

SAID = ("{}", "{}.", "**{}**", "Answer: {}", "The answer is {}.", "It is {}.", "Let me see.\nAnswer: {}")


def is_correct(question: ProbeQuestion, response: str) -> bool:
    references = (question.answer, *question.also)
    return any(
        grade(response, one, question.answer_kind, question=question.question).correct for one in references
    )


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def test_there_are_at_least_200_questions_of_ten_kinds():
    counts = Counter(one.kind for one in probe_questions())
    assert len(probe_questions()) >= 200
    assert len(counts) == 10
    assert min(counts.values()) >= 20
    assert set(counts) == set(KINDS)


def test_no_question_is_asked_twice():
    asked = [" ".join(one.question.casefold().split()) for one in probe_questions()]
    assert len(set(asked)) == len(asked)
    assert len(probe_keys()) == len(probe_questions())


@pytest.mark.parametrize("kind", KINDS)
def test_a_correct_answer_is_graded_as_correct_however_it_is_said(kind: str):
    for question in (one for one in probe_questions() if one.kind == kind):
        forms = SAID[:1] if question.answer_kind == "exact" else SAID
        for form in forms:
            for reference in (question.answer, *question.also):
                assert is_correct(question, form.format(reference)), (question.question, form)


def test_the_answer_to_another_question_of_the_kind_is_not_correct():
    for question in probe_questions():
        for other in probe_questions():
            if other.kind == question.kind and other.answer.casefold() != question.answer.casefold():
                assert not is_correct(question, other.answer), (question.question, other.answer)


def test_the_answers_of_a_choice_are_spread():
    letters = Counter(one.answer for one in probe_questions() if one.answer_kind == "choice")
    assert set(letters) == {"A", "B", "C"}
    assert max(letters.values()) - min(letters.values()) <= 1  # always "B" gets no more than any other


def test_no_bundled_task_asks_one_of_them():
    """Nor does any share six words in a row with one: a student may be trained on all bundled families."""
    runs = {
        tuple(found[start : start + 6])
        for one in probe_questions()
        if (found := words(one.question))
        for start in range(len(found) - 5)
    }
    for task in sample_tasks(resources() / "tasks"):
        assert question_key(task.user_text) not in probe_keys()
        found = words(task.user_text)
        assert not any(tuple(found[start : start + 6]) in runs for start in range(len(found) - 5)), task.query


def test_neutral_prompts_are_distinct_and_no_questions_of_the_probe():
    assert len(set(neutral_prompts())) == len(neutral_prompts()) >= 20
    assert not {question_key(one) for one in neutral_prompts()} & probe_keys()
    assert len(probe_version()) == 32
