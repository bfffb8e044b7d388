"""Starts the desktop on one library, and ends it cleanly."""

import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from orca_desk import __version__
from orca_desk.errors import UserError
from orca_desk.inventory.machine import describe_machine, is_known
from orca_desk.library.database import Library
from orca_desk.log import LOG_NAME, logging_to
from orca_desk.paths import resources
from orca_desk.ui.crash import CrashReport
from orca_desk.ui.desk import Desk
from orca_desk.ui.double_click import StrayClicks
from orca_desk.ui.page import Page
from orca_desk.ui.preferences import PLAIN_TEXT, TEXT_SIZE, THEME, adopt, preferences
from orca_desk.ui.relocating import NewPlace, relocate
from orca_desk.ui.single_instance import InstanceServer, raise_running_instance
from orca_desk.ui.smoothness import collect_in_this_thread, quick_switches, settle
from orca_desk.ui.start_trouble import StartTrouble
from orca_desk.ui.starting import BEFORE, RESTART, RESTORED, application, qt_in_log
from orca_desk.ui.theme import Theme, text_size_choice, theme_choice
from orca_desk.ui.widgets.formulas import end_formulas
from orca_desk.ui.widgets.motion import follow_system
from orca_desk.ui.widgets.on_screen import DialogsOnScreen
from orca_desk.ui.window import Window
from orca_desk.ui.work_dialog import WorkDialog

logger = logging.getLogger(__name__)
SETTLED_MS = 200  # after the window was shown; it is painted by then
LOOK_MS = 30_000  # after that: the first jobs of a first start have begun, and nothing waits for it
SECONDS_TO_OPEN = 0.5  # a library, without a word
SECONDS_TO_STOP = 30.0  # for jobs that are still running when the event loop has ended


def main(folder: Path) -> int:
    """Show the library in `folder` until the user closes the window; return the exit code."""
    app = application()
    app.setApplicationName("Orca Desk")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("orca-desk")
    app.setWindowIcon(QIcon(str(resources() / "icons" / "app.svg")))
    StrayClicks(app)
    DialogsOnScreen(app)
    follow_system()
    theme = Theme(app)
    if raise_running_instance(folder):
        return 0
    code, at = RESTART, NewPlace(folder)
    while code == RESTART:  # a backup was restored, which the next opening puts into place, or it moves
        library = open_or_ask(at.folder, theme)
        if library is None:
            return 1
        try:
            code, target = show(library, theme, app, at)
        except UserError as error:  # a damaged library may lack what every window reads
            chosen = StartTrouble(library.folder, error, theme).ask()
            if chosen is None:
                return 1
            at = NewPlace(chosen)
            continue
        at = NewPlace(library.folder) if target is None else relocate(library.folder, target, theme)
    return code


def show(library: Library, theme: Theme, app: QApplication, at: NewPlace) -> tuple[int, Path | None]:
    """Show the window of a library until the event loop ends, and close both.

    Return its code, and the folder into which the user wants the library moved, if any.
    """
    with library, logs(library.folder / "logs"), qt_in_log(), desktop(library, theme) as window:
        window.show()
        window.begin_tour_once()
        if at.said:
            window.notice.show_message(at.said, at.hint, kind="good")
        QTimer.singleShot(SETTLED_MS, settle)
        QTimer.singleShot(LOOK_MS, window, look_at_machine)
        with quits_on_signals(app):
            return app.exec(), window.desk.move_to


def look_at_machine() -> None:
    """Ask and measure what is not known of this machine, in a thread that ends with the process."""

    def look() -> None:
        try:
            if not is_known():
                describe_machine()
        except Exception:
            logger.exception("the machine was not described")

    threading.Thread(target=look, name="machine", daemon=True).start()


@contextmanager
def desktop(library: Library, theme: Theme) -> Iterator[Window]:
    """Yield the window of a library; afterwards stop its jobs and threads."""
    view_state = QSettings(str(library.folder / "desktop.ini"), QSettings.Format.IniFormat)
    chosen = preferences()
    adopt(chosen, view_state)
    theme.choose(theme_choice(chosen.value(THEME)))
    theme.choose_text_size(text_size_choice(chosen.value(TEXT_SIZE)))
    theme.choose_as_written(chosen.value(PLAIN_TEXT) == "yes")
    desk = Desk(library, theme, view_state=view_state, preferences=chosen)
    window = Window(desk)
    theme.apply_to(window)
    instances = InstanceServer(library.folder, window)
    instances.raise_requested.connect(window.come_back)
    tell_restored(window)
    crashes = _Crashes(window, library.folder / "logs" / LOG_NAME)
    desk.crashed.connect(crashes.show)

    before = sys.excepthook

    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, Exception):
            desk.report(error)
        else:
            before(kind, error, trace)

    sys.excepthook = report
    # To the end: a thread that still works must not free what belongs to Qt
    with quick_switches(), collect_in_this_thread():
        try:
            yield window
        finally:
            sys.excepthook = before
            instances.close()
            window.hide()
            for page in window.pages.values():
                _close(page)
            if desk.jobs.unfinished:  # the system or a signal ended the app: the next start offers to resume
                window.resume_offer.note_closing()
            window.awake.close()
            desk.jobs.stop_all()
            desk.serving.close()
            for job in desk.jobs.all:
                job.wait(SECONDS_TO_STOP)
            desk.online.close()
            desk.background.close()
            end_formulas()
            view_state.sync()
            chosen.sync()
            window.deleteLater()
            desk.deleteLater()


def tell_restored(window: Window) -> None:
    """Say once which backup the library was put back to, and where the state before is."""
    view_state = window.desk.view_state
    if title := str(view_state.value(RESTORED) or ""):
        before = str(view_state.value(BEFORE) or "")
        for key in (RESTORED, BEFORE):
            view_state.remove(key)
        window.notice.show_message(
            f"Restored: {title}.",
            before,
            kind="good",
            action="Show the backups",
            run=lambda: window.desk.open("settings", section="Backups"),
        )


def _close(page: Page) -> None:
    """Close a page. One that fails must not leave the workers of another running."""
    try:
        page.close_page()
    except Exception:
        logger.exception("the page %s did not close cleanly", page.name)


class _Crashes:
    """Shows one crash report at a time, so that a bug that repeats does not bury the screen."""

    def __init__(self, window: Window, log: Path) -> None:
        self._window, self._log = window, log
        self._shown: CrashReport | None = None

    def show(self, error: BaseException) -> None:
        """Show the report of a bug, unless a report is already open."""
        if self._shown is None:
            self._shown = CrashReport(error, str(self._log) if self._log.exists() else "", self._window)
            self._shown.finished.connect(self._forget)
            self._shown.open()

    def _forget(self) -> None:
        self._shown = None


def open_or_ask(folder: Path, theme: Theme) -> Library | None:
    """Open the library. On failure show why, and let the user mend it, select another one or give up."""
    theme.choose(theme_choice(preferences().value(THEME)))
    while True:
        try:
            return open_with_word(folder, theme)
        except UserError as error:
            chosen = StartTrouble(folder, error, theme).ask()
        if chosen is None:
            return None
        folder = chosen


def open_with_word(folder: Path, theme: Theme) -> Library:
    """Open the library, and say so if it takes long: a deletion that was cut off comes back, an upgrade.

    Raises UserError as `Library.open`.
    """
    opened = WorkDialog(
        "Opening the library…",
        lambda on_done: Library.open(folder),
        theme,
        after=SECONDS_TO_OPEN,
        can_stop=False,
    ).wait()
    assert opened is not None  # nobody can stop it
    return opened


@contextmanager
def logs(folder: Path) -> Iterator[None]:
    """Log into the library's folder, or nowhere if it cannot be written."""
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
    """End the event loop, and with it the jobs, on Ctrl-C in the terminal or a request of the system."""

    def leave(*_: object) -> None:
        app.exit()  # `quit` would first close the window, which asks about running jobs and may stay open

    kinds = (signal.SIGINT, signal.SIGTERM)
    before: dict[int, Callable[..., object] | int | None] = {}
    for kind in kinds:
        before[kind] = signal.signal(kind, leave)
    awake = QTimer()  # Python handles a signal only while it runs
    awake.timeout.connect(lambda: None)
    awake.start(500)
    try:
        yield
    finally:
        awake.stop()
        for kind in kinds:
            signal.signal(kind, before[kind])
