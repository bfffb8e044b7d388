"""Training and generation on a GPU, in at most 8 minutes: `python -m benchmarks.gpu [--json] [--out FOLDER]`.

Each section runs in a process of its own with a time limit, the most important first; one that fails or is
cut off is reported, and the rest goes on. What is done is written to FOLDER/gpu.json after each section.
Without a GPU the same sections run on the CPU with small models (the bundled student stands for SmolLM2), and
the figures for devices stay open.

- machine: the device, and its measured peak in matrix products by number format
- ours-*, trl-*: LoRA training of SmolLM2-135M (or random weights of its shape) and of random weights of a
  1.5B shape: tokens/s, memory and share of the measured peak, by Orca Desk and by TRL's SFTTrainer in its
  fastest of some settings (rows or packing, Liger Kernel, torch.compile). Both train the same tokens and
  masks in bfloat16 with the same adapter, optimizer and tokens a step.
- resume: a training that is killed and resumed, against one that is not
- parity: whether llama.cpp serves what was trained on the device
- generation: our engine against llama.cpp's own server (`llama-server`, if it is found, else xllamacpp)
- ours-cpu: our training of the same small model on this machine's CPU

On a GPU, install first: trl, liger-kernel, and llama.cpp built for it (python -m orca_desk.install).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import gpu_sections as sections

ROOT = Path(__file__).resolve().parents[1]
BUDGET = 480.0  # s for all sections together
LEAST = 15.0  # s: with less left, a section is not begun
GOAL = 1.0  # our tokens/s over the faster of TRL's settings

# The sections in their order, with the seconds that each may take.
SECTIONS: dict[str, float] = {
    "machine": 50,
    "models": 60,
    "ours-1.5b": 110,
    "trl-1.5b": 110,
    "ours-smollm": 80,
    "trl-smollm": 80,
    "resume": 75,
    "parity": 60,
    "generation": 70,
    "ours-cpu": 45,
}


def run_all(out: Path, budget: float, names: list[str]) -> dict[str, Any]:
    """Run the sections one after the other, and return what each found or why it found nothing."""
    results: dict[str, Any] = {}
    began = time.monotonic()
    for name in names:
        left = budget - (time.monotonic() - began)
        if left < LEAST:
            results[name] = {"failed": f"not begun: {budget:.0f} s are used up"}
        else:
            results[name] = run_section(name, out, min(SECTIONS[name] * budget / BUDGET, left))
        (out / "gpu.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
        print(_line(name, results[name]), file=sys.stderr, flush=True)
    results["seconds"] = time.monotonic() - began
    (out / "gpu.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return results


def run_section(name: str, out: Path, limit: float) -> dict[str, Any]:
    """Run one section in a process of its own; what it wrote before it was cut off counts."""
    found, log = out / f"{name}.json", out / f"{name}.log"
    found.unlink(missing_ok=True)
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.gpu", "--section", name, "--out", str(out)]
    began = time.monotonic()
    failed = ""
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT, start_new_session=True
        )
        try:
            if process.wait(timeout=limit):
                lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                failed = (lines or [f"exit status {process.returncode}"])[-1][:300]
        except subprocess.TimeoutExpired:
            sections.end_group(process.pid)
            process.wait()
            failed = f"cut off after {limit:.0f} s"
    result: dict[str, Any] = json.loads(found.read_text("utf-8")) if found.is_file() else {}
    result["wall_seconds"] = time.monotonic() - began
    return result | {"failed": failed} if failed else result


def _line(name: str, result: dict[str, Any]) -> str:
    return f"{name}: {result.get('failed') or 'done'} ({result.get('wall_seconds', 0):.0f} s)"


def show(results: dict[str, Any]) -> None:
    """Print the tables."""
    machine = results.get("machine", {})
    print(f"Device: {machine.get('device', 'unknown')}, torch {machine.get('torch', 'unknown')}")
    for name, flops in machine.get("peak", {}).items():
        print(f"  products in {name:<9} {flops / 1e12:8.2f} TFLOPS")
    if not machine.get("is_gpu"):
        print("  No GPU was found: small models on the CPU; the figures for devices are open.")
    for size in ("1.5b", "smollm"):
        _show_training(size, results)
    for name in ("ours-cpu", "resume", "parity", "generation"):
        if name in results:
            facts = {key: value for key, value in results[name].items() if key != "wall_seconds"}
            print(f"{name}: " + ", ".join(f"{key} {_short(value)}" for key, value in facts.items()))
    for name, result in results.items():
        if isinstance(result, dict) and result.get("failed"):
            print(f"FAILED {name}: {result['failed']}")


def _show_training(size: str, results: dict[str, Any]) -> None:
    rows = {
        **{f"Orca Desk, {way}": one for way, one in results.get(f"ours-{size}", {}).get("ways", {}).items()},
        **{f"TRL, {way}": one for way, one in results.get(f"trl-{size}", {}).get("ways", {}).items()},
    }
    if not rows:
        return
    peak = results.get("machine", {}).get("peak", {})
    print(f"Training, {size}:")
    for title, one in rows.items():
        if "failed" in one:
            print(f"  {title:<44} {one['failed'][:90]}")
            continue
        share = one["flops_per_second"] / peak[one["dtype"]] if one.get("dtype") in peak else None
        print(
            f"  {title:<44} {one['tokens_per_second']:10.0f} tokens/s, "
            f"{one['memory_bytes'] / 2**20:8.0f} MiB" + (f", {share:.0%} of the peak" if share else "")
        )
    if (ratio := speedup(size, results)) is not None:
        print(f"  Orca Desk over TRL: {ratio:.2f} (goal: at least {GOAL:.1f})")


def speedup(size: str, results: dict[str, Any]) -> float | None:
    """Return our best tokens/s over TRL's best; None where one of them is missing."""
    best = [
        max(
            (
                one["tokens_per_second"]
                for one in results.get(f"{side}-{size}", {}).get("ways", {}).values()
                if "failed" not in one
            ),
            default=0.0,
        )
        for side in ("ours", "trl")
    ]
    return best[0] / best[1] if all(best) else None


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Run the sections, or with `--section` one of them, in this process."""
    parser = argparse.ArgumentParser(description="Training and generation on a GPU.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--out", type=Path, help="folder for results, logs and models (a temporary one)")
    parser.add_argument(
        "--seconds",
        type=float,
        default=BUDGET,
        help="for all sections together (480); each may take as much more or less",
    )
    parser.add_argument("--only", nargs="*", choices=list(SECTIONS), help="run these sections alone")
    parser.add_argument("--section", choices=list(SECTIONS), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.section:
        sections.run(asked.section, asked.out)
        return
    with tempfile.TemporaryDirectory() as folder:
        out = asked.out or Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        results = run_all(out, asked.seconds, asked.only or list(SECTIONS))
        if asked.json:
            print(json.dumps(results, indent=2))
        else:
            show(results)


if __name__ == "__main__":
    main()
