"""A server in its worker, as the app starts it, for as long as a test needs it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from queue import Queue

from orca_desk.processes.progress import JobControl
from orca_desk.steps.chat.serving import (
    NamedModel,
    ServeSettings,
    ServingActivity,
    ServingEvent,
    ServingReady,
    serve,
)

SECONDS = 60


class LiveServer:
    """A running server: its base URL, and what it tells."""

    def __init__(self, models: Sequence[NamedModel], settings: ServeSettings) -> None:
        self.control = JobControl()
        self.error: Exception | None = None
        self.events: Queue[ServingEvent | None] = Queue()
        self._models, self._settings = models, settings
        self._told: ServingActivity | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self.url = self._wait_until_ready()

    def _run(self) -> None:
        try:
            serve(self._models, self._settings, on_event=self.events.put, control=self.control)
        except Exception as error:  # for whoever waits
            self.error = error
        self.events.put(None)

    def _wait_until_ready(self) -> str:
        while (event := self.events.get(timeout=SECONDS)) is not None:
            if isinstance(event, ServingReady):
                return event.url
        assert self.error
        raise self.error

    def wait_until(self, is_wanted: Callable[[ServingActivity], bool]) -> ServingActivity:
        """Wait for the server to do something, from what it told last on; return what it does."""
        while not (self._told and is_wanted(self._told)):
            event = self.events.get(timeout=SECONDS)
            assert event is not None, self.error
            if isinstance(event, ServingActivity):
                self._told = event
        return self._told

    def stop(self) -> None:
        """End it, and wait until its worker has ended."""
        self.control.stop()
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()


@contextmanager
def live_server(models: Sequence[NamedModel], **settings: object) -> Iterator[LiveServer]:
    """Serve models at a free port."""
    server = LiveServer(models, replace(ServeSettings(port=0), **settings))  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.stop()
