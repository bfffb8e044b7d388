"""The result of a finished demo: what it holds, how it is written to the library's folder and read back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.files import atomic_write
from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting
from orca_desk.method.grading import Verdict
from orca_desk.method.statistics import Comparison, Share
from orca_desk.steps.demo.state import DemoStudent, demo_setting, result_file
from orca_desk.steps.evaluate.scoring import OVERALL, Evaluated, Score

MODELS = ("base", "tuned", "teacher")


@dataclass(frozen=True, kw_only=True)
class WorkedExample:
    """A model's answer to the worked example, and its verdict."""

    answer: str
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class DemoResult:
    """What a finished demo found.

    `scores[model][family]` holds a score for each of MODELS; the last family is OVERALL. `runs` are the ids
    of the evaluations. `adherence` is the share of held-out tasks in which the tuned student chose the paired
    strategy without being told one. `gain` is tuned minus base, `gap` is teacher minus tuned. `worked` holds
    the answers of "base" and "tuned" to `question`. `student` is whom the demo trained; `model` and `adapter`
    are its GGUF files. `seconds` are the times of the stages, those of earlier, interrupted calls included.
    """

    scores: Mapping[str, Mapping[str, Score]]
    runs: Mapping[str, str]
    pairings: Mapping[str, str]
    adherence: Share
    gain: Comparison
    gap: Comparison
    question: str
    worked: Mapping[str, WorkedExample]
    model: Path
    adapter: Path
    seconds: Mapping[str, float]
    student: DemoStudent = "mini"

    @property
    def finished(self) -> bool:
        """Whether the demo came to its end: only then is there a result."""
        return True

    def shares(self, model: str) -> dict[str, Share]:
        """Return a model's share of correct answers by family."""
        return {family: score.accuracy for family, score in self.scores[model].items()}

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON values: {"base", "tuned", "teacher", "adherence", "seconds", ...}."""
        return {
            **{model: self._model_as_json(model) for model in MODELS},
            "adherence": self.adherence.share,
            "adherence_interval": [self.adherence.low, self.adherence.high],
            "adherence_of": self.adherence.n,
            "tuned_minus_base": asdict(self.gain),
            "teacher_minus_tuned": asdict(self.gap),
            "pairings": dict(self.pairings),
            "question": self.question,
            "worked_example": {who: asdict(one) for who, one in self.worked.items()},
            "model": str(self.model),
            "adapter": str(self.adapter),
            "seconds": dict(self.seconds),
            "student": self.student,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "DemoResult":
        """Read what `as_json` returned. Raises KeyError, TypeError or ValueError for anything else."""
        low, high = stored["adherence_interval"]
        share, n = float(stored["adherence"]), int(stored["adherence_of"])
        return cls(
            scores={model: _read_scores(stored[model]) for model in MODELS},
            runs={model: str(stored[model]["run"]) for model in MODELS},
            pairings=dict(stored["pairings"]),
            adherence=Share(correct=round(share * n), n=n, share=share, low=float(low), high=float(high)),
            gain=Comparison(**stored["tuned_minus_base"]),
            gap=Comparison(**stored["teacher_minus_tuned"]),
            question=str(stored["question"]),
            worked={
                who: WorkedExample(answer=one["answer"], verdict=Verdict(**one["verdict"]))
                for who, one in stored["worked_example"].items()
            },
            model=Path(stored["model"]),
            adapter=Path(stored["adapter"]),
            seconds=dict(stored["seconds"]),
            student="real" if stored.get("student") == "real" else "mini",  # older results name none
        )

    def _model_as_json(self, model: str) -> dict[str, Any]:
        families = {family: _score_as_json(score) for family, score in self.scores[model].items()}
        return {"run": self.runs[model], OVERALL: families.pop(OVERALL), "families": families}


def scores_of(found: Evaluated) -> dict[str, Score]:
    """Return the scores of an evaluation by family, in alphabetical order, with OVERALL as the last."""
    return {**dict(sorted(found.families.items())), OVERALL: found.overall}


def write_result(library: Library, found: DemoResult) -> None:
    """Write a result to the library's folder. From then on the demo counts as finished there."""
    path = result_file(library.folder, found.student)
    atomic_write(path, json.dumps(found.as_json(), ensure_ascii=False, indent=2))


def read_result(folder: Path, student: DemoStudent = "mini") -> DemoResult | None:
    """Return the result of the demo of a student that finished in a library's folder, or None.

    Raises UserError when its file cannot be read.
    """
    path = result_file(folder, student)
    try:
        return DemoResult.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"The demo's result in {path} cannot be read.",
            "Its records, training and evaluations are safe. Delete the file to run the demo again.",
        ) from error


def demo_training(library: Library, student: DemoStudent = "mini") -> str | None:
    """Return the id of the training of a student's demo in a library, or None."""
    left: dict[str, str] | None = get_setting(library, demo_setting(student, "train"))
    return left["run"] if left else None


def _read_scores(stored: dict[str, Any]) -> dict[str, Score]:
    families = {name: _read_score(one) for name, one in sorted(stored["families"].items())}
    return {**families, OVERALL: _read_score(stored[OVERALL])}


def _read_score(stored: dict[str, Any]) -> Score:
    return Score(accuracy=Share(**stored["right"]), mean_tokens=float(stored["mean_tokens"]))


def _score_as_json(score: Score) -> dict[str, Any]:
    return {"right": asdict(score.accuracy), "mean_tokens": score.mean_tokens}
