"""The outcome of an experiment, as its run stores it; ui/words/outcomes.py words it."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class ExperimentOutcome:
    """How many of its trainings and evaluations are done. `failed` counts the trainings that cannot be."""

    trained: int
    trainings: int
    evaluated: int
    evaluations: int
    failed: int

    def to_json(self) -> str:
        """Return the outcome as JSON; see `experiment_from_json`."""
        return json.dumps({"experiment": asdict(self)}, ensure_ascii=False)


def experiment_from_json(text: str) -> ExperimentOutcome | None:
    """Return what `to_json` wrote, or None for any other text."""
    try:
        return ExperimentOutcome(**json.loads(text)["experiment"])
    except (ValueError, KeyError, TypeError):
        return None
