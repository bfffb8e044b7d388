"""The outcome of an evaluation, as its run stores it; ui/words/outcomes.py words it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from orca_desk.library.repeats import Repeats

UNKNOWN = "an unrecorded engine before the evaluation was resumed"


@dataclass(frozen=True, kw_only=True)
class EvaluationOutcome:
    """How many of the graded answers are correct, and how many tasks could not be asked, by reason.

    Those count as incorrect; they are not among the `graded` answers. `engines` says by what, and on which
    device, the answers were computed, also before the evaluation was resumed. `repeats` tells how many of the
    questions the model was trained on; None where that is not known, or where there was no training.
    """

    correct: int
    graded: int
    failed: Mapping[str, int]
    engines: Sequence[str] = ()
    repeats: Repeats | None = None

    def to_json(self) -> str:
        """Return the outcome as JSON; see `evaluation_from_json`."""
        return json.dumps({"evaluated": asdict(self)}, ensure_ascii=False)


def earlier_engines(outcome: str) -> Sequence[str]:
    """Return what computed the answers of an evaluation that ended with `outcome`, to be resumed.

    A program that was killed, or a run that failed, has stored no names.
    """
    found = evaluation_from_json(outcome)
    return found.engines if found and found.engines else (UNKNOWN,)


def evaluation_from_json(text: str) -> EvaluationOutcome | None:
    """Return what `to_json` wrote, or None for any other text."""
    try:
        stored = json.loads(text)["evaluated"]
        repeats = stored.get("repeats")
        return EvaluationOutcome(**{**stored, "repeats": Repeats(**repeats) if repeats else None})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
