"""How fast tasks are imported, next to `sqlite-utils insert --nl --pk` on the same rows.

    python benchmarks/importing.py --rows 1000000 --rounds 3

The peer parses and stores; the import also checks every row, chooses what to hold out, finds repeated
questions and indexes the text. Rounds alternate; the best of each is compared, with the processor time of all
processes.
"""

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

WORDS = 20_000
FAMILIES = 20


def main() -> None:
    """Print a line for each round, and the ratio of the best ones."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--heldout", type=float, default=10.0)
    parser.add_argument("--json", action="store_true", help="print one object instead of lines")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "rows.jsonl"
        write_rows(source, wanted.rows)
        found: dict[str, list[tuple[float, float]]] = {"sqlite-utils": [], "Orca Desk": []}
        for _ in range(wanted.rounds):
            found["sqlite-utils"].append(timed(lambda: peer(source, folder / "peer")))
            found["Orca Desk"].append(timed(lambda: ours(source, folder / "library", wanted.heldout)))
    best = {who: min(times) for who, times in found.items()}
    ratio = best["sqlite-utils"][0] / best["Orca Desk"][0]
    if wanted.json:
        print(json.dumps({"rows": wanted.rows, "seconds_and_cpu": found, "ratio": round(ratio, 3)}))
        return
    for who, times in found.items():
        rounds = ", ".join(f"{wall:.1f} s ({cpu:.1f} s of processor)" for wall, cpu in times)
        print(f"{who:13} {rounds}; best {wanted.rows / best[who][0]:,.0f} rows/s")
    print(f"Orca Desk does {ratio:.2f} of the peer's rows a second.")


def write_rows(path: Path, count: int) -> None:
    """Write tasks of 8 to 40 words, common words more often than rare ones."""
    chance = random.Random(0)
    words = ["".join(chance.choices("abcdefghijklmnop", k=chance.randint(2, 9))) for _ in range(WORDS)]
    weights = list(accumulate(1 / (place + 1) for place in range(WORDS)))
    with path.open("w") as file:
        for number in range(count):
            text = " ".join(chance.choices(words, cum_weights=weights, k=chance.randint(8, 40)))
            row = {
                "id": str(number),
                "question": f"{text} {number}?",
                "answer": str(chance.randint(0, 999)),
                "category": f"family {chance.randrange(FAMILIES)}",
            }
            file.write(json.dumps(row) + "\n")


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds that work in child processes took, and those of processors."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    work()
    wall = time.monotonic() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def peer(source: Path, folder: Path) -> None:
    """Insert the rows by sqlite-utils."""
    folder.mkdir()
    program = Path(sys.executable).with_name("sqlite-utils")
    run(program, "insert", folder / "peer.db", "rows", source, "--nl", "--pk", "id")
    shutil.rmtree(folder)


def ours(source: Path, folder: Path, heldout: float) -> None:
    """Import the rows into a new library."""
    program = Path(sys.executable).with_name("orca-desk")
    run(program, "tasks", "import", source, "--heldout", heldout, "--library", folder)
    shutil.rmtree(folder)


def run(*command: object) -> None:
    """Run a command, without its output."""
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
