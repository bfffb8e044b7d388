"""The result of a small demo, without the minutes that a demo takes."""

from pathlib import Path

from orca_desk.method.grading import Verdict
from orca_desk.method.statistics import compare, share_of
from orca_desk.steps.demo.result import DemoResult, WorkedExample
from orca_desk.steps.evaluate.scoring import OVERALL, Score


def scores(correct: int) -> dict[str, Score]:
    """Return the scores of two families with `correct` of ten answers correct in each."""
    score = Score(accuracy=share_of(correct, 10), mean_tokens=12.5)
    return {
        "belief": score,
        "words": score,
        OVERALL: Score(accuracy=share_of(2 * correct, 20), mean_tokens=12.5),
    }


def small_demo(folder: Path) -> DemoResult:
    """Return a result as a demo in `folder` could have it."""
    worked = WorkedExample(
        answer="The box.", verdict=Verdict(correct=True, kind="text", answer="box", reason="Yes.")
    )
    return DemoResult(
        scores={"base": scores(3), "tuned": scores(9), "teacher": scores(10)},
        runs={"base": "evaluate-1", "tuned": "evaluate-2", "teacher": "evaluate-3"},
        adherence=share_of(18, 20),
        gain=compare([True] * 20, [True] * 6 + [False] * 14),
        gap=compare([True] * 20, [True] * 18 + [False] * 2),
        pairings={"belief": "step-by-step", "words": "direct"},
        question="Where is the ball?",
        worked={"base": worked, "tuned": worked},
        model=folder / "student.gguf",
        adapter=folder / "adapter.gguf",
        seconds={"train": 2.0, "total": 3.0},
    )
