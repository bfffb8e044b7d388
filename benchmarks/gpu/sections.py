"""A section at work: what it is given, what it notes, and which function does it."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.gpu.sizes import Scale, scale


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section's name, the folder for its files, the sizes, and the time at which it should have ended."""

    name: str
    out: Path
    scale: Scale
    ends: float
    found: dict[str, Any] = field(default_factory=dict)

    def note(self, **facts: Any) -> None:
        """Write what is known so far, so that a section that is cut off has something to show."""
        self.found.update(facts)
        path = self.out / f"{self.name}.json"
        path.write_text(json.dumps(self.found) + "\n", encoding="utf-8")

    @property
    def left(self) -> float:
        """The seconds that it still has."""
        return self.ends - time.monotonic()


def run(name: str, out: Path, seconds: float) -> None:
    """Run a section, which writes what it finds to `out`/NAME.json."""
    ends = time.monotonic() + seconds
    section = Section(name=name, out=out, scale=scale(), ends=ends)
    module, _, size = name.partition("-")
    work: Callable[..., None] = import_module(f"benchmarks.gpu.{MODULES[module]}").measure
    work(section, *[size] if size else [])


MODULES = {
    "speed": "speed",
    "models": "bases",
    "ours": "ours",
    "trl": "trl_side",
    "resume": "resume",
    "parity": "parity",
    "generation": "generation",
}
