"""The bundled files: what they must hold, and that the recipe still writes the sample tasks as they are."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from models.recipe import tasks
from models.recipe.minis import SEED
from models.recipe.problem import WORKED_ANSWER, WORKED_EXAMPLE, Problem, is_heldout

ROOT = Path(__file__).resolve().parents[2]
TASKS = sorted((ROOT / "resources" / "tasks").glob("*.jsonl"))
LARGEST = 10 * 2**20


def rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_recipe_writes_the_bundled_tasks(tmp_path: Path) -> None:
    tasks.write_tasks(tmp_path, SEED)
    assert [path.name for path in TASKS] == sorted(path.name for path in tmp_path.iterdir())
    for path in TASKS:
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


def test_the_worked_example_comes_first_and_word_for_word() -> None:
    (row,) = rows(TASKS[0])
    assert (row["query"], row["answer"], row["split"]) == (WORKED_EXAMPLE, WORKED_ANSWER, "heldout")


@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.stem)
def test_the_split_of_every_task_is_that_of_its_text(path: Path) -> None:
    for row in rows(path):
        problem = Problem(
            family=row["family"],
            context=row.get("context", ""),
            query=row["query"],
            answer=row["answer"],
            answer_kind=row["answer_kind"],
            work="",
            topic="",
        )
        assert is_heldout(problem) == (row["split"] == "heldout")


@pytest.mark.parametrize(
    "name",
    [
        "mini-teacher/mini-teacher.gguf",
        "mini-teacher/README.md",
        "mini-student/mini-student.gguf",
        "mini-student/model.safetensors",
        "mini-student/tokenizer.json",
        "mini-student/README.md",
    ],
)
def test_the_bundled_models_are_there_and_small(name: str) -> None:
    assert 1000 < (ROOT / "models" / name).stat().st_size < LARGEST


def test_the_students_tokenizer_has_nearly_every_word_of_the_worked_example() -> None:
    tokenizer = Tokenizer.from_file(str(ROOT / "models" / "mini-student" / "tokenizer.json"))
    text = tokenizer.encode(WORKED_EXAMPLE, add_special_tokens=False)
    words = WORKED_EXAMPLE.replace(".", " .").replace(",", " ,").replace("?", " ?").split()
    assert len(text.ids) <= 1.1 * len(words)
    assert tokenizer.decode(text.ids) == WORKED_EXAMPLE
