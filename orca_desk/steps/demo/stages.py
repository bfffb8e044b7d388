"""The stages of the demo, in order. Light to import, so that the Home page can list them before it starts."""

from collections.abc import Mapping
from dataclasses import dataclass

from orca_desk.library.overview import Step

# Each stage with the step of the method that it belongs to
STAGES: Mapping[str, Step] = {
    "probe and pair": "pair",
    "generate": "instruct",
    "erase and freeze": "erase",
    "train": "train",
    "evaluate base": "test",
    "evaluate tuned": "test",
    "evaluate teacher": "test",
    "chat": "test",
}


@dataclass(frozen=True, kw_only=True)
class StageDone:
    """A finished stage: its name in STAGES, its outcome as a run stores it, and its seconds."""

    name: str
    outcome: str
    seconds: float
