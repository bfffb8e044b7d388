"""How fast a library of any size is: `python -m benchmarks.library [--tasks N] [--records N] [--json]`.

Makes a library of realistic tasks (benchmarks/library_data.py) in a temporary folder, or in `--folder`, where
it stays for the next time, and measures, the desktop on Qt's offscreen platform unless there is a display:

1. Open: from `Library.open` until the Tasks page shows its first tasks, once everything is imported.
2. Search: what the page reads after a change of the search: the first tasks and the count shown, for words
   that are rare, frequent, typed so far, absent, and two of them; and the time until all are found.
3. Filters: the counts by family, split, answer and tag.
4. Jumps: from a random jump of the scroll bar until the rows there are painted.
5. Freezing: how long it takes, and how late the event loop was meanwhile (benchmarks/stalls.py).
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.library_data import Words, fill
from orca_desk.library.database import Library
from orca_desk.library.families import NAME
from orca_desk.library.tasks import TaskFilter, count_tasks, families, first_rowids, tags, task_rowids

LIMITS = {
    "open, s": 1.0,
    "search p95, ms": 50.0,
    "filter counts, ms": 200.0,
    "jump p99, ms": 50.0,
    "freeze, s": 30.0,
    "freeze: worst delay of the window, ms": 50.0,
}
FROZEN = 100_000
QUERIES, JUMPS = 200, 200
FIRST = 500
PATIENCE = 120.0  # s
WAKE_MS = 100  # after which a wait looks at the time, should nothing happen


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What was measured, and what it may be at a million tasks; None: no limit."""

    name: str
    value: float
    limit: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether it is within the limit, if it has one."""
        return self.limit is None or self.value <= self.limit


def queries(count: int) -> dict[str, list[str]]:
    """Return searches by kind, the same each time."""
    words, chance = list(Words(1).words), random.Random(3)
    rare = [chance.choice(words[5_000:]) for _ in range(count)]
    frequent = [chance.choice(words[:30]) for _ in range(count)]
    typed = [chance.choice(words[:20_000]) for _ in range(count)]
    return {
        "rare": rare,
        "frequent": frequent,
        "typed so far": [word[: chance.randint(1, len(word))] for word in typed],
        "none": [f"{word}xq" for word in rare],
        "two": [f"{one} {other}" for one, other in zip(frequent, typed, strict=True)],
    }


def measure_search(library: Library) -> list[Figure]:
    """Return the times of searches: of what is shown first, overall and by kind, and of finding all."""
    times: dict[str, list[float]] = {}
    everything = []
    for kind, texts in queries(QUERIES // 5).items():
        for text in texts:
            wanted = TaskFilter(text=text)
            times.setdefault(kind, []).append(
                _seconds(
                    lambda wanted=wanted: (first_rowids(library, wanted, limit=FIRST), count_tasks(library))
                )
            )
            everything.append(_seconds(lambda wanted=wanted: task_rowids(library, wanted)))
    together = [one for some in times.values() for one in some]
    return [
        _figure("search p50, ms", 1000 * _quantile(together, 0.5)),
        _figure("search p95, ms", 1000 * _quantile(together, 0.95)),
        *(_figure(f"search p95, {kind}, ms", 1000 * _quantile(some, 0.95)) for kind, some in times.items()),
        _figure("search: all found p95, ms", 1000 * _quantile(everything, 0.95)),
        _figure("list of all tasks, ms", 1000 * _seconds(lambda: task_rowids(library))),
    ]


def measure_filters(library: Library) -> list[Figure]:
    """Return the longest time that counts for the filters take."""
    rows = library.rows(f"SELECT DISTINCT {NAME} AS name FROM tasks LIMIT 20")
    names = [row["name"] for row in rows]
    wanted = [
        *(TaskFilter(family=name) for name in names),
        TaskFilter(split="heldout"),
        TaskFilter(has_answer=False),
        TaskFilter(split="train", has_answer=True),
        TaskFilter(tag="tag-03"),
    ]
    offered = _seconds(lambda: (families(library), tags(library)))
    counts = [_seconds(lambda one=one: count_tasks(library, one)) for one in wanted]
    return [_figure("filter counts, ms", 1000 * (offered + max(counts)))]


def measure_desktop(folder: Path, frozen: int) -> list[Figure]:
    """Return the times of the window: opening, jumps, and freezing `frozen` records."""
    from PySide6.QtWidgets import QApplication

    import orca_desk.ui  # noqa: F401 - before PySide, which it configures
    from benchmarks.stalls import BEAT_EMPTY, BEAT_MS, Heart
    from orca_desk.library.snapshots import freeze
    from orca_desk.method.snapshot_rules import SnapshotRules
    from orca_desk.ui.app import desktop
    from orca_desk.ui.smoothness import calm_garbage, import_the_rest
    from orca_desk.ui.theme import Theme

    app = QApplication.instance() or QApplication([])
    import_the_rest()
    began = time.perf_counter()
    with Library.open(folder) as library, desktop(library, Theme(app)) as window:  # type: ignore[arg-type]
        window.show()
        page: Any = window.show_page("tasks")
        table = page.table
        _until(lambda: table.tasks.rowCount() > 0 and table.tasks.item(0) is not None)
        table.viewport().repaint()
        opened = time.perf_counter() - began
        total = count_tasks(library)
        _until(lambda: table.tasks.rowCount() == total)
        jumps = _jumps(table)
        calm_garbage()
        beside = subprocess.Popen(
            [sys.executable, "-c", BEAT_EMPTY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        heart = Heart()
        processor = time.process_time()
        began = time.perf_counter()
        job = window.desk.jobs.start(
            "freeze",
            "freeze",
            # Another instruction each time: a snapshot with the same content would not be stored again
            lambda tools: freeze(
                library, name="benchmark", rules=SnapshotRules(), instruction=f"Run {time.time_ns()}"
            ),
            changes={"snapshots"},
        )
        _until(lambda: job.is_over)
        seconds, processor = time.perf_counter() - began, time.process_time() - processor
        heart.stop()
        said, _ = beside.communicate("")
        if job.error:
            raise job.error
        records = library.rows("SELECT records FROM snapshots ORDER BY created_at DESC")[0][0]
    late = [1000 * delay for _, delay in heart.beats]
    for _, stack in heart.stacks:
        print(f"The window was held up: {stack}", file=sys.stderr)
    return [
        _figure("open, s", opened),
        _figure("jump p50, ms", 1000 * _quantile(jumps, 0.5)),
        _figure("jump p99, ms", 1000 * _quantile(jumps, 0.99)),
        _figure("freeze, s", seconds * frozen / records),
        _figure("freeze: records", records),
        _figure("freeze: processor, s", processor),
        _figure("freeze: p99 delay of the window, ms", _quantile(late, 0.99)),
        _figure("freeze: worst delay of the window, ms", max(late)),
        _figure(
            "freeze: worst delay of an empty window beside it, ms",
            max(1000 * delay for _, delay in json.loads(said)),
        ),
        _figure(
            f"freeze: delays over 50 ms of {len(late)} beats of {BEAT_MS} ms", sum(one > 50 for one in late)
        ),
    ]


def _jumps(table: Any) -> list[float]:
    bar, chance, found = table.verticalScrollBar(), random.Random(4), []
    for _ in range(JUMPS):
        place = chance.randrange(bar.maximum())
        began = time.perf_counter()
        bar.setValue(place)
        top = table.rowAt(0)
        _until(lambda top=top: table.tasks.item(top) is not None)
        table.viewport().repaint()
        found.append(time.perf_counter() - began)
    return found


def _until(is_so: Callable[[], bool]) -> None:
    """Run the event loop until something is so. Raises TimeoutError.

    It sleeps until there is an event, as the app does: a limit of time would make Qt look again and again
    without a pause, against the thread that reads the rows.
    """
    from PySide6.QtCore import QEventLoop, QTimer
    from PySide6.QtWidgets import QApplication

    waker = QTimer()
    waker.start(WAKE_MS)
    end = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError("the window does not come to it")
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _quantile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _figure(name: str, value: float) -> Figure:
    return Figure(name=name, value=round(value, 3), limit=LIMITS.get(name))


def measure(folder: Path, tasks: int, records: int) -> list[Figure]:
    """Return all figures of the library in `folder`, which is made unless it is there."""
    made = []
    if not (folder / "library.db").exists():
        with Library.open(folder) as library:
            made = [_figure("made, s", _seconds(lambda: fill(library, tasks=tasks, records=records)))]
    with Library.open(folder) as library:
        size = library.path.stat().st_size / 2**20
        found = [_figure("tasks", count_tasks(library)), _figure("file, MiB", size)]
        found += measure_search(library) + measure_filters(library)
    return made + found + measure_desktop(folder, FROZEN)


def main() -> int:
    """Print the figures; return 0 if all limits are met, otherwise 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, default=FROZEN, help="which are frozen")
    parser.add_argument("--folder", type=Path, help="where the library is, or is made and left")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="orca-desk-") as scratch:
        found = measure(asked.folder or Path(scratch) / "library", asked.tasks, asked.records)
    met = all(one.is_met for one in found)
    if asked.json:
        print(json.dumps({"figures": [asdict(one) for one in found], "met": met}, indent=1))
    else:
        for one in found:
            said = "" if one.limit is None else f"  {'met' if one.is_met else 'NOT met'}: {one.limit:,g}"
            print(f"{one.name:<60}{one.value:>14,.1f}{said}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
