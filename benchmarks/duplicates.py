"""How long duplicates of a million tasks take: `python -m benchmarks.duplicates [--tasks N] [--json]`.

A library is made in a temporary folder: tasks of realistic lengths, of which 4% are exact copies of others
(in capitals) and 4% near ones (with one word replaced). Then they are found as Tasks > Find duplicates does:
the wall and processor seconds, the peak of the memory of the host and of its worker, and how many of the
planted copies were found. Without a library: how many pairs of GSM8K and of BIG-Bench Hard are near, which
tells how many false alarms there are at most. That data is looked for in `shared/data` beside the checkout.
"""

import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.library_data import tasks_of_size
from benchmarks.public_data import PUBLIC_DATA
from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks
from orca_desk.method.duplicates import find_alike
from orca_desk.method.records import Task
from orca_desk.steps.collect.duplicates import find_duplicates

TASKS = 1_000_000
EVERY = 25  # every 25th task is copied exactly, and every 25th nearly
MOST_SECONDS, MOST_BYTES = 300.0, 2 * 2**30
LEAST_WORDS = 19  # in a query: a near copy of fewer has not half of its runs in common
SHARES = (0.5, 0.6, 0.7, 0.8)


def with_copies(count: int) -> Iterator[Task]:
    """Yield `count` tasks, with copies among them."""
    chance = random.Random(3)
    left = count
    for place, task in enumerate(tasks_of_size(count)):
        made = [task]
        if place % EVERY == 0:
            made.append(replace(task, query=task.query.upper(), id=""))
        elif place % EVERY == 1:
            made.append(replace(task, query=_changed(task.query, chance), id=""))
        yield from made[:left]
        left -= len(made)
        if left <= 0:
            return


def _changed(text: str, chance: random.Random) -> str:
    words = text.split()
    words[chance.randrange(len(words) - 1)] = "otherwise"
    return " ".join(words)


def measure(count: int) -> dict[str, Any]:
    """Make the library and search it."""
    with (
        tempfile.TemporaryDirectory(prefix="duplicates-") as folder,
        Library.open(Path(folder), samples=False) as library,
    ):
        add_tasks(library, with_copies(count))
        wall, used = time.perf_counter(), _processor()
        found = find_duplicates(library)
        assert found is not None
        return {
            "tasks": found.tasks,
            "wall_seconds": time.perf_counter() - wall,
            "processor_seconds": _processor() - used,
            "worker_peak_bytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024,
            "host_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "clusters": len(found.clusters),
            "exact": found.exact,
            "near": found.nearly,
            "planted_exact": sum(place % EVERY == 0 for place in range(count * EVERY // (EVERY + 2))),
            "planted_near": sum(
                place % EVERY == 1 and len(task.query.split()) >= LEAST_WORDS
                for place, task in enumerate(tasks_of_size(count * EVERY // (EVERY + 2)))
            ),
        }


def alarms() -> dict[str, dict[str, int]]:
    """Return for each set of questions how many pairs are near, by the least similarity."""
    sets = {"gsm8k": [_question(line) for line in _lines("gsm8k", "train.jsonl", "test.jsonl")]}
    for path in sorted((PUBLIC_DATA / "bbh").glob("*.json")):
        examples = json.loads(path.read_text(encoding="utf-8")).get("examples", [])
        if examples:
            sets[path.stem] = [one["input"] for one in examples]
    found: dict[str, dict[str, int]] = {}
    for name, questions in sets.items():
        alike = find_alike(questions)
        found[name] = {"questions": len(questions), "exact": sum(len(group) - 1 for group in alike.same)}
        for share in SHARES:
            found[name][f"near_{share:.0%}"] = sum(pair.similarity >= share for pair in alike.near)
    return found


def _lines(folder: str, *names: str) -> Iterator[str]:
    for name in names:
        yield from (PUBLIC_DATA / folder / name).read_text(encoding="utf-8").splitlines()


def _question(line: str) -> str:
    return str(json.loads(line)["question"])


def _processor() -> float:
    times = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in times)


def main() -> int:
    """Run the benchmark; return 1 if it takes more time or memory than a million tasks may."""
    words = sys.argv[1:]
    count = int(words[words.index("--tasks") + 1]) if "--tasks" in words else TASKS
    results = {"alarms": alarms(), "search": measure(count)}
    if "--json" in words:
        print(json.dumps(results, indent=2))
    else:
        for name, row in results["alarms"].items():
            print(f"{name:36}", "  ".join(f"{key} {value:,}" for key, value in row.items()))
        for name, value in results["search"].items():
            print(f"{name:20} {value:,.1f}" if isinstance(value, float) else f"{name:20} {value:,}")
    search = results["search"]
    peak = max(search["worker_peak_bytes"], search["host_peak_bytes"])
    return int(search["wall_seconds"] > MOST_SECONDS or peak > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
