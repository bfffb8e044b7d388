"""The sample tasks that a new library starts with: the worked example, then every family's own file."""

import json
from pathlib import Path
from random import Random

from models.recipe.families import FAMILIES, draw
from models.recipe.problem import WORKED_ANSWER, WORKED_EXAMPLE, Problem

TRAIN, HELDOUT = 320, 60


def write_tasks(folder: Path, seed: int) -> None:
    """Write NN-family.jsonl for every family, and the worked John-and-Mark example before them."""
    folder.mkdir(parents=True, exist_ok=True)
    worked = {
        "family": "belief",
        "query": WORKED_EXAMPLE,
        "answer": WORKED_ANSWER,
        "answer_kind": "keyed",
        "tags": ["worked-example"],
        "split": "heldout",
    }
    _write(folder / "00-john-and-mark.jsonl", [worked])
    for number, family in enumerate(FAMILIES, start=1):
        rows = [as_task(problem, "train") for problem in distinct(family, seed, TRAIN, heldout=False)]
        rows += [as_task(problem, "heldout") for problem in distinct(family, seed, HELDOUT, heldout=True)]
        _write(folder / f"{number:02}-{family}.jsonl", rows)


def distinct(family: str, seed: int, count: int, *, heldout: bool) -> list[Problem]:
    """Return `count` different problems of a family from one side of the border."""
    rng = Random(f"tasks {family} {heldout} {seed}")
    problems: dict[str, Problem] = {}
    while len(problems) < count:
        problem = draw(family, rng, heldout=heldout)
        problems.setdefault(problem.user_text, problem)
    return list(problems.values())


def as_task(problem: Problem, split: str) -> dict[str, object]:
    """Return a problem as a row of a task file."""
    row: dict[str, object] = {"family": problem.family}
    if problem.context:
        row["context"] = problem.context
    return row | {
        "query": problem.query,
        "answer": problem.answer,
        "answer_kind": problem.answer_kind,
        "split": split,
    }


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
