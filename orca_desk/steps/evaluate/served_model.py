"""A model served on this machine for as long as another program asks it: what a benchmark needs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

from orca_desk.errors import UserError
from orca_desk.processes.asking import Runner
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl
from orca_desk.processes.protocol import Message

NAME = "model"  # by which a client asks for it
LOOK_AROUND = 0.2  # s


@dataclass
class BenchmarkModel:
    """A running server: its base URL, and how many answers it has given."""

    url: str = ""
    answered: int = 0
    error: Exception | None = None
    is_over: bool = False

    def require_running(self) -> None:
        """Raise the error that ended the server, if it has ended."""
        if self.error is not None:
            raise self.error
        if self.is_over:
            raise UserError("Another program stopped the server.", "Start the benchmark again.")


@contextmanager
def served_model(runner: Runner, control: JobControl, log: Path | None) -> Iterator[BenchmarkModel | None]:
    """Serve a model at a free local port while the block runs; yield None if `control` stops it before.

    Raises UserError when it cannot be served.
    """
    own, told = JobControl(), Queue[str]()
    server = BenchmarkModel()
    part = "base" if runner.adapter is None else "student"
    job = {
        "models": [runner.as_job() | {"name": NAME, "part": part}],
        "host": "127.0.0.1",
        "port": 0,
        "key": "",  # lm-eval finds out without one how to ask for tokens
    }

    def receive(events: list[Message]) -> None:
        for event in events:
            if event["event"] == "ready":
                told.put(event["url"])
            elif event["event"] == "activity":
                server.answered = event["answered"]

    def run() -> None:
        try:
            run_worker("serve", job, on_events=receive, control=own, log=log, seconds_to_stop=5.0)
        except Exception as error:  # for the thread that waits
            server.error = error
        server.is_over = True

    thread = threading.Thread(target=run, name="serve", daemon=True)
    thread.start()
    try:
        while not server.url and not control.stopped:
            server.require_running()
            try:
                server.url = told.get(timeout=LOOK_AROUND)
            except Empty:
                continue
        yield server if server.url else None
    finally:
        own.stop()
        thread.join()
