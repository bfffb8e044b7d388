"""Records for tests of training: short arithmetic, of uneven length."""

import json
from pathlib import Path
from typing import Any, Literal

import pytest

from orca_desk.student.settings import TrainSettings

SYSTEM = "You are a cautious assistant."


def make_records(count: int) -> list[dict[str, str]]:
    """Return `count` records whose answers are one to four sentences long."""
    records = []
    for index in range(count):
        sentences = " ".join(f"Step {k}: {index} + {k} = {index + k}." for k in range(1, 2 + index % 4))
        user, answer = f"What is {index} + 1?", f"{sentences} Answer: {index + 1}"
        records.append({"id": f"r{index}", "system": SYSTEM, "user": user, "assistant": answer})
    return records


def write_records(path: Path, records: list[dict[str, Any]]) -> Path:
    """Write the records as JSONL and return the path."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def quick(**changes: Any) -> TrainSettings:
    """Return settings for a run of seconds on a tiny model."""
    values: dict[str, Any] = {
        "rank": 4,
        "learning_rate": 1e-2,
        "epochs": 2,
        "batch_tokens": 512,
        "eval_fraction": 0.1,
        "eval_every": 4,
        "checkpoint_every": 3,
        "threads": 1,
        "dtype": "float32",
    }
    return TrainSettings(**values | changes)


def require_engine(name: str) -> str:
    """Return the name of an engine of training; skip the test where its library is not installed."""
    if name == "mlx":
        pytest.importorskip("mlx_lm", reason="MLX is not installed")
    return name


class Going:
    """A control that lets `steps` polls pass and then says `then` (never, if `steps` is None)."""

    def __init__(self, steps: int | None = None, then: Literal["pause", "stop"] = "stop") -> None:
        self.left, self.then, self.waits = steps, then, 0

    @property
    def state(self) -> Literal["run", "pause", "stop"]:
        """Return "run" until the polls are used up."""
        if self.left is None:
            return "run"
        self.left -= 1
        return "run" if self.left >= 0 else self.then

    def proceed(self) -> bool:
        """Resume at once, counting that a wait took place."""
        self.waits += 1
        self.left = None
        return self.then != "stop"
