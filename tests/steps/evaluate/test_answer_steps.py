"""The answers of an evaluation step by step: by each family's checker, and what the commands say of them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from doubles import open_small

from orca_desk.cli import commands
from orca_desk.errors import UserError
from orca_desk.library.checkers import family_checker, family_checkers, set_checker
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.families import rename_family, undo_rename
from orca_desk.library.tasks import add_tasks
from orca_desk.method.records import Task
from orca_desk.steps.evaluate.answer_steps import first_faults, read_answers

WORDS = "Lucy has 38 cups. Lucy finds 9 more. Then Lucy finds 7 more. How many cups does Lucy have now?"
GOOD = "Step 1: more, 38 + 9 = 47.\nStep 2: more, 47 + 7 = 54.\nAnswer: 54"
WRONG = "Step 1: more, 38 + 9 = 47.\nStep 2: more, 47 + 7 = 55.\nAnswer: 55"
TASKS = [
    Task(family="cups", query=WORDS, answer="54", answer_kind="number", split="heldout"),
    Task(family="cups", query=WORDS.replace("38", "40"), answer="56", answer_kind="number", split="heldout"),
    Task(family="sums", query="What is 3 + 4?", answer="7", answer_kind="number", split="heldout"),
]
ANSWERS = [GOOD, WRONG, "3 + 4 = 8. The answer is 8."]


@pytest.fixture
def library(tmp_path: Path):
    with open_small(tmp_path / "library") as library:
        add_tasks(library, TASKS)
        yield library


@pytest.fixture
def evaluation(library) -> str:
    made = create_evaluation(
        library,
        model=library.folder / "m.gguf",
        adapter=None,
        system_kind="empty",
        system="",
        questions=[Question.of(task, "step-by-step") for task in TASKS],
        settings={"model": "m"},
    )
    answered = [
        Answered(
            task_id=task.id,
            response=response,
            correct=response == GOOD,
            reason="",
            recognised=None,
            completion_tokens=9,
            finish_reason="stop",
        )
        for task, response in zip(TASKS, ANSWERS, strict=True)
    ]
    add_answers(library, made.id, answered)
    return made.id


def test_each_answer_is_read_by_what_its_family_has(library, evaluation):
    found = [
        (one.family, one.reading.checker, one.reading.first_incorrect)
        for one in read_answers(library, evaluation)
    ]
    assert found == [("cups", "words", None), ("cups", "words", 1), ("sums", "none", None)]
    set_checker(library, "sums", "arithmetic")
    found = [(one.reading.checker, one.reading.first_incorrect) for one in read_answers(library, evaluation)]
    assert found == [("words", None), ("words", 1), ("arithmetic", 1)]
    faults = first_faults(library, evaluation)
    assert list(faults) == ["cups", "sums", "overall"]
    assert (faults["cups"].clean, dict(faults["cups"].by_fault)) == (1, {"differs": 1})
    assert dict(faults["overall"].by_place) == {1: 2}


def test_a_checker_is_chosen_for_a_family_and_taken_back(library):
    assert family_checker(library, "sums") == "auto"
    assert set_checker(library, "sums", "order") == "auto"
    assert set_checker(library, "sums", "quotes") == "order"
    assert family_checkers(library) == {"sums": "quotes"}
    renamed = rename_family(library, "sums", "additions")
    assert family_checkers(library) == {"additions": "quotes"}
    undo_rename(library, renamed)
    assert set_checker(library, "sums", "auto") == "quotes"
    assert family_checkers(library) == {}
    with pytest.raises(UserError, match="no family named nope"):
        set_checker(library, "nope", "order")
    with pytest.raises(UserError, match="no checker 'sum'"):
        set_checker(library, "sums", "sum")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(commands, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_shows_the_steps_and_counts_the_faults(library, evaluation):
    folder = str(library.folder)
    library.close()
    text = run("evaluate", "answers", evaluation, "--library", folder, "--only", "all incorrect")
    assert "first incorrect: 1" in text and "It should be: more, 40 + 9 = 49." in text
    rows = json.loads(run("evaluate", "answers", evaluation, "--library", folder, "--json"))
    assert [row["first_incorrect"] for row in rows] == [None, 1, None]
    assert all("".join(step["text"] for step in row["steps"]) == row["response"] for row in rows)
    assert [step["outcome"] for step in rows[0]["steps"]] == ["correct"] * 3
    args = ("evaluate", "answers", evaluation, "--library", folder, "--checker", "arithmetic", "--json")
    assert [row["first_incorrect"] for row in json.loads(run(*args))] == [None, 2, 1]
    faults = json.loads(run("evaluate", "answers", evaluation, "--library", folder, "--faults", "--json"))
    assert faults["overall"]["by_place"] == {"1": 1}
    assert "1 answer of 3 with an incorrect step" in run(
        "evaluate", "answers", evaluation, "--library", folder, "--faults"
    )


def test_the_command_says_that_there_is_no_such_evaluation(library):
    folder = str(library.folder)
    library.close()
    result = CliRunner().invoke(commands, ["evaluate", "answers", "evaluate-99", "--library", folder])
    assert result.exit_code != 0 and "evaluate-99" in str(result.exception or result.output)


def test_families_take_a_checker_by_command(library):
    folder = str(library.folder)
    library.close()
    rows = json.loads(
        run("tasks", "families", "--family", "sums", "--checker", "order", "--library", folder, "--json")
    )
    assert {row["family"]: row["checker"] for row in rows}["sums"] == "order"
    result = CliRunner().invoke(commands, ["tasks", "families", "--checker", "order", "--library", folder])
    assert result.exit_code == 2 and "go together" in result.output


def test_grading_a_file_lists_the_steps(tmp_path: Path):
    file = tmp_path / "answers.jsonl"
    file.write_text(
        json.dumps({"response": "3 + 4 = 8\nAnswer: 8", "reference": "7"}) + "\n", encoding="utf-8"
    )
    text = run("grade", str(file), "--steps", "--checker", "arithmetic")
    assert "1 ✗ 3 + 4 = 8" in text and "It says 3 + 4 = 8, but the value is 7." in text
    row = json.loads(run("grade", str(file), "--steps", "--json").splitlines()[0])
    assert (row["line"], row["checker"], [step["outcome"] for step in row["steps"]]) == (
        1,
        "none",
        ["unchecked"] * 2,
    )
    assert set(json.loads(run("grade", str(file), "--json"))) == {"line", "verdict", "problem"}
