"""Training by Orca Desk: the layers as its race chooses, and compiled; or the small model on the CPU."""

import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.gpu.bases import base_of
from benchmarks.gpu.sections import Section
from benchmarks.gpu.shared import records, settings
from benchmarks.gpu.timed import Timed, forget
from orca_desk.student.settings import TrainSettings
from orca_desk.workers.settling import settle

FACTS = ("dtype", "device", "attention", "variant", "threads", "repeats_exactly", "repeats_within")
ON_CPU = 128  # records: as many as a few steps need


def measure(section: Section, size: str) -> None:
    """Measure the model of a size ("smollm", "1.5b"), or "cpu": the small one on this machine's CPU."""
    if size == "cpu":
        base, chosen = base_of(section, "smollm"), settings(section.scale, compile="off", dtype="auto")
        os.environ["ORCA_DESK_DEVICE"] = "cpu"
        section.note(ways={"on the CPU": _train(section, base, chosen, ON_CPU)})
        return
    base, ways = base_of(section, size), dict[str, Any]()
    for title, compiles in [("not compiled", "off"), ("compiled", "on")][: 2 if section.scale.is_gpu else 1]:
        try:
            chosen = settings(section.scale, compile=compiles)
            ways[title] = _train(section, base, chosen, section.scale.records)
        except Exception as error:  # whatever torch, a driver or a compiler raises
            ways[title] = {"failed": f"{type(error).__name__}: {error}"[:300]}
        forget()
        section.note(ways=ways)


def _train(section: Section, base: Path, chosen: TrainSettings, count: int) -> dict[str, Any]:
    from orca_desk.models.config import read_json
    from orca_desk.student.train import train

    timed, last, report = Timed(section.scale.seconds), {"tokens": 0, "trained_tokens": 0}, dict[str, Any]()

    def listen(event: dict[str, Any]) -> None:
        if event["event"] == "report":
            settle()
            report.update(event)
        if event["event"] == "metrics":
            timed.step(*(event[key] - last[key] for key in ("tokens", "trained_tokens")))
            last.update({key: event[key] for key in last})

    with tempfile.TemporaryDirectory() as folder:
        train(
            base=base,
            records=records(section, count),
            out=Path(folder) / "run",
            settings=chosen,
            emit=listen,
            control=timed,  # type: ignore[arg-type]
        )
        plan = read_json(Path(folder) / "run" / "run.json")
    facts = {key: report[key] for key in FACTS if key in report}
    return timed.result(base) | facts | {"raced": plan.get("raced")}
