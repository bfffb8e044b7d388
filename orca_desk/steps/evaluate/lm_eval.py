"""One run of the program `lm-eval` against a served model, and what it found."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from orca_desk.errors import UserError
from orca_desk.processes.command import OFFLINE
from orca_desk.processes.progress import JobControl
from orca_desk.steps.evaluate.served_model import NAME, BenchmarkModel

CONCURRENT = 8  # requests on their way at once
LOOK_AROUND = 0.3  # s
TAIL = 600  # characters of what it printed, for the error


@dataclass(frozen=True, kw_only=True)
class TaskScore:
    """What lm-eval reports of one metric of a task; `values` are those of its documents, by their ids."""

    value: float
    error: float | None
    n: int
    values: Mapping[str, float]


def run_lm_eval(
    server: BenchmarkModel,
    tasks: Sequence[str],
    folder: Path,
    out: Path,
    *,
    limit: int | None,
    chat: bool,
    control: JobControl,
    on_answers: Callable[[int], None],
    log: Path,
) -> bool:
    """Run lm-eval in the folder of its task files, offline; return False when stopped.

    Answers are cached in `out`, so that another run asks only for those that are missing. Raises UserError
    with the end of what it printed when it fails.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = "chat/completions" if chat else "completions"
    arguments = f"model={NAME},base_url={server.url}/{path},num_concurrent={CONCURRENT}"
    command = [
        *(sys.executable, "-m", "lm_eval", "run"),
        *("--model", "local-chat-completions" if chat else "local-completions", "--model_args", arguments),
        *("--include_path", str(folder), "--tasks", ",".join(tasks)),
        *("--log_samples", "--output_path", str(out / "results"), "--use_cache", str(out / "answers")),
        *(("--limit", str(limit)) if limit else ()),
        *(("--apply_chat_template",) if chat else ()),
    ]
    environment = os.environ | OFFLINE | {"PYTHONUNBUFFERED": "1"}
    with log.open("ab") as printed:
        start = printed.tell()
        process = psutil.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
        try:
            while process.poll() is None:
                if control.state == "pause":
                    _wait(process, control)
                if control.stopped:
                    return False
                server.require_running()
                on_answers(server.answered)
                time.sleep(LOOK_AROUND)
        finally:
            _end(process)
    if process.returncode != 0:
        raise UserError(f"lm-eval failed: {_last_words(log, start)}", f"Its output is in {log}.")
    return True


def read_scores(out: Path) -> dict[tuple[str, str], TaskScore]:
    """Return the scores that lm-eval wrote, by task and metric ("acc", or "exact_match, strict").

    Raises UserError where it wrote none.
    """
    files = sorted((out / "results").rglob("results_*.json"), key=lambda file: file.stat().st_mtime)
    if not files:
        raise UserError("lm-eval wrote no results.", "See the log of the run.")
    report = json.loads(files[-1].read_text(encoding="utf-8"))
    scores = {}
    for task, values in report["results"].items():
        counts = report.get("n-samples", {}).get(task, {})
        samples = _samples(files[-1].parent, task)
        for name, value in values.items():
            metric, _, filtered = name.partition(",")
            if not filtered or metric.endswith("_stderr") or not isinstance(value, int | float):
                continue
            error = values.get(f"{metric}_stderr,{filtered}")
            by_document = samples.get((metric, filtered), {})
            shown = metric if filtered == "none" else f"{metric}, {filtered}"
            scores[task, shown] = TaskScore(
                value=float(value),
                error=float(error) if isinstance(error, int | float) else None,
                n=int(counts.get("effective", len(by_document))),
                values=by_document,
            )
    return scores


def _samples(folder: Path, task: str) -> dict[tuple[str, str], dict[str, float]]:
    """Return each document's value by metric and filter, from the newest samples of a task."""
    files = sorted(folder.glob(f"samples_{task}_*.jsonl"), key=lambda file: file.stat().st_mtime)
    found: dict[tuple[str, str], dict[str, float]] = {}
    if files:
        for line in files[-1].read_text(encoding="utf-8").splitlines():
            row: Mapping[str, Any] = json.loads(line)
            for metric in row.get("metrics", ()):
                if isinstance(value := row.get(metric), int | float):
                    key = (metric, str(row.get("filter", "none")))
                    found.setdefault(key, {})[str(row["doc_id"])] = float(value)
    return found


def _wait(process: psutil.Popen, control: JobControl) -> None:
    """Suspend the program while the job is paused."""
    with contextlib.suppress(psutil.Error):
        process.suspend()
    control.proceed()
    with contextlib.suppress(psutil.Error):
        process.resume()


def _end(process: psutil.Popen) -> None:
    """End the program and what it started."""
    if process.poll() is None:
        with contextlib.suppress(psutil.Error):
            for child in process.children(recursive=True):
                child.kill()
        process.kill()
    process.wait()


def _last_words(log: Path, start: int) -> str:
    """Return the last line that says something of what was printed from `start` on."""
    text = log.read_bytes()[start:].decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[-1] if lines else "it printed nothing")[-TAIL:]
