"""Opens the desktop on a library and prints what is cut on its pages, at the scale of the process.

python scaled_desktop.py LIBRARY WIDTHxHEIGHT, with $QT_SCALE_FACTOR: the size is the screen's, in its pixels.
"""

import os
import sys
from pathlib import Path

from clipped import clipped
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication

from orca_desk.library.database import Library
from orca_desk.ui.app import desktop
from orca_desk.ui.starting import application
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets import on_screen

PAGES = "home", "tasks", "records", "evaluate", "settings"


def main(folder: Path, screen: str) -> int:
    """Print what does not fit."""
    scale = float(os.environ["QT_SCALE_FACTOR"])
    width, height = (round(int(side) / scale) for side in screen.split("x"))
    room = QRect(0, 0, width, height)
    on_screen.room_on = lambda screen: room
    app: QApplication = application()
    with Library.open(folder) as library, desktop(library, Theme(app)) as window:
        window.show()
        window.notice.hide()
        app.processEvents()
        if not room.contains(window.geometry()):
            print(f"The window {window.geometry()} leaves the screen {room}.")
        if window.devicePixelRatioF() != scale:
            print(f"The scale is {window.devicePixelRatioF()}.")
        for name in PAGES:
            window.show_page(name)
            for _ in range(20):
                app.processEvents()
            for line in clipped(window):
                if "Table" not in line:
                    print(f"{name}: {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
