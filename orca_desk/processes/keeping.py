"""Keeps a worker between two calls of `run_worker`, so that its model stays loaded."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from orca_desk.processes import protocol
from orca_desk.processes.process import WorkerProcess


class KeptWorker:
    """Holds at most one worker that has answered all requests so far. Use it in a `with` block.

    Only workers that take their requests in rounds can be kept (`workers.runtime.Channel.rounds`).
    """

    def __init__(self) -> None:
        self._held: tuple[str, Mapping[str, Any], WorkerProcess] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def take(self, name: str, job: Mapping[str, Any]) -> WorkerProcess | None:
        """Return the worker for another round if it has this job and still lives; end any other.

        Then returns None.
        """
        if self._held is None or self._held[:2] != (name, job) or not self._held[2].is_alive:
            self.release()
            return None
        worker, self._held = self._held[2], None
        worker.send(protocol.control("resume"))  # it may have been told to pause after its last answer
        worker.send(protocol.control("again"))
        return worker

    def hold(self, name: str, job: Mapping[str, Any], worker: WorkerProcess) -> None:
        """Keep a worker that has ended a round."""
        self.release()
        self._held = name, job, worker

    def release(self) -> None:
        """End the worker that is kept."""
        if self._held is not None:
            self._held[2].close()
            self._held = None
