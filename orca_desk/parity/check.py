"""Runs the check: one worker per side, one after the other, then the comparison of what they wrote."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orca_desk.parity.accounts import Reference, Served
from orca_desk.parity.comparison import make_report, tolerance_for
from orca_desk.parity.report import ParityReport
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Meter, Progress, silent
from orca_desk.prompts.messages import Message

PROMPTS = 50  # compared at most
TOKENS = 32  # of each answer
PASSES = 4  # each side without and with the adapter
STAGE = "checking in llama.cpp"  # that it answers as trained


def check_parity(
    *,
    base: Path,
    base_gguf: Path,
    adapter: Path,
    adapter_gguf: Path,
    prompts: Sequence[Sequence[Message]],
    progress: Progress = silent,
    control: JobControl | None = None,
    log: Path | None = None,
) -> ParityReport | None:
    """Compare a trained student (`base` folder, PEFT `adapter`) with its GGUF files on held-out prompts.

    Compares the first PROMPTS conversations and TOKENS greedy tokens of each answer. torch and llama.cpp
    run in their own processes. Returns None when the job was stopped. Raises UserError for a file that
    cannot be used.
    """
    tolerance = tolerance_for(base_gguf)
    chosen = [[[message.role, message.content] for message in turns] for turns in prompts[:PROMPTS]]
    meter = Meter(progress, stage=STAGE, total=PASSES * len(chosen), unit="answers")

    def on_events(events: list[dict[str, Any]]) -> None:
        meter.advance(sum(event["event"] == "compared" for event in events))

    with tempfile.TemporaryDirectory(prefix="orca-desk-") as name:
        folder = Path(name)
        common = {"conversations": chosen, "folder": name}
        serving = {"base_gguf": str(base_gguf), "adapter_gguf": str(adapter_gguf), "tokens": TOKENS}
        training = {"base": str(base), "adapter": str(adapter)}
        for worker, job in (("parity-served", common | serving), ("parity-reference", common | training)):
            if not run_worker(worker, job, on_events=on_events, control=control, log=log):
                return None
        return make_report(_read(folder, "base"), _read(folder, "adapter"), tolerance)


def _read(folder: Path, name: str) -> tuple[Reference, Served]:
    return Reference.load(folder / f"reference-{name}.npz"), Served.load(folder / f"served-{name}.npz")
