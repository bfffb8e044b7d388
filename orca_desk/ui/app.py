"""Start the desktop on one library, and end it in good order."""

import gc
import importlib
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from orca_desk import __version__
from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.log import LOG_NAME, logging_to
from orca_desk.paths import resources
from orca_desk.ui.crash import CrashReport
from orca_desk.ui.desk import Desk
from orca_desk.ui.double_click import StrayClicks
from orca_desk.ui.first_start import begin_once
from orca_desk.ui.page import Page
from orca_desk.ui.register import PAGES
from orca_desk.ui.single import Door, raise_other
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.message_box import message_box
from orca_desk.ui.window import Window

logger = logging.getLogger(__name__)
# How long busy threads keep the event loop from Python at a time (Python: 5 ms). To paint a table it comes
# to Python hundreds of times
SWITCH_SECONDS = 0.0001
SETTLED_MS = 200  # after the window was shown: it has been painted by then
SECONDS_TO_STOP = 30.0  # for jobs that still run when the event loop has ended


def main(folder: Path) -> int:
    """Show the library in `folder` until the window is closed; return the exit code."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("Orca Desk")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("orca-desk")
    app.setWindowIcon(QIcon(str(resources() / "icons" / "app.svg")))
    StrayClicks(app)
    theme = Theme(app)
    if raise_other(folder):
        return 0
    library = open_or_ask(folder, theme)
    if library is None:
        return 1
    with library, logs(library.folder / "logs"), desktop(library, theme) as window:
        window.show()
        begin_once(window)
        QTimer.singleShot(SETTLED_MS, settle)
        with quits_on_signals(app):
            return app.exec()


def settle() -> None:
    """Do once, while nobody waits for anything yet, what would hold up the event loop later.

    A full collection of garbage would go over all that the start has made, again and again while rows come in
    by the thousand, and large young generations take long at a time.
    """
    threading.Thread(target=import_the_rest, name="imports", daemon=True).start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 10, 1_000)


def import_the_rest() -> None:
    """Import what the first write and each page's first opening would import; the event loop goes on."""
    importlib.import_module("sqlite_utils")
    importlib.import_module("orca_desk.prompts.hf")  # the tokenizer: first wanted beside a running training
    for entry in PAGES:
        if entry:
            importlib.import_module(f"orca_desk.ui.pages.{entry[0]}.page")


@contextmanager
def desktop(library: Library, theme: Theme) -> Iterator[Window]:
    """Yield the window of a library; afterwards stop its jobs and threads."""
    places = QSettings(str(library.folder / "desktop.ini"), QSettings.Format.IniFormat)
    theme.choose(str(places.value("window/theme", "system")))  # type: ignore[arg-type]
    desk = Desk(library, theme, places=places)
    window = Window(desk)
    theme.dress(window)
    door = Door(library.folder, window)
    door.knocked.connect(window.raise_up)
    crashes = _Crashes(window, library.folder / "logs" / LOG_NAME)
    desk.crashed.connect(crashes.show)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    before, sys.excepthook = sys.excepthook, lambda kind, error, trace: desk.report(error)
    try:
        yield window
    finally:
        sys.excepthook = before
        sys.setswitchinterval(interval)
        door.close()
        window.hide()
        for page in window.pages.values():
            _close(page)
        if desk.jobs.unfinished:  # the system or a signal ended the app: the next start offers to go on
            window.going_on.note_closing()
        desk.jobs.stop_all()
        for job in desk.jobs.all:
            job.wait(SECONDS_TO_STOP)
        desk.background.close()
        places.sync()
        window.deleteLater()
        desk.deleteLater()


def _close(page: Page) -> None:
    """Close a page; one that cannot write what it keeps must not leave another's workers running."""
    try:
        page.close_page()
    except Exception:
        logger.exception("the page %s was not closed in good order", page.name)


class _Crashes:
    """Shows one crash report at a time: a bug that repeats must not bury the screen."""

    def __init__(self, window: Window, log: Path) -> None:
        self._window, self._log = window, log
        self._shown: CrashReport | None = None

    def show(self, error: BaseException) -> None:
        """Show the report of a bug, unless one is open."""
        if self._shown is None:
            self._shown = CrashReport(error, str(self._log) if self._log.exists() else "", self._window)
            self._shown.finished.connect(self._forget)
            self._shown.open()

    def _forget(self) -> None:
        self._shown = None


def open_or_ask(folder: Path, theme: Theme) -> Library | None:
    """Open the library; where that fails say why and let the user choose another folder, or give up."""
    while True:
        try:
            return Library.open(folder)
        except UserError as error:
            chosen = _choose_another(error, theme)
        if chosen is None:
            return None
        folder = chosen


def _choose_another(error: UserError, theme: Theme) -> Path | None:
    theme.choose("system")  # which one the user likes better, only a library says
    box = message_box(None, error.message, error.hint, image="circle-x", role="bad")
    theme.dress(box)
    other = box.addButton("Choose another folder…", QMessageBox.ButtonRole.AcceptRole)
    box.addButton("Close", QMessageBox.ButtonRole.RejectRole)
    box.exec()
    if box.clickedButton() is not other:
        return None
    chosen = QFileDialog.getExistingDirectory(None, "A folder for the library")
    return Path(chosen) if chosen else None


@contextmanager
def logs(folder: Path) -> Iterator[None]:
    """Log into the library's folder; where that cannot be written the app runs all the same."""
    try:
        context = logging_to(folder)
        context.__enter__()
    except OSError:
        yield
        return
    try:
        yield
    finally:
        context.__exit__(None, None, None)


@contextmanager
def quits_on_signals(app: QApplication) -> Iterator[None]:
    """Let Ctrl-C in the terminal and a request of the system end the event loop, and with it the jobs."""

    def leave(*_: object) -> None:
        app.exit()  # `quit` would close the window first, which asks about running jobs and may stay

    kinds = (signal.SIGINT, signal.SIGTERM)
    before: dict[int, Callable[..., object] | int | None] = {}
    for kind in kinds:
        before[kind] = signal.signal(kind, leave)
    awake = QTimer()  # Python sees a signal only when it runs
    awake.timeout.connect(lambda: None)
    awake.start(500)
    try:
        yield
    finally:
        awake.stop()
        for kind in kinds:
            signal.signal(kind, before[kind])
