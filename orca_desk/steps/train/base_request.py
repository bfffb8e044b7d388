"""What the user asks of a measurement of the untrained student, and what came of it; stored with the run."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.records import Sampling
from orca_desk.steps.stored_request import StoredRequest

KIND = "measure-base"
SAMPLES = 4
MEASURE_SAMPLING = Sampling(temperature=0.7, max_tokens=256)


@dataclass(frozen=True, kw_only=True)
class BaseRequest(StoredRequest):
    """Which student is asked which training tasks how often, under which system message.

    `families` None means all. 0 for `per_family`: all tasks. Stored with the run, to resume it.
    """

    model: str
    families: tuple[str, ...] | None = None
    per_family: int = 0
    samples: int = SAMPLES
    instruction: str = CAUTIOUS
    sampling: Sampling = field(default_factory=lambda: MEASURE_SAMPLING)
    batch: int = 0
    context: int = 0
    threads: int = 0

    @classmethod
    def values_of(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        """See StoredRequest."""
        families = stored["families"]
        return {**super().values_of(stored), "families": None if families is None else tuple(families)}


@dataclass(frozen=True, kw_only=True)
class BaseMeasured:
    """How the student did: `base` is the SHA-256 of its file, by which a snapshot's rules name it.

    `always` and `never` count the tasks that all samples solved, or none. `failed` answers could not be
    generated, or not be graded, by reason. `finished` is False when the job was stopped.
    """

    run: str
    base: str
    tasks: int
    answers: int
    correct: int
    always: int
    never: int
    failed: Mapping[str, int]
    finished: bool

    def to_json(self) -> str:
        """Return the result as the outcome of its run."""
        return json.dumps({KIND: asdict(self)})


def measured_from_json(stored: str) -> BaseMeasured | None:
    """Return what `to_json` wrote; None for any other outcome."""
    if not stored.startswith(f'{{"{KIND}"'):
        return None
    return BaseMeasured(**json.loads(stored)[KIND])
