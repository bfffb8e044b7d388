"""Takes every page at every size, light and dark, and puts those of a size and theme on one sheet.

    python -m benchmarks.page_pictures LIBRARY FOLDER [WIDTHxHEIGHT[@SCALE] ...]
        [--pages NAME,...] [--text PERCENT]

LIBRARY should be a copy of one in which the demo has run. Each size is drawn in memory, in a process of its
own, as Qt takes the scale at its start. WIDTH and HEIGHT are pixels of the screen; at a scale of 200% half as
many fit. Beside the pictures stands what `tests/support/clipped.py` finds cut.
"""

import argparse
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from threading import Barrier

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QDialog, QTabWidget, QWidget

from benchmarks.pictures import pause, until
from orca_desk.library.database import Library
from orca_desk.ui.app import desktop
from orca_desk.ui.background import THREADS
from orca_desk.ui.desk import Desk
from orca_desk.ui.register import NAMES
from orca_desk.ui.starting import application
from orca_desk.ui.theme import Choice, Theme
from orca_desk.ui.widgets import on_screen

SCREENS = "1024x640", "1280x720", "1440x900", "2880x1800"
SIZES = tuple(f"{screen}@{scale}" for screen in SCREENS for scale in (100, 150, 200, 250))
THEMES: tuple[Choice, ...] = ("light", "dark")
SETTLE = 200  # ms, until what has arrived is painted
ROUNDS = 3  # of waiting for what a page asks for
THUMB = 480  # px, the width of a page on a sheet
COLUMNS = 4
GAP = 8  # px
CHECKS = Path(__file__).resolve().parents[1] / "tests" / "support"


def main(arguments: list[str]) -> int:
    """Take the pictures of each size in a process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("library", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sizes", nargs="*", default=list(SIZES))
    parser.add_argument("--pages", default="")
    parser.add_argument("--text", type=int, default=100)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        return take(given.library, given.folder, given.sizes[0], given.pages, given.text)
    given.folder.mkdir(parents=True, exist_ok=True)
    for size in given.sizes:
        scale = int(size.partition("@")[2] or 100) / 100
        command = [sys.executable, "-m", "benchmarks.page_pictures", "--one", "--pages", given.pages]
        places = {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(scale)}
        settings = {"ORCA_DESK_SETTINGS": str(given.folder / "settings")}
        subprocess.run(
            [*command, "--text", str(given.text), str(given.library), str(given.folder), size],
            env=os.environ | places | settings,
            check=True,
        )
        print(f"{size}: done", flush=True)
    return 0


def take(library: Path, folder: Path, size: str, pages: str, text: int) -> int:
    """Take the pages at one size, light and dark, and note what is cut."""
    sys.path.insert(0, str(CHECKS))
    from clipped import clipped

    pixels, _, percent = size.partition("@")
    width, height = (round(int(side) * 100 / int(percent or 100)) for side in pixels.split("x"))
    on_screen.room_on = lambda screen: QRect(0, 0, 4 * width, 4 * height)
    app = application()
    found = []
    with Library.open(library) as opened, desktop(opened, Theme(app)) as window:
        window.resize(width, height)
        window.show()
        _wait(window.desk)
        for dialog in window.findChildren(QDialog):  # the tour
            dialog.close()
        window.notice.hide()
        window.desk.theme.choose_text_size(text)
        for theme in THEMES:
            window.desk.theme.choose(theme)
            shots = []
            for name in pages.split(",") if pages else NAMES:
                for tab in range(_tabs(window.enter_page(name))):
                    _show_tab(window.enter_page(name), tab)
                    _wait(window.desk)
                    picture = window.grab()
                    picture.save(str(folder / f"{name}{tab or ''}-{size}-{theme}.png"))
                    shots.append(picture.toImage())
                    if theme == THEMES[0]:
                        found += [f"{size} {name} {tab}: {line}" for line in clipped(window)]
            _sheet(shots).save(str(folder / f"sheet-{size}-{theme}.png"))
    (folder / f"cut-{size}.txt").write_text("".join(f"{line}\n" for line in found), encoding="utf-8")
    return 0


def _wait(desk: Desk) -> None:
    """Wait until what a page asked for is there, and what that asked for in turn, and paint it.

    In each round a task per thread meets the others at a barrier: by then each has ended its earlier work.
    """
    arrived: list[int] = []
    for past in range(ROUNDS):
        barrier = Barrier(THREADS)
        for _ in range(THREADS):
            desk.background.run(desk, barrier.wait, arrived.append)
        until(partial(_has, arrived, THREADS * (past + 1)))
        pause(SETTLE)


def _has(arrived: list[int], count: int) -> bool:
    return len(arrived) == count


def _tabs(page: QWidget) -> int:
    """Return the number of tabs of a page, at least 1."""
    tabs = _tabs_of(page)
    return tabs.count() if tabs is not None else 1


def _show_tab(page: QWidget, place: int) -> None:
    tabs = _tabs_of(page)
    if tabs is not None:
        tabs.setCurrentIndex(place)


def _tabs_of(page: QWidget) -> QTabWidget | None:
    return next((one for one in page.findChildren(QTabWidget) if one.isVisible()), None)


def _sheet(shots: list[QImage]) -> QImage:
    """Return one picture with all shots, small, in rows."""
    small = [shot.scaledToWidth(THUMB, Qt.TransformationMode.SmoothTransformation) for shot in shots]
    high, rows = max(one.height() for one in small), -(-len(small) // COLUMNS)
    sheet = QImage(COLUMNS * (THUMB + GAP), rows * (high + GAP), QImage.Format.Format_RGB32)
    sheet.fill(Qt.GlobalColor.gray)
    painter = QPainter(sheet)
    for place, one in enumerate(small):
        one.setDevicePixelRatio(1)
        painter.drawImage(QPoint(place % COLUMNS * (THUMB + GAP), place // COLUMNS * (high + GAP)), one)
    painter.end()
    return sheet


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
