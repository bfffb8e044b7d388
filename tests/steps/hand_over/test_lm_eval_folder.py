"""lm-eval loads the folders that are written for it, and scores answers by what stands in them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from new_library import new_library

from orca_desk.library.tasks import add_tasks
from orca_desk.method.records import Task
from orca_desk.steps.hand_over.hand_over import hand_over
from orca_desk.steps.hand_over.request import HandOverRequest

TASKS = [
    Task(family="sums", query="What is 3 plus 4?", answer="7", answer_kind="number"),
    Task(family="sums", query="What is 1000 plus 4?", answer="1,004", answer_kind="number"),
    Task(family="sums", query="What is 2 plus 4?", answer="6", answer_kind="number"),
    Task(family="quiz", query="Which is a fruit?\nA) iron\nB) apple", answer="B", answer_kind="choice"),
    Task(family="places", query="What is the capital of France?", answer="Paris"),
    Task(family="places", query="Is it?"),
]
ANSWERS = {
    "What is 3 plus 4?": "3 plus 4 is 7.",
    "What is 1000 plus 4?": "It is 1004",
    "What is 2 plus 4?": "The answer is 8.",
    "Which is a fruit?\nA) iron\nB) apple": "Iron is none, so (B)",
    "What is the capital of France?": "It is well known.\n\nparis.",
}


@pytest.mark.filterwarnings("ignore")
def test_lm_eval_loads_and_scores_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lm_eval")
    folder = tmp_path / "My tasks"
    with new_library(tmp_path / "library") as library:
        add_tasks(library, TASKS)
        made = hand_over(library, HandOverRequest(table="tasks", format="lm-eval", path=folder))
    assert made is not None
    assert (made.written, made.left_out) == (5, {"no-answer": 1})
    assert made.splits == {"choice": 1, "number": 3, "text": 1}

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    import datasets
    from lm_eval.api.model import LM
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.tasks import TaskManager

    class Known(LM):  # type: ignore[misc]
        def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[str]:
            return [ANSWERS[one.doc["question"]] for one in requests]

        def loglikelihood(self, requests: Sequence[Any]) -> Any:
            raise NotImplementedError

        loglikelihood_rolling = loglikelihood

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(folder)
    found = simple_evaluate(
        model=Known(),
        tasks=["orca_desk_my_tasks"],
        task_manager=TaskManager(include_path=".", include_defaults=False),
        bootstrap_iters=0,
    )["results"]
    shares = {
        name.removeprefix("orca_desk_my_tasks"): values["exact_match,answer"]
        for name, values in found.items()
    }
    assert shares == {
        "": pytest.approx(4 / 5),
        "_number": pytest.approx(2 / 3),
        "_choice": 1,
        "_text": 1,
    }
