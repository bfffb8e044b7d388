"""How two trainings at once get on: `python -m benchmarks.sharing [--json]`.

Trains the bundled student for one epoch of the demo's settings on a few hundred records: alone, and then two
such trainings at once on the same cores. Each is a worker as the app starts it, so what is compared is how
well the machine is shared: fairly shared, two take twice as long as one.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

from orca_desk.library.database import Library
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import TaskFilter, list_tasks
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.processes.asking import Runner
from orca_desk.processes.protocol import Message
from orca_desk.steps.demo.walk import SAMPLING, TRAINING, bundled
from orca_desk.steps.instruct.generate import generate
from orca_desk.steps.train.training import train

TASKS = 600
FAIR = 3.0  # times as long as alone, at the most


def make_library(folder: Path) -> str:
    """Make a library with a snapshot; return the snapshot's id."""
    with Library.open(folder, samples=True) as library:
        tasks = list_tasks(library, TaskFilter(split="train", has_answer=True, limit=TASKS)).items
        runner = Runner(model=bundled().teacher)
        generate(library, runner, tasks, strategy="step-by-step", sampling=SAMPLING)
        rules = SnapshotRules(only_correct=False, only_paired=False, allow_leaks=True)
        return freeze(library, name="sharing", rules=rules).id


def seconds_of(folder: Path, seed: int) -> float:
    """Train once in the library of `folder`; return the seconds from the first to the last step."""
    steps: list[float] = []

    def note(event: Message) -> None:
        if event["event"] == "metrics":
            steps.append(time.monotonic())

    with Library.open(folder) as library:
        (row,) = library.rows("SELECT id FROM snapshots")
        train(
            library,
            bundled().student,
            row["id"],
            settings=replace(TRAINING, epochs=1, seed=seed),
            on_event=note,
        )
    return steps[-1] - steps[0]


def measure(folder: Path) -> dict[str, float]:
    """Return the seconds of one training alone, and of the slower of two at once."""
    places = [folder / name for name in ("one", "two")]
    for place in places:
        make_library(place)
    alone = seconds_of(places[0], 1)
    together: list[float] = []
    threads = [
        threading.Thread(target=lambda place=place: together.append(seconds_of(place, 2))) for place in places
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"alone": alone, "together": max(together), "ratio": max(together) / alone}


def main() -> None:
    """Print the figures; exit status 1 when the cores are not shared."""
    parser = argparse.ArgumentParser(description="Two trainings at once against one alone.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    as_json = parser.parse_args().json
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder))
    if as_json:
        print(json.dumps(found, indent=2))
    else:
        print(
            f"alone {found['alone']:.1f} s, two at once {found['together']:.1f} s: {found['ratio']:.1f} times"
        )
    if found["ratio"] > FAIR:
        sys.exit("The cores are not shared.")


if __name__ == "__main__":
    main()
