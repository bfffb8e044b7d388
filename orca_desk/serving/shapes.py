"""The parts that OpenAI's responses have in common."""

import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from orca_desk.serving.refusals import ApiError
from orca_desk.teacher.engine import Completion

DONE = "data: [DONE]\n\n"
LOWEST = -9999.0  # JSON has no minus infinity


@dataclass(frozen=True)
class Head:
    """What every response and every piece of one begins with."""

    kind: str
    model: str
    prefix: str
    id: str = field(default_factory=lambda: secrets.token_hex(12))
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def key(self) -> str:
        """The response's id, unique."""
        return f"{self.prefix}-{self.id}"

    def body(self, choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        """Return a response, or a piece of one."""
        return {
            "id": self.key,
            "object": self.kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        } | more


def usage(answers: Sequence[Completion], *, choices: int, extra: int = 0) -> dict[str, int]:
    """Return the token counts; a prompt with several `choices` counts once, `extra` tokens do not count."""
    prompt = sum(answer.prompt_tokens for answer in answers[::choices])
    completion = sum(answer.completion_tokens for answer in answers) - extra
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def event(body: dict[str, Any]) -> str:
    """Return one server-sent event."""
    return f"data: {json.dumps(body, separators=(',', ':'), allow_nan=False)}\n\n"


def error_event(error: ApiError) -> str:
    """Return the event for a failure in the middle of a stream."""
    return event(error.body())


def finite(logprob: float) -> float:
    """Return a log-probability that JSON can carry."""
    return max(logprob, LOWEST)
