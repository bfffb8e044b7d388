"""Downloads files of one model. Connects.

Job: {"endpoint", "token", "repo" (a `HubRepo`), "files" (names), "folder", "replace"};
events: `progress` (stage, done, total, rate), `waiting` (seconds), `downloaded`.
"""

import time
from pathlib import Path

from orca_desk.workers.hub import allow_connections
from orca_desk.workers.runtime import Channel, serve

TELL_EVERY = 0.25  # s
RECENT = 10.0  # s over which the rate is measured


class _Report:
    """Tells the host how far the download is, and leaves the connection while it is paused or stopped."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._told = 0.0
        self._samples: list[tuple[float, int]] = []

    def progress(self, stage: str, done: int, total: int) -> None:
        """Report bytes; raises Interruption for the host's pause or stop."""
        from orca_desk.models.hub.fetch import Interruption

        if self._channel.control.state != "run":
            raise Interruption
        now = time.monotonic()
        if now - self._told < TELL_EVERY and done < total:
            return
        self._told = now
        rate = self._rate(stage, now, done)
        event = {"event": "progress", "stage": stage, "done": done, "total": total, "rate": rate}
        self._channel.emit(event)

    def waiting(self, seconds: int) -> None:
        """Report that the hub asks for patience."""
        self._channel.emit({"event": "waiting", "seconds": seconds})

    def forget(self) -> None:
        """Measure the rate again, after a pause."""
        self._samples = []

    def _rate(self, stage: str, now: float, done: int) -> float | None:
        """Return bytes per second in the last seconds: the time left follows a connection that changes."""
        if stage != "downloading" or (self._samples and done < self._samples[-1][1]):
            self._samples = []
        self._samples = [one for one in self._samples if now - one[0] <= RECENT] + [(now, done)]
        (began, before), span = self._samples[0], now - self._samples[0][0]
        return (done - before) / span if span > 0 and began < now else None


def main() -> None:
    """Serve one job."""
    serve(download)


def download(channel: Channel) -> None:
    """Download until all files are whole, or the host stops it; a pause closes the connection."""
    allow_connections()
    from orca_desk.models.hub.connection import Hub, connected
    from orca_desk.models.hub.fetch import Interruption, download_files
    from orca_desk.models.hub.listing import HubRepo

    job = channel.job
    hub = Hub(endpoint=job["endpoint"], token=job["token"])
    repo, names = HubRepo.from_json(job["repo"]), set(job["files"])
    files = [file for file in repo.files if file.name in names]
    report = _Report(channel)
    while channel.control.proceed():
        report.forget()
        try:
            with connected(hub, waiting=report.waiting):
                download_files(
                    hub,
                    repo,
                    files,
                    Path(job["folder"]),
                    replace=job["replace"],
                    progress=report.progress,
                )
        except Interruption:
            continue
        channel.emit({"event": "downloaded"})
        return
