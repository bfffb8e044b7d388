"""The outcome of a check as libraries hold it from before there was the gate's table."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class EarlierCheck:
    """What such a check found. `agree` is None for a quantised file, which was not judged."""

    agree: bool | None
    prompts: int
    tokens: int
    tokens_equal: int


def earlier_from_json(text: str) -> EarlierCheck | None:
    """Return the check whose outcome `text` is, or None where it is something else."""
    if not text.startswith("{"):
        return None
    try:
        stored = json.loads(text)
        tuned = stored["adapter"]
        return EarlierCheck(
            agree=stored["agree"],
            prompts=int(tuned["prompts"]),
            tokens=int(tuned["tokens"]),
            tokens_equal=int(tuned["tokens_equal"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
