"""Runs the sections one after the other, each within its share of the time.

Each has a process of its own, with the environment that the app gives its workers.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from orca_desk.processes.process import worker_environment

ROOT = Path(__file__).resolve().parents[2]
BUDGET = 465.0  # s for all sections together: with what surrounds them, less than 8 minutes
LEAST = 10.0  # s: with less, a section is not begun
# The sections in their order, and how the time is divided. What one leaves is divided among those after it.
SHARES: dict[str, float] = {
    "speed": 35,
    "models": 40,
    "ours-1.5b": 75,
    "trl-1.5b": 90,
    "ours-smollm": 55,
    "trl-smollm": 65,
    "generation": 55,
    "ours-cpu": 35,
    "resume": 65,
    "parity": 60,
}
KILLED_AFTER = 5.0  # s: a section that heeds its time ends by itself before


def run_all(out: Path, budget: float, names: list[str]) -> dict[str, Any]:
    """Run the sections `names`, and return what each found or why it found nothing."""
    results: dict[str, Any] = {}
    began = time.monotonic()
    for place, name in enumerate(names):
        left = budget - (time.monotonic() - began)
        limit = left * SHARES[name] / sum(SHARES[other] for other in names[place:])
        if limit < LEAST:
            results[name] = {"failed": f"not begun: the time of {budget:.0f} s is used up"}
        else:
            results[name] = _run_section(name, out, limit)
        results["seconds"] = time.monotonic() - began
        (out / "gpu.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
        print(_line(name, results[name]), file=sys.stderr, flush=True)
    return results


def _run_section(name: str, out: Path, limit: float) -> dict[str, Any]:
    """Run one section in a process of its own; what it wrote before it was cut off counts."""
    found, log = out / f"{name}.json", out / f"{name}.log"
    found.unlink(missing_ok=True)
    began = time.monotonic()
    failed = ""
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            section_command(name, out, limit - KILLED_AFTER),
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=worker_environment(),
            start_new_session=True,
        )
        try:
            if process.wait(timeout=limit):
                lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                failed = (lines or [f"exit status {process.returncode}"])[-1][:300]
        except subprocess.TimeoutExpired:
            _end_group(process.pid)
            process.wait()
            failed = f"cut off after {limit:.0f} s"
    result: dict[str, Any] = json.loads(found.read_text("utf-8")) if found.is_file() else {}
    result |= {"wall_seconds": time.monotonic() - began, "limit_seconds": limit}
    return result | {"failed": failed} if failed else result


def section_command(name: str, out: Path, seconds: float) -> list[str]:
    """Return the command that runs a section, which should end within so many seconds."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.gpu", "--section", name, "--out", str(out)]
    return [*command, "--seconds", str(seconds)]


def _end_group(pid: int) -> None:
    """Kill a process and all that it started."""
    if hasattr(os, "killpg"):
        os.killpg(pid, signal.SIGKILL)
    else:
        os.kill(pid, signal.SIGTERM)


def _line(name: str, result: dict[str, Any]) -> str:
    seconds = f"{result.get('wall_seconds', 0):.0f} of {result.get('limit_seconds', 0):.0f} s"
    return f"{name}: {result.get('failed') or 'done'} ({seconds})"
