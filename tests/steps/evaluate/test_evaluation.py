"""Evaluating a tiny real model on held-out tasks."""

from dataclasses import replace

import pytest
from doubles import SHORT, open_small, small_tasks
from library_doubles import update_tasks

from orca_desk.errors import UserError
from orca_desk.library.answers import asked_questions
from orca_desk.library.evaluations import answers, get_evaluation, question_outcomes
from orca_desk.library.families import rename_family
from orca_desk.library.pairings import current_pairings, set_pairings
from orca_desk.library.runs import get_run
from orca_desk.library.strategies import current_strategies, get_strategy, save_strategy
from orca_desk.library.tasks import get_tasks
from orca_desk.method.arms import wrong_strategy
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.records import Sampling, Task
from orca_desk.method.strategies import revised
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.evaluate.evaluation import System, evaluate
from orca_desk.steps.evaluate.outcome import (
    UNKNOWN,
    EvaluationOutcome,
    earlier_engines,
    evaluation_from_json,
)
from orca_desk.steps.evaluate.scoring import Evaluated, compare_evaluations, score


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def student(tiny_qwen):
    return Runner(model=tiny_qwen.gguf, threads=1, context=512)


TASKS = [task for task in small_tasks(15) if task.split == "heldout"]


def test_every_answer_is_graded_and_counted(library, student):
    found = evaluate(library, student, TASKS, sampling=SHORT)
    assert found.finished
    assert not found.failed
    assert (found.overall.accuracy.n, found.adherence.n) == (10, 10)
    assert {family: one.accuracy.n for family, one in found.families.items()} == {"belief": 5, "sums": 5}
    stored = answers(library, found.run)
    assert found.overall.accuracy.correct == sum(bool(one.correct) for one in stored)
    assert found.cut == sum(one.finish_reason == "length" for one in stored)
    assert 0 < found.overall.mean_tokens <= 24
    again = score(library, found.run)
    assert (again.overall, again.families, again.finished) == (found.overall, found.families, True)


def test_each_system_message_is_an_evaluation_of_its_own(library, student):
    runs = {
        kind: evaluate(library, student, TASKS, system=System(kind=kind, text=text), sampling=SHORT).run
        for kind, text in (("cautious", ""), ("empty", ""), ("own", "Be brief."), ("strategy", ""))
    }
    assert {kind: get_evaluation(library, run).system for kind, run in runs.items()} == {
        "cautious": CAUTIOUS,
        "empty": "",
        "own": "Be brief.",
        "strategy": None,
    }
    texts = {kind: tuple(one.response for one in answers(library, run)) for kind, run in runs.items()}
    assert len(set(texts.values())) == 4


def test_the_strategy_message_is_the_instruction_of_the_teacher(library, student):
    run = evaluate(library, student, TASKS[:5], system=System(kind="strategy"), sampling=SHORT).run
    own = System(kind="own", text=get_strategy(library, "recall-then-generate").instruction)
    same = evaluate(library, student, TASKS[:5], system=own, sampling=SHORT).run
    assert [one.response for one in answers(library, run)] == [one.response for one in answers(library, same)]


def test_a_stopped_evaluation_is_resumed_and_a_finished_one_starts_anew(library, student):
    control = JobControl()

    def stop_soon(update: Update) -> None:
        if update.done:
            control.stop()

    slow = Runner(model=student.model, threads=1, context=512, batch=2)
    first = evaluate(library, slow, TASKS, sampling=SHORT, progress=stop_soon, control=control, name="mine")
    assert not first.finished
    assert 0 < first.overall.accuracy.n < 10
    updates: list[Update] = []
    second = evaluate(library, slow, TASKS, sampling=SHORT, progress=updates.append)
    assert (updates[0].done, updates[0].total) == (first.overall.accuracy.n, 10)
    run = get_run(library, second.run)
    assert (run.done, run.total) == (10, 10)
    assert (second.run, second.finished, second.overall.accuracy.n) == (first.run, True, 10)
    assert get_evaluation(library, first.run).name == "mine"
    assert evaluate(library, slow, TASKS, sampling=SHORT).run != second.run


def test_what_computed_the_answers_of_an_earlier_start_is_said_too(library, student):
    control = JobControl()

    def stop_after_one(update: Update) -> None:
        if update.done >= 1:
            control.stop()

    one = Runner(model=student.model, threads=1, context=512, batch=1)
    stopped = evaluate(library, one, TASKS, sampling=SHORT, progress=stop_after_one, control=control)
    assert not stopped.finished
    (first,) = evaluation_from_json(get_run(library, stopped.run).outcome).engines
    found = evaluate(library, replace(one, batch=2), TASKS, sampling=SHORT)
    assert found.run == stopped.run
    assert evaluation_from_json(get_run(library, found.run).outcome).engines == sorted(
        [first, first.replace("batch of 1", "batch of 2")]
    )


def test_an_earlier_start_that_was_killed_left_no_name():
    assert earlier_engines("") == (UNKNOWN,)
    named = EvaluationOutcome(correct=0, graded=1, failed={}, engines=["CUDA0, batch of 4"])
    assert earlier_engines(named.to_json()) == ["CUDA0, batch of 4"]


def begun(library, student, system: System) -> Evaluated:
    """An evaluation that was stopped after its first answers."""
    control = JobControl()

    def stop_soon(update: Update) -> None:
        if update.done:
            control.stop()

    slow = replace(student, batch=2)
    found = evaluate(library, slow, TASKS, system=system, sampling=SHORT, progress=stop_soon, control=control)
    assert not found.finished
    return found


def test_a_stopped_evaluation_whose_family_was_renamed_is_resumed(library, student):
    stopped = begun(library, student, System())
    rename_family(library, "sums", "additions")
    set_pairings(library, [], source="chosen")
    tasks = [get_tasks(library, [task.id])[task.id] for task in TASKS]
    found = evaluate(library, student, tasks, sampling=SHORT)
    assert (found.run, found.finished, found.overall.accuracy.n) == (stopped.run, True, 10)
    assert set(found.families) == {"additions", "belief"}


def test_edited_tasks_and_strategies_are_asked_anew(library, student):
    stopped = begun(library, student, System())
    edited = [replace(TASKS[0], answer="Nowhere."), *TASKS[1:]]
    assert evaluate(library, student, edited, sampling=SHORT).run != stopped.run
    taught = begun(library, student, System(kind="strategy"))
    name = current_pairings(library)["sums"].strategy
    save_strategy(library, revised(get_strategy(library, name), instruction="Say it backwards."))
    strategic = evaluate(library, student, TASKS, system=System(kind="strategy"), sampling=SHORT)
    assert strategic.run != taught.run


def test_what_was_asked_is_stored_as_it_was_asked_though_the_task_is_edited_meanwhile(library, student):
    update_tasks(library, [replace(TASKS[0], query="Where is the other ball?", answer="away")])
    run = evaluate(library, student, TASKS[:2], sampling=SHORT).run
    asked = asked_questions(library, [run], [TASKS[0].id])[TASKS[0].id]
    assert (asked.user, asked.answer) == (TASKS[0].user_text, TASKS[0].answer)


def test_a_stop_that_arrives_with_the_last_answer_leaves_a_complete_evaluation(library, student):
    control = JobControl()

    def stop_at_the_end(update: Update) -> None:
        if update.done == update.total:
            control.stop()

    found = evaluate(library, student, TASKS, sampling=SHORT, progress=stop_at_the_end, control=control)
    assert control.stopped
    assert (found.finished, found.overall.accuracy.n) == (True, 10)
    assert get_run(library, found.run).status == "done"


def test_two_evaluations_are_compared_task_by_task(library, student, tiny_llama):
    first = evaluate(library, student, TASKS, sampling=SHORT).run
    other = evaluate(
        library, Runner(model=tiny_llama.gguf, threads=1, context=512), TASKS, sampling=SHORT
    ).run
    found = compare_evaluations(library, first, other)
    assert {name: one.n for name, one in found.items()} == {"belief": 5, "sums": 5, "overall": 10}
    assert found["overall"].low <= found["overall"].difference <= found["overall"].high


def test_nobody_is_asked_to_follow_a_strategy_without_markers(library, student):
    save_strategy(library, replace(get_strategy(library, "direct"), name="imported-short", markers=()))
    own = [replace(task, strategy="imported-short") for task in TASKS[:2]]
    for task in own:
        update_tasks(library, [task])
    found = evaluate(library, student, [*own, *TASKS[2:4]], sampling=SHORT)
    assert (found.overall.accuracy.n, found.adherence.n) == (4, 2)


def test_what_cannot_be_evaluated_is_refused(library, student):
    with pytest.raises(UserError, match="no tasks"):
        evaluate(library, student, [])
    with pytest.raises(UserError, match="1 of 1 tasks have no reference"):
        evaluate(library, student, [Task(family="belief", query="Why?")])
    with pytest.raises(UserError, match=r"No task could be answered.*context"):
        evaluate(library, student, TASKS, sampling=Sampling(max_tokens=5000))
    with pytest.raises(UserError, match="no strategy yet"):
        alone = [Task(family="new", query="Why?", answer="So.")]
        evaluate(library, student, alone, system=System(kind="strategy"))


def test_a_task_that_is_too_long_counts_as_incorrect_and_is_said_also_later(library, student):
    long = Task(family="belief", query="box " * 600, answer="box", split="heldout")
    found = evaluate(library, student, [*TASKS, long], sampling=SHORT)
    assert (found.unasked, sum(found.failed.values()), found.finished) == (1, 1, True)
    assert found.overall.accuracy.n == 11
    assert found.families["belief"].accuracy.n == 6
    again = score(library, found.run)
    assert (again.overall, again.unasked, again.failed) == (found.overall, 1, found.failed)


def test_a_wrong_strategy_is_another_one_for_every_task(library, student):
    run = evaluate(library, student, TASKS[:5], system=System(kind="wrong"), sampling=SHORT).run
    assert get_evaluation(library, run).system is None
    paired = {one.task_id: one.paired for one in question_outcomes(library, run)}
    names = current_strategies(library)
    for task in TASKS[:5]:
        wrong = wrong_strategy(task.id, str(paired[task.id]), names)
        assert wrong != paired[task.id]
        own = System(kind="own", text=names[wrong].instruction)
        same = evaluate(library, student, [task], system=own, sampling=SHORT).run
        (alone,) = answers(library, same)
        assert alone.response == {one.task_id: one.response for one in answers(library, run)}[task.id]


def test_a_finished_evaluation_can_be_used_again(library, student):
    first = evaluate(library, student, TASKS[:5], sampling=SHORT, reuse=True)
    again = evaluate(library, student, TASKS[:5], sampling=SHORT, reuse=True)
    assert (again.run, again.overall, again.finished) == (first.run, first.overall, True)
    assert evaluate(library, student, TASKS[:4], sampling=SHORT, reuse=True).run != first.run
    assert evaluate(library, student, TASKS[:5], sampling=SHORT).run != first.run
