"""Candidates, resumed plans and comparisons of evaluations of a tiny real model."""

from dataclasses import replace
from pathlib import Path

import pytest
from doubles import PAIRED, QUICK, SHORT, open_small, small_snapshot
from library_doubles import update_tasks

from orca_desk.errors import UserError
from orca_desk.library.answers import AskedFilter
from orca_desk.library.families import rename_family
from orca_desk.library.runs import create_run
from orca_desk.library.tasks import delete_tasks
from orca_desk.library.trainings import create_training, set_adapter
from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.records import Sampling
from orca_desk.models.hashes import HashCache
from orca_desk.models.identify import identify
from orca_desk.processes.progress import JobControl, Update
from orca_desk.steps.evaluate.candidates import (
    evaluate_candidate,
    heldout_tasks,
    remaining_plan,
    system_of,
    training_candidates,
)
from orca_desk.steps.evaluate.comparison import (
    answer_table,
    companions,
    compare_models,
    difference_table,
    distinct,
    family_table,
    in_order,
    list_with_answers,
    matrix_table,
    strategies_of,
)
from orca_desk.steps.evaluate.evaluation import System
from orca_desk.steps.evaluate.plan import Candidate, Plan, last_plan, request_of
from orca_desk.ui.words.grading import verdict_reason


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


@pytest.fixture
def candidates(tiny_qwen):
    return (
        Candidate(name="base", model=tiny_qwen.gguf),
        Candidate(name="rival", model=tiny_qwen.gguf, system=System(kind="own", text="Be brief.")),
    )


def test_heldout_tasks_are_limited_per_family(library):
    tasks = heldout_tasks(library, ["sums", "belief"], 3)
    assert [task.family for task in tasks] == ["sums"] * 3 + ["belief"] * 3
    assert {task.split for task in tasks} == {"heldout"}
    assert len(heldout_tasks(library, ["sums"])) == 8


def test_candidates_of_a_training(library, tiny_qwen, tmp_path):
    teacher = identify(tiny_qwen.gguf)
    snapshot = small_snapshot(library)
    training = create_training(library, base=tiny_qwen.folder, snapshot=snapshot, settings=QUICK.to_dict())
    assert [candidate.name for candidate in training_candidates(library, training.id, [teacher])] == ["base"]
    adapter = tmp_path / "adapter.gguf"
    set_adapter(library, training.id, adapter=tmp_path, gguf=adapter, sha256="0")
    base, tuned = training_candidates(library, training.id, [teacher])
    assert base.model == tuned.model and base.system == tuned.system == System(kind="cautious")
    assert (base.adapter, tuned.adapter) == (None, adapter)
    digest = HashCache(library.folder).sha256_of(teacher.files)
    known = library.folder / "model-hashes.json"
    known.write_text(known.read_text().replace(digest, "0" * 64))  # the hash in the small records
    taught = training_candidates(library, training.id, [teacher])[2]
    assert (taught.name, taught.model, taught.system.kind) == ("teacher", tiny_qwen.gguf, "strategy")
    with pytest.raises(UserError, match="no training"):
        training_candidates(library, "train-9", [])


def test_the_kind_of_a_system_message_follows_from_its_text():
    assert [system_of(text).kind for text in (None, CAUTIOUS, "", "Mine.")] == [
        "strategy", "cautious", "empty", "own",
    ]  # fmt: skip
    assert system_of("Mine.").text == "Mine."


def test_a_stored_plan_is_read_again(library, candidates):
    plan = Plan(candidates=candidates, families=("sums",), per_family=2, sampling=Sampling(stop=("###",)))
    assert last_plan(library) is None
    create_run(library, "evaluate", {"k": 1}, request_of(plan, candidates[0]))
    assert last_plan(library) == plan
    create_run(library, "evaluate", {"k": 2}, {"candidates": 3})
    assert last_plan(library) is None


def test_a_stopped_candidate_is_resumed_with_those_queued_behind_it(library, candidates):
    tasks = heldout_tasks(library, tuple(PAIRED), 4)
    plan = Plan(candidates=candidates, families=tuple(PAIRED), sampling=SHORT)
    control = JobControl()

    def stop_soon(update: Update) -> None:
        if update.stage == "evaluating":
            control.stop()

    begun = evaluate_candidate(
        library,
        candidates[0],
        tasks,
        sampling=SHORT,
        progress=stop_soon,
        control=control,
        request=request_of(plan, candidates[0]),
    )
    assert begun is not None and not begun.finished
    left = remaining_plan(library, begun.run)
    assert [candidate.name for candidate in left.candidates] == ["base", "rival"]
    assert (left.sampling, left.tasks) == (SHORT, tuple(tasks))
    done = evaluate_candidate(library, left.candidates[0], left.tasks, sampling=left.sampling)
    assert done is not None and done.finished and done.run == begun.run
    with pytest.raises(UserError, match="already finished"):
        remaining_plan(library, begun.run)
    with pytest.raises(UserError, match="no evaluation") as unknown:
        remaining_plan(library, "evaluate-77")
    assert unknown.value.hint == f"The newest evaluations are {begun.run}."


def test_an_evaluation_whose_questions_have_changed_is_not_resumed(library, candidates):
    tasks = heldout_tasks(library, ["sums"], 4)
    control = JobControl()
    control.stop()
    run = evaluate_candidate(library, candidates[0], tasks, sampling=SHORT, control=control).run
    rename_family(library, "sums", "additions")
    assert {task.family for task in remaining_plan(library, run).tasks} == {"additions"}
    update_tasks(library, [replace(remaining_plan(library, run).tasks[0], answer="none")])
    with pytest.raises(UserError, match="Tasks or strategies were edited since evaluate-1 began"):
        remaining_plan(library, run)
    delete_tasks(library, [tasks[0].id])
    with pytest.raises(UserError, match="1 of its 4 tasks were deleted since evaluate-1 began"):
        remaining_plan(library, run)


def test_a_folder_is_evaluated_by_its_gguf_file(library, tiny_qwen):
    candidate = Candidate(name="base", model=tiny_qwen.folder)
    found = evaluate_candidate(library, candidate, heldout_tasks(library, ["sums"], 2), sampling=SHORT)
    assert found is not None
    assert list_with_answers(library)[0].evaluation.model.suffix == ".gguf"


def test_evaluations_are_compared(library, candidates, tmp_path: Path):
    tasks = heldout_tasks(library, tuple(PAIRED), 4)
    first, second = (
        evaluate_candidate(library, candidate, tasks, sampling=SHORT).run for candidate in candidates
    )
    again = evaluate_candidate(library, candidates[0], tasks, sampling=SHORT).run
    other = evaluate_candidate(library, candidates[0], tasks[:2], sampling=SHORT).run
    rows = list_with_answers(library)
    assert [row.id for row in rows] == [other, again, second, first]
    assert [row.name for row in rows] == ["base", "base", "rival", "base"]
    assert companions(rows, first) == [first, second]
    assert companions(rows) == [other]
    assert companions([]) == []
    assert in_order({second: "rival", first: "teacher", again: "base"}) == [again, first, second]
    found = compare_models(library, [first, second, again])
    assert [one.name for one in found.summaries] == [f"base {first}", "rival", f"base {again}"]
    assert found.reference == first
    assert found.families == ["belief", "sums", "overall"]
    assert found.differences[again]["overall"].difference == 0
    summary = found.summaries[1]
    assert sum(sum(row.values()) for row in summary.matrix.values()) == 8
    assert strategies_of(summary.matrix)[-1] is None
    for headers, lines in (
        family_table(found), difference_table(found), matrix_table(summary),
        answer_table(library, [first, second], AskedFilter(family="sums"), in_words=verdict_reason),
    ):  # fmt: skip
        assert lines
        assert {len(line) for line in lines} == {len(headers)}
    assert (
        len(answer_table(library, [first, second], AskedFilter(family="sums"), in_words=verdict_reason)[1])
        == 8
    )


def test_names_that_are_equal_get_their_ids():
    assert distinct({"evaluate-1": "base", "evaluate-2": "tuned", "evaluate-3": "base"}) == {
        "evaluate-1": "base evaluate-1",
        "evaluate-2": "tuned",
        "evaluate-3": "base evaluate-3",
    }


def test_evaluations_without_a_common_task_have_no_difference(library, candidates):
    tasks = heldout_tasks(library, tuple(PAIRED), 2)
    first = evaluate_candidate(library, candidates[0], tasks[:2], sampling=SHORT).run
    second = evaluate_candidate(library, candidates[1], tasks[2:], sampling=SHORT).run
    assert compare_models(library, [first, second]).differences == {}
