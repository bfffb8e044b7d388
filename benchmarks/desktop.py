"""How soon the window appears and how smoothly it runs: `python -m benchmarks.desktop [--json] [--runs N]`.

Runs on the display if there is one, otherwise on Qt's offscreen platform.

1. Start: the time from the start of the process to the first painted window, each time in a fresh
   interpreter, of the app on a new library, of the app on an existing one, and of an empty QMainWindow, in
   turns. The target is the median of the app.
2. Stalls: a timer of 10 ms in the event loop of the app records how late it fires, while pages open, the
   bundled teacher answers, the bundled student trains, and 100,000 tasks are imported and scrolled. An empty
   window in another process does the same at the same time, which separates the load of the machine from that
   of the app. A thread records the stack of the main thread whenever it is 50 ms late. `--without` leaves out
   one of the measures that keep the window smooth (see orca_desk/ui/smoothness.py), and `--activities`
   restricts what the app does.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.stalls import ACTIVITIES, MEASURES, Stalls, measure_stalls

SHOWN_WITHIN = 1.5  # s, the median on two cores

# Each prints the seconds from the start of its process to the first painted window, then ends.
FIRST_PAINT = """
import sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
began = float(sys.argv[1])
class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and isinstance(watched, QMainWindow):
            print(time.monotonic() - began, flush=True)
            QApplication.instance().removeEventFilter(self)
            QTimer.singleShot(0, QApplication.instance().quit)
        return False
app = QApplication([])
watch = Watch()
app.installEventFilter(watch)
"""
START_APP = f"""
import orca_desk.ui  # before PySide, which it configures
{FIRST_PAINT}
from orca_desk.__main__ import main
sys.argv[:] = ["orca-desk", "desktop", "--library", sys.argv[2]]
main()
"""
START_EMPTY = f"""{FIRST_PAINT}
window = QMainWindow()
window.resize(1280, 820)
window.show()
app.exec()
"""


@dataclass(frozen=True, kw_only=True)
class Start:
    """Seconds from the start of a process to its first painted window, over some runs."""

    name: str
    median: float
    worst: float
    times_empty: float


def measure_starts(runs: int, folder: Path) -> list[Start]:
    """Return the start times of the app on a new and on an existing library, and of an empty window."""
    seconds: dict[str, list[float]] = {"new library": [], "existing library": [], "empty window": []}
    existing = folder / "existing"
    _first_paint(START_APP, existing)
    for run in range(runs):
        seconds["new library"].append(_first_paint(START_APP, folder / f"new-{run}"))
        seconds["existing library"].append(_first_paint(START_APP, existing))
        seconds["empty window"].append(_first_paint(START_EMPTY, existing))
    peer = statistics.median(seconds["empty window"])
    return [
        Start(
            name=name,
            median=statistics.median(found),
            worst=max(found),
            times_empty=statistics.median(found) / peer,
        )
        for name, found in seconds.items()
    ]


def _first_paint(code: str, library: Path) -> float:
    done = subprocess.run(
        [sys.executable, "-c", code, str(time.monotonic()), str(library)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode or not done.stdout:
        raise SystemExit(f"The window did not appear: {done.stderr}")
    return float(done.stdout.split()[0])


def main() -> int:
    """Print both measurements; return 0 if the window appears in time, otherwise 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=7, help="starts of each type")
    parser.add_argument("--only", choices=("start", "stalls"))
    parser.add_argument("--without", choices=MEASURES, help="a measure for smoothness to leave out")
    parser.add_argument("--activities", nargs="+", choices=ACTIVITIES, default=ACTIVITIES)
    asked = parser.parse_args()
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="orca-desk-") as folder:
        starts = [] if asked.only == "stalls" else measure_starts(asked.runs, Path(folder))
        stalls = (
            []
            if asked.only == "start"
            else measure_stalls(Path(folder), activities=asked.activities, without=asked.without)
        )
    met = all(one.median <= SHOWN_WITHIN for one in starts)
    if asked.json:
        found = {"start": list(map(asdict, starts)), "stalls": list(map(asdict, stalls)), "target_met": met}
        print(json.dumps(found, indent=1))
    else:
        _print(starts, stalls, met)
    return 0 if met else 1


def _print(starts: list[Start], stalls: list[Stalls], met: bool) -> None:
    if starts:
        print(f"Start to first painted window, seconds (target: a median of {SHOWN_WITHIN})")
        print(f"  {'':<20}{'median':>8}{'worst':>8}{'x empty':>9}")
        for start in starts:
            print(f"  {start.name:<20}{start.median:>8.2f}{start.worst:>8.2f}{start.times_empty:>9.1f}")
        print(f"  Target {'met' if met else 'NOT met'}.")
    if stalls:
        print("How late the event loop was, milliseconds; beside it, an empty window in another process")
        print(f"  {'':<26}{'p50':>7}{'p99':>8}{'max':>8}{'> 50':>6}{'beside p99':>12}{'max':>8}{'s':>7}")
        for one in stalls:
            print(f"  {one.name:<26}{one.p50:>7.1f}{one.p99:>8.1f}{one.worst:>8.1f}{one.over:>6}", end="")
            print(f"{one.beside_p99:>12.1f}{one.beside_worst:>8.1f}{one.seconds:>7.1f}")
            for stack, count in one.stacks.items():
                print(f"      {count} x {stack}")


if __name__ == "__main__":
    sys.exit(main())
