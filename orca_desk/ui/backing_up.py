"""Automatic backups and compacting, while the desktop is open and nothing needs the disk."""

import time
from datetime import UTC, datetime

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from orca_desk.errors import UserError
from orca_desk.library.backups.keeping import (
    Verified,
    bytes_to_keep,
    is_due,
    keep,
    verification_is_due,
    verify,
)
from orca_desk.library.backups.keeping_settings import store_folder
from orca_desk.library.backups.kept import KeptBackup, kept_backups
from orca_desk.library.care.compacting import compact, space_of
from orca_desk.processes.progress import Meter, StoppedError, Update
from orca_desk.ui.desk import Desk
from orca_desk.ui.jobs import Job, Tools
from orca_desk.ui.words.kept_backups import verified_lines

FIRST_MS = 60_000  # after the start, which comes first
EVERY_MS = 60_000
PAUSE = 600.0  # s between two attempts: what failed, or found nothing new, is not tried at once again
BACKUP, ASKED, COMPACT = "Automatic backup", "Backup", "Compact the library"
VERIFY = "Verify the backups"


def start_backup(desk: Desk, *, asked: bool) -> Job:
    """Make a backup as a job; one that the user asked for is kept until it is deleted."""
    library = desk.library

    def work(tools: Tools) -> KeptBackup | None:
        meter = Meter(tools.progress, stage="copying", total=bytes_to_keep(library), unit="bytes")

        def on_bytes(count: int) -> None:
            tools.control.require_running()
            meter.advance(count)

        try:
            return keep(library, why="asked" if asked else "automatic", on_bytes=on_bytes)
        except StoppedError:
            return None

    title = ASKED if asked else BACKUP
    return desk.jobs.start(title, "keep", work, heavy=False, changes=("settings",), by_itself=not asked)


def start_verification(desk: Desk, *, by_itself: bool = False) -> Job:
    """Read every backup from end to end as a job."""
    store = store_folder(desk.library.folder)

    def work(tools: Tools) -> Verified | None:
        total = len({name for one in kept_backups(store)[0] for name in one.pieces})
        meter = Meter(tools.progress, stage="verifying", total=total or None, unit="pieces")

        def on_bytes(count: int) -> None:
            tools.control.require_running()
            meter.advance(1)

        try:
            return verify(store, on_bytes=on_bytes)
        except StoppedError:
            return None

    return desk.jobs.start(VERIFY, "verify", work, heavy=False, changes=("settings",), by_itself=by_itself)


class BackingUp(QObject):
    """Looks every minute whether a backup is due, and makes it as a job.

    A job that runs is waited for; one that runs a model only until a whole interval more has passed, since a
    training may take days. Where much of the database is unused, it is compacted afterwards, but only while
    the user is in another program: writing waits for it, and it stops as soon as they come back.
    """

    def __init__(self, desk: Desk, parent: QObject, *, first: int = FIRST_MS) -> None:
        super().__init__(parent)
        self._desk = desk
        self._began = datetime.now(UTC)
        self._tried: float | None = None
        self._told = ""  # the error that was shown last
        self._is_away = False
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.look)
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.applicationStateChanged.connect(self._note_state)
        if desk.library.problem is None:
            begin = QTimer(self)  # a child, which ends with the window
            begin.setSingleShot(True)
            begin.timeout.connect(self._begin)
            begin.start(first)

    def look(self) -> None:
        """Make a backup if one is due, or compact if that is worth it, unless something else runs."""
        if self._desk.library.problem is not None or any(not job.heavy for job in self._desk.jobs.unfinished):
            return
        if self._tried is not None and time.monotonic() - self._tried < PAUSE:
            return
        library, busy = self._desk.library, bool(self._desk.jobs.unfinished)
        folder = library.folder

        def what_is_wanted() -> str:
            if is_due(folder, since=self._began, intervals=2) if busy else is_due(folder):
                return BACKUP
            if busy:
                return ""
            if verification_is_due(folder):
                return VERIFY
            return COMPACT if space_of(library).is_worth_it else ""

        self._desk.background.run(self, what_is_wanted, self._act, only_newest="due", failed=self._fail)

    def _begin(self) -> None:
        self.look()
        self._timer.start()

    def _act(self, wanted: str) -> None:
        if wanted == BACKUP:
            self._tried = time.monotonic()
            job = start_backup(self._desk, asked=False)
            job.ended.connect(lambda: self._ended(job))
        elif wanted == VERIFY and not self._desk.jobs.unfinished:
            self._tried = time.monotonic()
            job = start_verification(self._desk, by_itself=True)
            job.ended.connect(lambda: self._verified(job))
        elif wanted == COMPACT and self._is_away and not self._desk.jobs.unfinished:
            self._tried = time.monotonic()
            self._compact()

    def _ended(self, job: Job) -> None:
        if isinstance(job.error, UserError):
            self._fail(job.error)
        elif job.error is None:
            self._told = ""

    def _verified(self, job: Job) -> None:
        if isinstance(job.result, Verified) and (job.result.damaged or job.result.unreadable):
            first, *rest = verified_lines(job.result)
            self._desk.report(UserError(f"Some backups are damaged. {first}", " ".join(rest)))

    def _fail(self, error: Exception) -> None:
        """Show an error once, until a backup has succeeded again: it comes back with every attempt."""
        if isinstance(error, UserError) and self._told != str(error):
            self._told = str(error)
            self._desk.report(UserError(f"No automatic backup was made. {error.message}", error.hint))
        elif not isinstance(error, UserError):
            self._desk.report(error)

    def _compact(self) -> None:
        library = self._desk.library

        def work(tools: Tools) -> None:
            def check() -> None:
                tools.control.require_running()
                if not self._is_away:
                    raise StoppedError

            tools.progress(Update(stage="compacting", done=0, unit=""))
            try:
                compact(library, check=check)
            except (StoppedError, UserError):  # the user is back, or there is no room: it can wait
                return

        self._desk.jobs.start(COMPACT, "compact", work, heavy=False, by_itself=True)

    def _note_state(self, state: Qt.ApplicationState) -> None:
        self._is_away = state != Qt.ApplicationState.ApplicationActive
