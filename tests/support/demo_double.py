"""A demo as it could end, without the minutes it takes."""

from pathlib import Path

from orca_desk.method.grading import Verdict
from orca_desk.method.statistics import compare, share_of
from orca_desk.steps.demo.walk import Demo, Worked
from orca_desk.steps.evaluate.evaluation import Evaluated, Score


def evaluated(run: str, right: int) -> Evaluated:
    """An evaluation of two families with `right` of ten right in each."""
    score = Score(right=share_of(right, 10), mean_tokens=12.5)
    overall = Score(right=share_of(2 * right, 20), mean_tokens=12.5)
    return Evaluated(
        run=run,
        families={"words": score, "belief": score},
        overall=overall,
        adherence=share_of(18, 20),
        cut=0,
        failed={},
        seconds=1.0,
        finished=True,
    )


def small_demo(folder: Path) -> Demo:
    """A demo as it could end."""
    base, tuned, teacher = (evaluated(f"evaluate-{n}", right) for n, right in ((1, 3), (2, 9), (3, 10)))
    worked = Worked(
        answer="The box.", verdict=Verdict(correct=True, kind="text", answer="box", reason="Yes.")
    )
    return Demo(
        base=base,
        tuned=tuned,
        teacher=teacher,
        adherence=tuned.adherence,
        gain=compare([True] * 20, [True] * 6 + [False] * 14),
        gap=compare([True] * 20, [True] * 18 + [False] * 2),
        pairings={"belief": "step-by-step", "words": "direct"},
        question="Where is the ball?",
        worked={"base": worked, "tuned": worked},
        model=folder / "student.gguf",
        adapter=folder / "adapter.gguf",
        seconds={"train": 2.0, "total": 3.0},
    )
