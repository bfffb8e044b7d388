"""What llama.cpp for any processor costs: `python -m benchmarks.portable [--json] [--runs N]`.

Compares the llama.cpp of this environment, compiled for this machine, with the package's, which has kernels
for every processor and picks some when it starts (`make package` leaves it in `.venv-package`). The same
engine, models, tasks and greedy sampling; each side in a process of its own, in turns; medians of the runs.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.generation import cases, questions, run_engine

PACKAGE = Path(__file__).resolve().parents[1] / ".venv-package" / "bin" / "python"


def rates() -> dict[str, float]:
    """Return the tokens a second of the engine with this process's llama.cpp, by case."""
    return {
        case.name: run_engine(model, questions(case.tasks), case.max_tokens).measured.rate
        for case, find in cases()
        if (model := find()) is not None
    }


def rates_with(python: Path) -> dict[str, float]:
    """Return the same with the llama.cpp of another environment."""
    command = [str(python), "-m", "benchmarks.portable", "--one"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def compare(runs: int) -> dict[str, dict[str, float]]:
    """Return for each case the medians of both sides, and the portable one's share of the native one."""
    sides: dict[str, list[dict[str, float]]] = {"native": [], "portable": []}
    for _ in range(runs):
        sides["native"].append(rates_with(Path(sys.executable)))
        sides["portable"].append(rates_with(PACKAGE))
    medians = {
        case: {side: statistics.median(run[case] for run in found) for side, found in sides.items()}
        for case in sides["native"][0]
    }
    return {case: both | {"share": both["portable"] / both["native"]} for case, both in medians.items()}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="Speed of the package's llama.cpp against a native one.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--runs", type=int, default=3, help="how often each side runs (3)")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(rates()))
        return
    if not PACKAGE.exists():
        sys.exit(f"There is no {PACKAGE}. Make it first: make package")
    found = compare(asked.runs)
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for case, both in found.items():
        print(
            f"{case:<14}{both['native']:9.1f} tokens/s native{both['portable']:9.1f} portable"
            f"   {both['share']:.1%}"
        )


if __name__ == "__main__":
    main()
