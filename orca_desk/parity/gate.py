"""The gate: does each file say what was trained? One worker per file, one for torch, then the table."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.parity.limits import is_quantised, limits_for
from orca_desk.parity.table import GateRow, GateTable, row_from_dict
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Meter, Progress, silent
from orca_desk.prompts.messages import Message

PROMPTS = 32  # compared at most
TOKENS = 64  # of each answer
STAGE = "checking in llama.cpp"  # that it answers as trained


@dataclass(frozen=True, kw_only=True)
class GateFile:
    """A file to check: a whole model, or a base model with the file of its adapter. `label` names its row."""

    label: str
    gguf: Path
    adapter_gguf: Path | None = None

    @property
    def quantised(self) -> bool:
        """Whether the model's weights are quantised. Raises UserError for a file that cannot be read."""
        return is_quantised(self.gguf)


def check_files(
    *,
    base: Path,
    adapter: Path,
    files: Sequence[GateFile],
    prompts: Sequence[Sequence[Message]],
    progress: Progress = silent,
    control: JobControl | None = None,
    log: Path | None = None,
) -> GateTable | None:
    """Compare a trained student (`base` folder, PEFT `adapter`) with `files` on held-out prompts.

    Compares the first PROMPTS conversations and TOKENS greedy tokens of each answer. torch and llama.cpp run
    in their own processes. Returns None when the job was stopped. Raises UserError for a file that cannot be
    used.
    """
    for file in files:
        limits_for(file.gguf)  # refuses a file before anything takes time
    chosen = [[[message.role, message.content] for message in turns] for turns in prompts[:PROMPTS]]
    passes = 2 * len(files) + 1
    meter = Meter(progress, stage=STAGE, total=passes * len(chosen), unit="answers")
    rows: list[GateRow] = []

    def on_events(events: list[dict[str, Any]]) -> None:
        rows.extend(row_from_dict(event["row"]) for event in events if event["event"] == "row")
        meter.advance(sum(event["event"] == "compared" for event in events))

    def run(worker: str, job: dict[str, Any]) -> bool:
        job |= {"conversations": chosen}
        return run_worker(worker, job, on_events=on_events, control=control, log=log)

    with tempfile.TemporaryDirectory(prefix="orca-desk-") as name:
        judged = []
        for number, file in enumerate(files):
            out = Path(name) / f"served-{number}.npz"
            adapter_gguf = None if file.adapter_gguf is None else str(file.adapter_gguf)
            serving = {"gguf": str(file.gguf), "adapter_gguf": adapter_gguf}
            if not run("parity-served", serving | {"tokens": TOKENS, "out": str(out)}):
                return None
            judged.append(
                {
                    "label": file.label,
                    "gguf": str(file.gguf),
                    "whole": file.adapter_gguf is None,
                    "served": str(out),
                }
            )
        if not run("parity-reference", {"base": str(base), "adapter": str(adapter), "files": judged}):
            return None
    return GateTable(rows=tuple(rows))
