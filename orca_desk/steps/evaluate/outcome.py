"""The outcome of an evaluation, as its run stores it; ui/words/outcomes.py words it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class EvaluationOutcome:
    """How many of the graded answers are correct, and how many tasks could not be asked, by reason.

    Those count as incorrect; they are not among the `graded` answers. `engines` says by what, and on which
    device, the answers were computed since the evaluation was started or resumed.
    """

    correct: int
    graded: int
    failed: Mapping[str, int]
    engines: Sequence[str] = ()

    def to_json(self) -> str:
        """Return the outcome as JSON; see `evaluation_from_json`."""
        return json.dumps({"evaluated": asdict(self)}, ensure_ascii=False)


def evaluation_from_json(text: str) -> EvaluationOutcome | None:
    """Return what `to_json` wrote, or None for any other text."""
    try:
        return EvaluationOutcome(**json.loads(text)["evaluated"])
    except (ValueError, KeyError, TypeError):
        return None
