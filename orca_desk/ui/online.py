"""Whether the user is online: only then does a worker connect to the hub, and it ends with the downloads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.steps.download.download import Downloaded, download
from orca_desk.steps.download.request import KIND, DownloadRequest, chosen_endpoint
from orca_desk.steps.download.session import HubSession
from orca_desk.steps.download.token import find_token
from orca_desk.ui.background import Background
from orca_desk.ui.jobs import Job, Jobs, Tools

T = TypeVar("T")
QUESTIONS = 8  # that may wait for the hub at the same time
IDLE_MS = 10 * 60 * 1000  # without a question or a download; then the app goes offline automatically


class Online(QObject):
    """The visit to the hub, if there is one.

    `changed` fires when the user goes online or offline; `ended_itself` when the app went offline because the
    downloads were done or nothing was asked for a while.
    """

    changed = Signal()
    ended_itself = Signal(bool)  # whether downloads were done

    def __init__(
        self, library: Library, jobs: Jobs, parent: QObject, *, failed: Callable[[Exception], None]
    ) -> None:
        """`failed` gets the errors of work in `background` without a handler of its own."""
        super().__init__(parent)
        self._library, self._jobs = library, jobs
        # A slow hub, or a keyring that asks the user, must not hold up what the pages read from the library
        self.background = Background(self, failed=failed, threads=QUESTIONS)
        self._session: HubSession | None = None
        self._connecting: list[tuple[Callable[[], Any], Callable[[Exception], Any]]] = []
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MS)
        self._idle.timeout.connect(self._rest)
        jobs.ended.connect(self._job_ended)

    @property
    def is_online(self) -> bool:
        """Whether a worker may connect now."""
        return self._session is not None

    @property
    def endpoint(self) -> str:
        """The hub's address; "" while offline."""
        return self._session.endpoint if self._session else ""

    @property
    def downloads(self) -> list[Job]:
        """The downloads that run or wait."""
        return [job for job in self._jobs.unfinished if job.kind == KIND]

    def go_online(
        self,
        then: Callable[[], Any] = lambda: None,
        *,
        failed: Callable[[Exception], Any],
    ) -> None:
        """Allow connections, then call `then`. Only what the user does calls this."""
        if self._session is not None:
            then()
            return
        self._connecting.append((then, failed))
        if len(self._connecting) > 1:
            return
        library, log = self._library, self._library.folder / "logs" / "hub.log"

        def prepare() -> HubSession:
            endpoint = chosen_endpoint(library)
            token = find_token(endpoint).value  # the system may ask to unlock its keyring
            return HubSession(endpoint, token=token, log=log)

        self.background.run(self, prepare, self._opened, failed=self._refused)

    def go_offline(self) -> None:
        """End the connection; downloads stop, and can be resumed."""
        for job in self.downloads:
            job.stop()
        self._end()

    def ask(
        self,
        owner: QObject,
        question: Callable[[HubSession], T],
        then: Callable[[T], Any],
        *,
        failed: Callable[[Exception], Any],
        only_newest: str = "",
    ) -> None:
        """Ask the hub in the background, as `Background.run` does. Does nothing while offline."""
        session = self._session
        if session is not None:
            self._idle.start()
            self.background.run(
                owner, lambda: question(session), then, failed=failed, only_newest=only_newest
            )

    def download(self, request: DownloadRequest) -> Job:
        """Start a download, which runs beside other jobs. Raises UserError while offline, or if it runs."""
        if self._session is None:
            raise UserError("Orca Desk is offline.", "Go online to download.")
        if self.is_downloading_into(request.folder):
            raise UserError(f"{request.repo.name} is being downloaded.", "Wait until it is done.")
        library = self._library

        def work(tools: Tools) -> Downloaded:
            token = find_token(request.endpoint).value  # of this hub: the visit may be to another
            return download(library, request, token=token, progress=tools.progress, control=tools.control)

        job = self._jobs.start(title_of(request), KIND, work, heavy=False, returns=True)
        job.setProperty("folder", str(request.folder))
        self._jobs.changed.emit()  # now `is_downloading_into` knows it
        return job

    def is_downloading_into(self, folder: Path) -> bool:
        """Return whether a download into a model's folder is unfinished."""
        return any(job.property("folder") == str(folder) for job in self.downloads)

    def close(self) -> None:
        """End the connection when the window closes."""
        self._idle.stop()
        if self._session is not None:
            self._session.close()
            self._session = None
        self.background.close()

    def _opened(self, session: HubSession) -> None:
        waiting, self._connecting = self._connecting, []
        self._session = session
        self._idle.start()
        self.changed.emit()
        for then, _ in waiting:
            then()

    def _refused(self, error: Exception) -> None:
        waiting, self._connecting = self._connecting, []
        for _, failed in waiting:
            failed(error)

    def _job_ended(self, job: Job) -> None:
        if job.kind == KIND and self._session is not None and not self.downloads:
            if job.state == "done":
                self._end()
                self.ended_itself.emit(True)
            else:
                self._idle.start()

    def _rest(self) -> None:
        if self.downloads:
            self._idle.start()
        elif self._session is not None:
            self._end()
            self.ended_itself.emit(False)

    def _end(self) -> None:
        session, self._session = self._session, None
        self._idle.stop()
        if session is not None:
            self.background.run(self, session.close)
            self.changed.emit()


def title_of(request: DownloadRequest) -> str:
    """Return the title of a download: what arrives."""
    name = request.target.name if request.target != request.folder else request.repo.name.partition("/")[2]
    return f"Download {name}"
