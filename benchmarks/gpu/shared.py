"""What both sides of a training share: records, their tokens and masks, and settings."""

import json
from pathlib import Path
from typing import Any

from benchmarks.gpu.sections import Section
from benchmarks.gpu.sizes import RANK, Scale
from benchmarks.training import make_records
from orca_desk.student.settings import TrainSettings

DIFFERENT = 1000  # records; more of them repeat these
EPOCHS = 20  # more than are measured


def settings(sizes: Scale, **changes: Any) -> TrainSettings:
    """Return the settings that both sides share."""
    values: dict[str, Any] = {
        "rank": RANK,
        "epochs": EPOCHS,
        "batch_tokens": sizes.batch_tokens,
        "eval_fraction": 0.0,
        "checkpoint_every": 0,
        "warmup": 0.0,
        "schedule": "constant",
        "dtype": sizes.dtype,
        "gradient_checkpointing": "off",
        "keep_best": False,
    }
    return TrainSettings(**values | changes)


def records(section: Section, count: int) -> Path:
    """Write as many records of the bundled tasks, some of them more than once."""
    path = section.out / f"records-{count}.jsonl"
    if not path.is_file():
        some = make_records(min(count, DIFFERENT))
        lines = [json.dumps(some[n % len(some)] | {"id": str(n)}) for n in range(count)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
