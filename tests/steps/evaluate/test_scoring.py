"""Scores and differences: what counts, over which tasks, and what is said of the rest."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.runs import end_run, get_run
from orca_desk.steps.evaluate.comparison import compare_models, list_with_answers
from orca_desk.steps.evaluate.outcome import EvaluationOutcome
from orca_desk.steps.evaluate.scoring import (
    Settled,
    compare_evaluations,
    compare_settled,
    score,
    shared_tasks,
)
from orca_desk.ui.words.evaluations import comparison_base, comparison_notes

VERDICTS = {"1": True, "0": False, "?": None}


@pytest.fixture
def library(tmp_path: Path):
    with new_library(tmp_path / "library") as library:
        yield library


def evaluation(
    library: Library,
    marks: str,
    *,
    first: int = 0,
    done: bool = True,
    family: str = "f",
    edited: dict[int, tuple[str, str]] | None = None,
) -> str:
    """An evaluation of tasks from number `first`: "1" correct, "0" incorrect, "?" not graded, "-" no answer.

    Without an answer, a task could not be asked where the evaluation is done.
    """
    tasks = [f"task {first + position}" for position in range(len(marks))]
    made = create_evaluation(
        library,
        model=Path("/models/m.gguf"),
        adapter=None,
        system_kind="empty",
        system="",
        questions=[
            Question(task_id=task, family=family, paired="direct", user=user, answer=answer)
            for position, task in enumerate(tasks)
            for user, answer in [(edited or {}).get(position, (task, "so"))]
        ],
        settings={"marks": marks, "first": first},
    )
    add_answers(
        library,
        made.id,
        [
            Answered(
                task_id=task,
                response="so",
                correct=VERDICTS[mark],
                reason="so",
                recognised="direct",
                completion_tokens=10,
                finish_reason="stop",
            )
            for task, mark in zip(tasks, marks, strict=True)
            if mark != "-"
        ],
    )
    failed = {"Too long.": marks.count("-")} if "-" in marks else {}
    outcome = EvaluationOutcome(
        correct=marks.count("1"), graded=marks.count("1") + marks.count("0"), failed=failed
    )
    end_run(library, made.id, "done" if done else "cancelled", outcome.to_json())
    return made.id


def test_a_question_that_could_not_be_asked_counts_as_incorrect_also_after_a_reload(library):
    run = evaluation(library, "11--")
    found = score(library, run)
    assert (found.overall.accuracy.correct, found.overall.accuracy.n) == (2, 4)
    assert (found.unasked, found.failed, found.unanswered) == (2, {"Too long.": 2}, 0)
    assert found.overall.mean_tokens == 10
    assert found.adherence.n == 2
    (listed,) = list_with_answers(library)
    assert (listed.accuracy.correct, listed.accuracy.n) == (2, 4)


def test_a_stopped_evaluation_is_scored_on_what_it_came_to(library):
    found = score(library, evaluation(library, "10--", done=False))
    assert (found.overall.accuracy.correct, found.overall.accuracy.n) == (1, 2)
    assert (found.unasked, found.failed, found.unanswered, found.finished) == (0, {}, 2, False)
    assert list_with_answers(library)[0].accuracy.n == 2


def test_an_answer_without_a_verdict_is_in_no_score_and_is_counted(library):
    found = score(library, evaluation(library, "1?0"))
    assert (found.overall.accuracy.correct, found.overall.accuracy.n, found.ungraded) == (1, 2, 1)


def test_models_are_compared_on_the_tasks_that_all_were_asked(library):
    easy = evaluation(library, "1111")
    whole = evaluation(library, "11110000")
    stopped = evaluation(library, "011---", done=False)
    found = compare_models(library, [easy, whole, stopped])
    assert found.tasks == 3
    shares = [
        (one.results.overall.accuracy.correct, one.results.overall.accuracy.n) for one in found.summaries
    ]
    assert shares == [(3, 3), (3, 3), (2, 3)]
    assert [one.left_out for one in found.summaries] == [1, 5, 3]
    assert [one.unanswered for one in found.summaries] == [0, 0, 3]
    assert {one["overall"].n for one in found.differences.values()} == {3}
    alone = compare_models(library, [whole])
    assert (alone.tasks, alone.summaries[0].results.overall.accuracy.n, alone.summaries[0].left_out) == (
        8,
        8,
        0,
    )


def test_a_task_that_was_edited_in_between_is_not_shared(library):
    before = evaluation(library, "1100")
    after = evaluation(
        library, "1111", edited={2: ("task 2", "another answer"), 3: ("another question", "so")}
    )
    unknown = evaluation(library, "1111", edited={0: ("", "")})  # what it asked was never stored
    found = compare_models(library, [before, after, unknown])
    assert (found.tasks, found.edited) == (2, 2)
    assert comparison_base(found).endswith(" 2 tasks edited in between, so not the same.")
    assert [one.left_out for one in found.summaries] == [2, 2, 2]
    assert {one["overall"].difference for one in found.differences.values()} == {0}
    assert compare_evaluations(library, after, before)["overall"].n == 2


def test_a_model_that_could_not_be_asked_loses_those_tasks_to_the_other(library):
    small, large = evaluation(library, "11--"), evaluation(library, "1111")
    difference = compare_evaluations(library, large, small)["overall"]
    assert (difference.n, difference.only_first, difference.only_second) == (4, 2, 0)


def test_a_family_that_is_called_overall_does_not_hide_the_total(library):
    first = [evaluation(library, "11"), evaluation(library, "10", family="overall", first=2)]
    assert list(score(library, first[1]).families) == ["overall (family)"]
    settled = {"task 1": Settled(family="overall", correct=True), "task 2": Settled(family="f", correct=True)}
    among = {task: one.family for task, one in settled.items()}
    compared = compare_settled(settled, settled, among)
    assert {name: one.n for name, one in compared.items()} == {"f": 1, "overall (family)": 1, "overall": 2}


def test_evaluations_of_other_tasks_have_no_scores_side_by_side(library):
    one, other = evaluation(library, "11"), evaluation(library, "00", first=7)
    found = compare_models(library, [one, other])
    assert (found.tasks, found.differences) == (0, {})
    assert [summary.results.overall.accuracy.n for summary in found.summaries] == [0, 0]
    with pytest.raises(UserError, match="share no task"):
        compare_evaluations(library, one, other)


def test_a_family_that_was_renamed_in_between_is_one_family(library):
    before, after = evaluation(library, "10", family="old"), evaluation(library, "11", family="new")
    found = compare_models(library, [before, after])
    assert found.families == ["new", "overall"]
    assert found.differences[after]["new"].n == 2


def test_the_scores_of_a_stopped_run_say_so(library):
    run = evaluation(library, "1-", done=False)
    assert get_run(library, run).status == "cancelled"
    assert not score(library, run).finished


@given(
    some.lists(
        some.dictionaries(some.integers(0, 9).map(str), some.booleans(), max_size=10), min_size=2, max_size=4
    )
)
def test_every_difference_counts_each_shared_task_once(given_verdicts):
    questions = [
        {
            task: Settled(family="f" if int(task) % 2 else "g", correct=correct)
            for task, correct in one.items()
        }
        for one in given_verdicts
    ]
    shared = shared_tasks(questions)
    assert set(shared) == set.intersection(*(set(one) for one in questions))
    if shared:
        found = compare_settled(questions[0], questions[1], shared)
        assert (
            found["overall"].n
            == len(shared)
            == sum(one.n for name, one in found.items() if name != "overall")
        )


def test_it_is_said_where_one_model_was_computed_by_different_engines(library):
    before, after, later = evaluation(library, "11"), evaluation(library, "10"), evaluation(library, "01")
    for one, engines in ((after, ("F16",)), (later, ("F16",))):
        outcome = EvaluationOutcome(correct=1, graded=2, failed={}, engines=engines)
        end_run(library, one, "done", outcome=outcome.to_json())
    assert comparison_notes(compare_models(library, [after, later])) == []
    (note,) = comparison_notes(compare_models(library, [before, after]))
    assert "m.gguf was computed in different ways" in note
    assert "by an unrecorded engine" in note and "by F16" in note
