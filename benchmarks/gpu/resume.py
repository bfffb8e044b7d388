"""A training that is killed after its first checkpoint and resumed, against one that was left alone.

As a program, `python -m benchmarks.gpu.resume BASE RECORDS FOLDER`, it trains to the end: what is killed.
"""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.gpu.budget import ROOT
from benchmarks.gpu.sections import Section
from benchmarks.gpu.shared import records, settings
from benchmarks.gpu.sizes import scale
from benchmarks.gpu.timed import Timed
from orca_desk.inventory.bundled import mini_student

RECORDS, BATCH_TOKENS = 24, 1024


def measure(section: Section) -> None:
    """Train the bundled student on the device twice, killing one of them, and compare both adapters."""
    import numpy as np
    from safetensors.numpy import load_file

    whole, killed = section.out / "resume-whole", section.out / "resume-killed"
    for folder in (whole, killed):
        shutil.rmtree(folder, ignore_errors=True)
    if _start(section, whole).wait():
        raise RuntimeError("the training failed")
    process = _start(section, killed)
    while process.poll() is None and not list(killed.glob("checkpoints/step-*/manifest.json")):
        time.sleep(0.02)
    was_running = process.poll() is None
    process.kill()
    process.wait()
    if _start(section, killed).wait():
        raise RuntimeError("the resumed training failed")
    one, other = (load_file(folder / "adapter" / "adapter_model.safetensors") for folder in (whole, killed))
    apart = float(np.sqrt(sum(np.square(one[name] - other[name]).sum() for name in one)))
    size = float(np.sqrt(sum(np.square(value).sum() for value in one.values())))
    report = json.loads((killed / "report.json").read_text("utf-8"))
    section.note(
        trained_on=report["device"],
        killed_while_running=was_running,
        resumed_step=report["resumed_step"],
        equal_bit_for_bit=apart == 0.0,
        adapters_apart=apart / size,
        repeats_exactly=report.get("repeats_exactly", True),
        resumed_within=report.get("resumed_within", 0.0),
    )


def _start(section: Section, folder: Path) -> subprocess.Popen[bytes]:
    """Start a training in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.gpu.resume"]
    command += [str(mini_student()), str(records(section, RECORDS)), str(folder)]
    return subprocess.Popen(command, cwd=ROOT)


def train_to_the_end(base: Path, path: Path, folder: Path) -> dict[str, Any]:
    """Train on all records, with a checkpoint every other step; return and write the report."""
    from orca_desk.student.train import train

    report: dict[str, Any] = {}

    def listen(event: dict[str, Any]) -> None:
        if event["event"] == "report":
            report.update(event)

    chosen = settings(
        scale(), epochs=1, checkpoint_every=2, batch_tokens=BATCH_TOKENS, compile="off", dtype="auto"
    )
    control: Any = Timed(float("inf"))
    train(base=base, records=path, out=folder, settings=chosen, emit=listen, control=control)
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    return report


if __name__ == "__main__":
    train_to_the_end(*map(Path, sys.argv[1:4]))
