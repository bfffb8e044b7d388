"""Generating with a tiny real teacher."""

from dataclasses import replace

import pytest
from doubles import SHORT, open_small, small_tasks

from orca_desk.errors import UserError
from orca_desk.library.records import RecordFilter, count_records, iterate_records
from orca_desk.library.runs import list_runs
from orca_desk.library.strategies import get_strategy, save_strategy
from orca_desk.library.tasks import add_tasks, get_tasks
from orca_desk.method.records import Sampling
from orca_desk.method.strategies import revised
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.grading import grade_answer
from orca_desk.steps.instruct.generate import generate
from orca_desk.steps.regrading import replace_tasks
from orca_desk.steps.teaching import taught_from_json


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def teacher(tiny_llama):
    return Runner(model=tiny_llama.gguf, threads=1, context=512)


TASKS = small_tasks(6)


def test_a_task_with_earlier_turns_is_asked_with_them(library, teacher):
    before = (("user", "What is 2 + 2?"), ("assistant", "4"))
    alone = replace(TASKS[0], id="")
    after = replace(TASKS[0], turns=before, id="")
    add_tasks(library, [after])
    result = generate(library, teacher, [alone, after], sampling=SHORT)
    assert (result.asked, result.new) == (2, 2)
    found = {stored.record.task_id: stored.record for stored in iterate_records(library)}
    assert (found[alone.id].turns, found[after.id].turns) == ((), before)
    assert found[alone.id].user == found[after.id].user == after.user_text
    longer = found[after.id].provenance.prompt_tokens - found[alone.id].provenance.prompt_tokens
    assert longer >= 10  # tokens of two more turns
    again = generate(library, teacher, [alone, after], sampling=SHORT)
    assert (again.known, again.new) == (2, 0)


def test_every_task_gets_a_record_under_its_familys_strategy(library, teacher):
    result = generate(library, teacher, TASKS, sampling=SHORT)
    assert (result.asked, result.known, result.new, result.finished) == (12, 0, 12, True)
    records = [stored.record for stored in iterate_records(library)]
    assert {(one.family, one.strategy) for one in records} == {
        ("belief", "recall-then-generate"),
        ("sums", "step-by-step"),
    }
    asked = {task.id: task for task in TASKS}
    for one in records:
        assert one.user == asked[one.task_id].user_text
        assert one.system == get_strategy(library, one.strategy).instruction
        assert one.provenance.completion_tokens <= 24
    assert [(run.kind, run.status, run.done, run.total) for run in list_runs(library)] == [
        ("generate", "done", 12, 12)
    ]


def test_the_same_call_again_makes_nothing_new(library, teacher):
    first = generate(library, teacher, TASKS, sampling=SHORT)
    again = generate(library, teacher, TASKS, sampling=SHORT)
    assert (first.new, again.new, again.known) == (12, 0, 12)


def test_another_sampling_or_strategy_version_is_another_record(library, teacher):
    generate(library, teacher, TASKS, sampling=SHORT)
    assert generate(library, teacher, TASKS, sampling=Sampling(max_tokens=20)).new == 12
    save_strategy(library, revised(get_strategy(library, "step-by-step"), instruction="Think in steps."))
    assert generate(library, teacher, TASKS, sampling=SHORT).new == 6


def test_samples_have_seeds_of_their_own(library, teacher):
    warm = Sampling(max_tokens=24, temperature=1.0, seed=5)
    generate(library, teacher, TASKS[:2], samples=3, sampling=warm)
    records = [stored.record for stored in iterate_records(library)]
    assert sorted(one.provenance.sampling.seed for one in records) == [5, 5, 6, 6, 7, 7]
    assert len({one.response for one in records}) == 6
    with pytest.raises(UserError, match="temperature 0"):
        generate(library, teacher, TASKS, samples=2)


def test_a_tasks_records_are_judged(library, teacher):
    result = generate(library, teacher, TASKS, sampling=SHORT)
    assert result.usable + sum(result.rejected.values()) == 12
    assert count_records(library, RecordFilter(correct=False)) > 0
    outcome = taught_from_json(list_runs(library)[0].outcome)
    assert outcome is not None and outcome[0].rejected == result.rejected


def test_nothing_to_do_and_nothing_done_are_errors(library, teacher):
    with pytest.raises(UserError, match="no tasks"):
        generate(library, teacher, [])
    with pytest.raises(UserError, match=r"any of the 12 tasks.*context"):
        generate(library, teacher, TASKS, sampling=Sampling(max_tokens=5000))
    assert list_runs(library)[0].status == "failed"
    with pytest.raises(UserError, match="no strategy named nonsense"):
        generate(library, teacher, TASKS, strategy="nonsense")


def test_a_stopped_generation_resumes_in_the_same_run(library, teacher):
    control = JobControl()

    def stop_soon(update: Update) -> None:
        if update.done:
            control.stop()

    slow = Runner(model=teacher.model, threads=1, context=512, batch=2)
    first = generate(library, slow, TASKS, sampling=SHORT, progress=stop_soon, control=control)
    assert not first.finished
    assert 0 < first.new < 12
    assert list_runs(library)[0].status == "cancelled"
    second = generate(library, slow, TASKS, sampling=SHORT)
    assert (second.known, second.new, second.run) == (first.new, 12 - first.new, first.run)


def test_a_full_disk_is_reported_and_the_generation_resumes_later(library, teacher):
    pages = library.rows("PRAGMA page_count")[0][0]
    library.write(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 8}").fetchall())
    runner = Runner(model=teacher.model, threads=1, context=512, batch=2)
    with pytest.raises(UserError, match="no space left"):
        generate(library, runner, small_tasks(), sampling=SHORT)
    before = count_records(library)
    library.write(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchall())
    again = generate(library, runner, small_tasks(), sampling=SHORT)
    assert (again.known, again.new) == (before, 48 - before)
    assert before < 48


def test_references_that_are_edited_during_a_run_grade_its_answers(library, teacher):
    edited = []

    def edit(update: Update) -> None:
        if not edited:
            edited.extend(replace(task, answer="quite another", answer_kind="text") for task in TASKS)
            replace_tasks(library, edited)

    generate(library, teacher, TASKS, sampling=SHORT, progress=edit)
    now = get_tasks(library, [task.id for task in edited])
    stored = list(iterate_records(library))
    assert len(stored) == 12
    for one in stored:
        assert one.verdict == grade_answer(now[one.record.task_id], one.record.response)
