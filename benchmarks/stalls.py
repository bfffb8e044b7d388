"""How late the event loop is while the app works: the second part of `benchmarks.desktop`."""

import json
import os
import random
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orca_desk import yielding
from orca_desk.ui import smoothness
from orca_desk.ui.app import SETTLED_MS
from orca_desk.ui.register import NAMES

STALL = 0.05  # s
BEAT_MS = 10
ROWS = 100_000
IDLE_SECONDS = 5.0
SCROLL_SECONDS = 10.0
PAGE_SECONDS = 1.5  # how long each page stays visible
LIMIT_SECONDS = 900.0  # for one activity
ACTIVITIES = ("idle", "pages", "generate", "train", "import", "scroll")
MEASURES = ("switches", "garbage", "imports", "pauses")  # see orca_desk/ui/smoothness.py, in its order
WAITING = ("threading.py", "queue.py", "selectors.py", "subprocess.py", "concurrent/futures/thread.py")

# Beats until its input ends, then prints [[when, how late], ...] in seconds of the monotonic clock.
BEAT_EMPTY = f"""
import json, sys, threading, time
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
window = QMainWindow()
window.show()
beats, last = [], time.monotonic()
def beat():
    global last
    now = time.monotonic()
    beats.append((now, max(0.0, now - last - {BEAT_MS} / 1000)))
    last = now
timer = QTimer()
timer.setTimerType(Qt.TimerType.PreciseTimer)
timer.timeout.connect(beat)
timer.start({BEAT_MS})
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
look = QTimer()
look.timeout.connect(lambda: ended.is_set() and app.quit())
look.start(100)
app.exec()
json.dump(beats, sys.stdout)
"""


@dataclass(frozen=True, kw_only=True)
class Stalls:
    """How late the event loop was during one activity, in milliseconds, and in which stacks.

    `beside` is the lateness of an empty window in another process at the same time.
    """

    name: str
    seconds: float
    beats: int
    p50: float
    p99: float
    worst: float
    over: int
    beside_p99: float
    beside_worst: float
    stacks: dict[str, int] = field(default_factory=dict)


class Heart:
    """Beats in the event loop and records how late each beat is; a thread records where the loop hangs."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.beats: list[tuple[float, float]] = []
        self.stacks: list[tuple[float, str]] = []
        self._last = time.monotonic()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)
        self._main = threading.get_ident()
        self._over = threading.Event()
        self._watchdog = threading.Thread(target=self._watch, daemon=True)
        self._watchdog.start()

    def stop(self) -> None:
        """Stop beating."""
        self._timer.stop()
        self._over.set()
        self._watchdog.join()

    def _beat(self) -> None:
        now = time.monotonic()
        self.beats.append((now, max(0.0, now - self._last - BEAT_MS / 1000)))
        self._last = now

    def _watch(self) -> None:
        seen = 0.0
        while not self._over.wait(BEAT_MS / 1000):
            last = self._last
            if last != seen and time.monotonic() - last > STALL:
                seen = last
                self.stacks.append((time.monotonic(), self._explain()))

    def _explain(self) -> str:
        """Return the stack of the main thread, or of the other threads if the main one is not in our code."""
        frames = sys._current_frames()
        if stack := _own_stack(frames[self._main]):
            return stack
        names = {thread.ident: thread.name for thread in threading.enumerate() if thread != self._watchdog}
        others = (
            f"{names[ident]}: {_own_stack(frame)}"
            for ident, frame in frames.items()
            if ident != self._main and ident in names and not frame.f_code.co_filename.endswith(WAITING)
        )
        return f"no code of ours; meanwhile {'; '.join(sorted(others)) or 'no other thread'}"


def _own_stack(frame: Any) -> str:
    """Return the innermost three of our own frames in a stack."""
    lines = [
        f"{Path(one.filename).name}:{one.lineno} {one.name}"
        for one in traceback.extract_stack(frame)
        if "orca_desk" in one.filename
    ]
    return " < ".join(reversed(lines[-3:]))


class Busy:
    """The app at work on a new library, with a heart in its event loop."""

    def __init__(self, window: Any, folder: Path) -> None:
        self.window, self.folder = window, folder
        self.spans: list[tuple[str, float, float]] = []

    @contextmanager
    def activity(self, name: str) -> Iterator[None]:
        """Record the time of the block as one activity."""
        began = time.monotonic()
        yield
        self.wait(0.5)
        self.spans.append((name, began, time.monotonic()))

    def wait(self, seconds: float) -> None:
        """Let the event loop run."""
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()

    def work(self, activities: Collection[str], without: str | None) -> None:
        """Settle without one of the measures for smoothness, then do some of the ACTIVITIES."""
        with self.activity("settling after the start"):
            self.wait(SETTLED_MS / 1000)
            if without != "imports":
                smoothness.import_in_thread()
            if without != "garbage":
                smoothness.calm_garbage()
        if "idle" in activities:
            with self.activity("idle"):
                self.wait(IDLE_SECONDS)
        if "pages" in activities:
            with self.activity("opening every page"):
                for name in NAMES:
                    self.window.show_page(name)
                    self.wait(0.5)
        if "generate" in activities:
            with self.activity("generating"):
                self._job("generate", {"records"}, self._generate, ("home", "teacher", "records"))
        if "train" in activities:
            with self.activity("training"):
                self._job("train", {"trainings"}, self._train, ("training", "home", "jobs"))
        if "import" in activities:
            with self.activity(f"importing {ROWS:,} tasks"):
                self._job("import", {"tasks"}, self._import, ("tasks", "home"))
        if "scroll" in activities:
            with self.activity(f"scrolling {ROWS:,} tasks"):
                self._scroll()

    def _job(self, kind: str, changes: set[str], work: Callable[[Any], Any], pages: tuple[str, ...]) -> None:
        """Run a job and show some pages in turn until it has ended."""
        job = self.window.desk.jobs.start(kind, kind, work, changes=changes)
        began = time.monotonic()
        while not job.is_over:
            for name in pages:
                self.window.show_page(name)
                self.wait(PAGE_SECONDS)
                if job.is_over:
                    break
            if time.monotonic() - began > LIMIT_SECONDS:
                job.stop()
        if job.error:
            raise job.error

    def _generate(self, tools: Any) -> None:
        from orca_desk.library.tasks import TaskFilter, iterate_tasks
        from orca_desk.processes.asking import Runner
        from orca_desk.steps.demo.walk import SAMPLING, bundled
        from orca_desk.steps.instruct.generate import generate

        library = self.window.desk.library
        tasks = list(iterate_tasks(library, TaskFilter(split="train")))
        generate(
            library,
            Runner(model=bundled().teacher),
            tasks,
            strategy="step-by-step",
            sampling=SAMPLING,
            progress=tools.progress,
            control=tools.control,
        )

    def _train(self, tools: Any) -> None:
        from orca_desk.library.snapshots import freeze
        from orca_desk.steps.demo.walk import TRAINING, bundled
        from orca_desk.steps.train.training import train

        library = self.window.desk.library
        train(
            library,
            bundled().student,
            freeze(library, name="benchmark").id,
            settings=replace(TRAINING, epochs=1),
            progress=tools.progress,
            control=tools.control,
        )

    def _import(self, tools: Any) -> None:
        from orca_desk.steps.collect.request import ImportRequest, TaskSource

        request = ImportRequest(source=TaskSource.of_file(self.folder / "many.jsonl"))
        request.run(self.window.desk.library, progress=tools.progress, control=tools.control)

    def _scroll(self) -> None:
        """Scroll through the table of tasks, with an occasional jump to a random row."""
        from PySide6.QtWidgets import QTableView

        page = self.window.show_page("tasks")
        table = max(
            page.findChildren(QTableView), key=lambda one: one.model().rowCount() if one.model() else 0
        )
        began = time.monotonic()
        while table.model().rowCount() < ROWS and time.monotonic() - began < LIMIT_SECONDS:
            self.wait(0.1)
        bar, chance, place = table.verticalScrollBar(), random.Random(7), 0
        began = time.monotonic()
        while time.monotonic() - began < SCROLL_SECONDS:
            place = chance.randrange(bar.maximum()) if chance.random() < 0.05 else place + 3
            bar.setValue(min(place, bar.maximum()))
            self.wait(0.016)


def _write_rows(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for n in range(ROWS):
            query, answer = f"What is {n} plus {n % 97}?", str(n + n % 97)
            row = {"family": f"family-{n % 20}", "query": query, "answer": answer}
            file.write(json.dumps(row) + "\n")


def measure_stalls(
    folder: Path, *, activities: Collection[str] = ACTIVITIES, without: str | None = None
) -> list[Stalls]:
    """Return how late the event loop was in each activity, `without` one of the MEASURES if it is given."""
    if without == "switches":
        smoothness.SWITCH_SECONDS = sys.getswitchinterval()
    if without == "pauses":
        yielding.PATIENCE = 0.0
    from PySide6.QtWidgets import QApplication

    from orca_desk.library.database import Library
    from orca_desk.ui.app import desktop
    from orca_desk.ui.theme import Theme

    _write_rows(folder / "many.jsonl")
    app = QApplication.instance() or QApplication([])
    beside = subprocess.Popen(
        [sys.executable, "-c", BEAT_EMPTY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with Library.open(folder / "busy", samples=True) as library, desktop(library, Theme(app)) as window:
        window.desk.crashed.disconnect()
        window.desk.crashed.connect(_fail)
        window.show()
        heart = Heart()
        busy = Busy(window, folder)
        busy.work(activities, without)
        heart.stop()
    said, _ = beside.communicate("")
    other = [(when, late) for when, late in json.loads(said)]
    return [_stalls(name, heart, other, began, ended) for name, began, ended in busy.spans]


def _fail(error: BaseException) -> None:
    traceback.print_exception(error)
    os._exit(1)  # an exception inside the event loop would only be printed


def _stalls(name: str, heart: Heart, other: list[tuple[float, float]], began: float, ended: float) -> Stalls:
    late = sorted(1000 * delay for when, delay in heart.beats if began <= when <= ended)
    beside = sorted(1000 * delay for when, delay in other if began <= when <= ended) or [0.0]
    stacks = Counter(stack for when, stack in heart.stacks if began <= when <= ended)
    return Stalls(
        name=name,
        seconds=ended - began,
        beats=len(late),
        p50=_quantile(late, 0.5),
        p99=_quantile(late, 0.99),
        worst=late[-1],
        over=sum(one > 1000 * STALL for one in late),
        beside_p99=_quantile(beside, 0.99),
        beside_worst=beside[-1],
        stacks=dict(stacks.most_common(5)),
    )


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
