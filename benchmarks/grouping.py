"""How well tasks fall into their families: `python -m benchmarks.grouping [--json] [--speed TASKS]`.

Tasks of known families are mixed and grouped without their names, as Tasks > Families does:
1. BIG-Bench Hard, 14 families, with 1,000 questions of GSM8K as a fifteenth.
2. BIG-Bench Hard alone; 3. the bundled sample tasks, 7 families; 4. all of them.
5. GSM8K alone, which is one family.
Each is grouped in four orders of its tasks. The adjusted Rand index and the normalised mutual information
(Hubert and Arabie 1985; Vinh et al. 2010) are 1 for the very families, and 0 for chance (the former).
6. The time for 100,000 tasks: those of 4, with some of their words replaced.
The data is looked for in `shared/data` beside the checkout.
"""

import json
import random
import sys
import time
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np

from benchmarks.public_data import PUBLIC_DATA
from orca_desk.library.samples import sample_tasks
from orca_desk.paths import resources
from orca_desk.workers.clusters import find_clusters

ORDERS = 4
GSM8K_TASKS = 1_000
TASKS = 100_000
LEAST_INDEX = 0.85
MOST_SECONDS = 120.0

Labelled = list[tuple[str, str]]  # text, family


def bbh() -> Labelled:
    """Return the questions of BIG-Bench Hard with their families."""
    found: Labelled = []
    for path in sorted((PUBLIC_DATA / "bbh").glob("*.json")):
        examples = json.loads(path.read_text(encoding="utf-8")).get("examples", [])
        found += [(one["input"], path.stem) for one in examples]
    return found


def gsm8k() -> Labelled:
    """Return the first questions of GSM8K."""
    with (PUBLIC_DATA / "gsm8k" / "train.jsonl").open(encoding="utf-8") as lines:
        return [(json.loads(line)["question"], "gsm8k") for line in islice(lines, GSM8K_TASKS)]


def samples() -> Labelled:
    """Return the bundled sample tasks with their families."""
    return [(task.user_text, task.family) for task in sample_tasks(resources() / "tasks")]


def quality(tasks: Labelled) -> dict[str, Any]:
    """Return how well the groups agree with the families, for each of four orders of the tasks."""
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    index, information, groups = [], [], []
    for seed in range(ORDERS):
        mixed = random.Random(seed).sample(tasks, len(tasks))
        found = find_clusters([text for text, _ in mixed]).clusters
        labels = np.zeros(len(mixed), dtype=int)
        for number, cluster in enumerate(found):
            labels[cluster.members] = number
        names = [family for _, family in mixed]
        index.append(float(adjusted_rand_score(names, labels)))
        information.append(float(normalized_mutual_info_score(names, labels)))
        groups.append(len(found))
    return {
        "tasks": len(tasks),
        "families": len({family for _, family in tasks}),
        "groups": groups,
        "adjusted_rand_index": [round(one, 4) for one in index],
        "normalised_mutual_information": [round(one, 4) for one in information],
    }


def speed(tasks: Labelled, size: int) -> dict[str, Any]:
    """Return the seconds for `size` tasks, made from `tasks` by replacing every tenth word."""
    chance = random.Random(0)
    words = sorted({word for text, _ in tasks for word in text.split()})
    texts = []
    for _ in range(size):
        parts = chance.choice(tasks)[0].split(" ")
        texts.append(" ".join(chance.choice(words) if chance.random() < 0.1 else one for one in parts))
    began = time.perf_counter()
    found = find_clusters(texts)
    return {"tasks": size, "seconds": round(time.perf_counter() - began, 1), "groups": len(found.clusters)}


def main(arguments: Sequence[str]) -> int:
    """Print the figures; exit status 1 when a target is missed."""
    if not (PUBLIC_DATA / "bbh").is_dir():
        print(f"{PUBLIC_DATA} has no public data, so nothing can be measured.")
        return 1
    size = int(arguments[arguments.index("--speed") + 1]) if "--speed" in arguments else TASKS
    sets = {
        "BBH and GSM8K": bbh() + gsm8k(),
        "BBH": bbh(),
        "sample tasks": samples(),
        "all": bbh() + gsm8k() + samples(),
        "GSM8K": gsm8k(),
    }
    found = {name: quality(tasks) for name, tasks in sets.items()}
    took = speed(sets["all"], size)
    met = all(min(one["adjusted_rand_index"]) >= LEAST_INDEX for one in found.values()) and took[
        "seconds"
    ] <= MOST_SECONDS * max(1, size / TASKS)
    if "--json" in arguments:
        print(json.dumps({"sets": found, "speed": took, "targets_met": met}, indent=1))
        return not met
    for name, one in found.items():
        index, information = one["adjusted_rand_index"], one["normalised_mutual_information"]
        print(
            f"{name}: {one['tasks']:,} tasks of {one['families']} families in {min(one['groups'])} to"
            f" {max(one['groups'])} groups, adjusted Rand index {min(index):.3f} to {max(index):.3f},"
            f" normalised mutual information {min(information):.3f} to {max(information):.3f}"
        )
    print(f"{took['tasks']:,} tasks: {took['seconds']} s, {took['groups']} groups")
    print("targets met" if met else "TARGETS MISSED")
    return not met


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
