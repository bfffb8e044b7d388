"""The answer budget of evaluations in a library: shared tasks, families, and the command."""

import json

import pytest
from click.testing import CliRunner
from doubles import open_small, small_tasks

from orca_desk.cli import commands
from orca_desk.errors import UserError
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.runs import end_run, start_run
from orca_desk.steps.evaluate.budget import budget_table, compare_budgets

TASKS = [task for task in small_tasks(15) if task.split == "heldout"]


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


def add_evaluation(library, tokens: list[int], name: str = "base", cut: int = 0) -> str:
    """Add an evaluation whose answers, all correct, have these tokens; the first `cut` were cut off."""
    tasks = TASKS[: len(tokens)]
    one = create_evaluation(
        library,
        model=library.folder / "m.gguf",
        adapter=None,
        system_kind="empty",
        system="",
        questions=[Question.of(task, None) for task in tasks],
        settings={"model": name},
        name=name,
    )
    start_run(library, one.id)
    answers = [
        Answered(
            task_id=task.id,
            response="x",
            correct=True,
            reason="",
            recognised=None,
            completion_tokens=count,
            finish_reason="length" if place < cut else "stop",
        )
        for place, (task, count) in enumerate(zip(tasks, tokens, strict=True))
    ]
    add_answers(library, one.id, answers)
    end_run(library, one.id, "done", "")
    return one.id


def test_curves_are_on_the_tasks_that_both_settled(library):
    first = add_evaluation(library, [10, 20, 30, 40, 50, 60])
    second = add_evaluation(library, [100, 100, 100], "tuned")
    found = compare_budgets(library, [first, second])
    assert found.tasks == 3
    assert [(model.name, model.curve.n) for model in found.models] == [("base", 3), ("tuned", 3)]
    assert [model.curve.at(50).correct for model in found.models] == [3, 0]
    headers, rows = budget_table(found)
    assert len(headers) == len(rows[0])
    assert {row[1] for row in rows} == {"base", "tuned"}


def test_a_family_alone_and_one_that_is_not_shared(library):
    only = add_evaluation(library, [10] * 6)
    assert compare_budgets(library, [only], family="belief").tasks == 5
    assert compare_budgets(library, [only]).families == ("belief", "sums")
    with pytest.raises(UserError, match="share no task of the family algebra"):
        compare_budgets(library, [only], family="algebra")


def test_the_command_says_what_no_budget_counts(library):
    run = add_evaluation(library, [10, 20, 64], cut=1)
    folder = str(library.folder)
    library.close()
    words = ["evaluate", "budget", run, "--library", folder]
    shown = CliRunner().invoke(commands, words)
    assert shown.exit_code == 0, shown.output
    assert "1 answer cut off by the evaluation's own limit" in shown.output
    assert "although it was graded correct" in shown.output
    read = json.loads(CliRunner().invoke(commands, [*words, "--tokens", "20", "--json"]).output)
    (point,) = read["models"][0]["curve"]["points"]
    assert (point["tokens"], point["accuracy"]["correct"], read["models"][0]["curve"]["cut"]) == (20, 1, 1)


def test_the_command_evaluates_without_a_subcommand_and_wants_a_model_then(tmp_path):
    result = CliRunner().invoke(commands, ["evaluate", "--library", str(tmp_path)])
    assert result.exit_code == 2
    assert "--model" in result.output
