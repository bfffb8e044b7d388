"""Where a training was stopped, as its run stores it; ui/words/outcomes.py words it."""

import json
from enum import StrEnum


class StoppedAt(StrEnum):
    """The step of a training at which it was stopped."""

    TRAINING = "training"  # resumes from its newest checkpoint
    CHECK = "check"  # the adapter is trained, but not exported and checked

    def to_json(self) -> str:
        """Return the outcome as JSON; see `stopped_from_json`."""
        return json.dumps({"stopped": self.value})


def stopped_from_json(text: str) -> StoppedAt | None:
    """Return what `to_json` wrote, or None for any other text."""
    try:
        return StoppedAt(json.loads(text)["stopped"])
    except (ValueError, KeyError, TypeError):
        return None
