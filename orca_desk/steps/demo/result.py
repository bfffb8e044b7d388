"""The result of a finished demo, read back from the library's folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting
from orca_desk.method.grading import Verdict
from orca_desk.method.statistics import Comparison, Share
from orca_desk.steps.demo.place import result_file
from orca_desk.steps.demo.walk import Worked
from orca_desk.steps.evaluate.evaluation import Score

MODELS = ("base", "tuned", "teacher")
OVERALL = "overall"


@dataclass(frozen=True, kw_only=True)
class DemoResult:
    """What a finished demo found.

    `scores[model][family]` for MODELS, the family OVERALL among them, last; `runs` are the evaluations' ids.
    `adherence` is the share of `adherence_of` held-out tasks in which the tuned student, told nothing, chose
    the paired strategy. `gain` is tuned minus base, `gap` teacher minus tuned. `worked` has the answers of
    "base" and "tuned" to `question`.
    """

    scores: Mapping[str, Mapping[str, Score]]
    runs: Mapping[str, str]
    pairings: Mapping[str, str]
    adherence: float
    adherence_interval: tuple[float, float]
    adherence_of: int
    gain: Comparison
    gap: Comparison
    question: str
    worked: Mapping[str, Worked]

    def shares(self, model: str) -> dict[str, Share]:
        """Return a model's share of right answers by family."""
        return {family: score.right for family, score in self.scores[model].items()}


def read_result(folder: Path) -> DemoResult | None:
    """Return the result of the demo that was finished in a library's folder; None where there is none.

    Raises UserError when its file cannot be read.
    """
    path = result_file(folder)
    try:
        return _result(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"The demo's result in {path} cannot be read.",
            "Its records, training and evaluations are safe; delete the file to run the demo once more.",
        ) from error


def demo_training(library: Library) -> str | None:
    """Return the id of the demo's training in a library; None where there is none."""
    left: dict[str, str] | None = get_setting(library, "demo.train")
    return left["run"] if left else None


def _result(kept: dict[str, Any]) -> DemoResult:
    low, high = kept["adherence_interval"]
    return DemoResult(
        scores={who: _scores(kept[who]) for who in MODELS},
        runs={who: str(kept[who]["run"]) for who in MODELS},
        pairings=dict(kept["pairings"]),
        adherence=float(kept["adherence"]),
        adherence_interval=(float(low), float(high)),
        adherence_of=int(kept["adherence_of"]),
        gain=Comparison(**kept["tuned_minus_base"]),
        gap=Comparison(**kept["teacher_minus_tuned"]),
        question=str(kept["question"]),
        worked={
            who: Worked(answer=one["answer"], verdict=Verdict(**one["verdict"]))
            for who, one in kept["worked_example"].items()
        },
    )


def _scores(kept: dict[str, Any]) -> dict[str, Score]:
    families = {name: _score(one) for name, one in sorted(kept["families"].items())}
    return {**families, OVERALL: _score(kept["overall"])}


def _score(kept: dict[str, Any]) -> Score:
    return Score(right=Share(**kept["right"]), mean_tokens=float(kept["mean_tokens"]))
