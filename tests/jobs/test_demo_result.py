"""What the demo found comes back from its file as it was written."""

import json
from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.jobs.demo import Demo, Worked, result_file, summary
from orca_desk.jobs.demo_result import read_result
from orca_desk.jobs.evaluation import Evaluated, Score
from orca_desk.method.grading import Verdict
from orca_desk.method.statistics import compare, share_of


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


def test_the_result_comes_back(tmp_path: Path) -> None:
    assert read_result(tmp_path) is None
    made = small_demo(tmp_path)
    result_file(tmp_path).write_text(json.dumps(summary(made)), encoding="utf-8")
    found = read_result(tmp_path)
    assert found is not None
    assert list(found.scores["tuned"]) == ["belief", "words", "overall"]
    assert found.scores["tuned"]["overall"] == made.tuned.overall
    assert found.shares("base")["words"] == share_of(3, 10)
    assert found.runs == {"base": "evaluate-1", "tuned": "evaluate-2", "teacher": "evaluate-3"}
    assert (found.gain, found.gap) == (made.gain, made.gap)
    assert (found.adherence, found.adherence_of) == (0.9, 20)
    assert (found.question, found.worked) == (made.question, made.worked)
    assert found.seconds == 3.0


@pytest.mark.parametrize("text", ["", "{}", "[]", "{nonsense", '{"adherence_interval": 1}'])
def test_a_damaged_file_is_refused_with_a_remedy(tmp_path: Path, text: str) -> None:
    result_file(tmp_path).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"demo\.json cannot be read"):
        read_result(tmp_path)
