"""The host's side of a job: run one worker to its end, feed it, and hand on what it says."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orca_desk.processes import protocol
from orca_desk.processes.process import WorkerProcess
from orca_desk.processes.progress import LOOK_AROUND, JobControl, Wanted
from orca_desk.processes.protocol import ControlWord, Message
from orca_desk.yielding import give_way

SECONDS_TO_STOP = 30.0  # for a worker that was asked to stop: it may have a checkpoint to write
WORDS: dict[Wanted, ControlWord] = {"run": "resume", "pause": "pause", "stop": "stop"}


def run_worker(
    name: str,
    job: Mapping[str, Any],
    *,
    requests: Iterable[Mapping[str, Any]] = (),
    on_events: Callable[[list[Message]], None],
    control: JobControl | None = None,
    log: Path | None = None,
    command: Sequence[str] | None = None,
    seconds_to_stop: float = SECONDS_TO_STOP,
) -> bool:
    """Run worker `name` on `job` until it ends; return True if it did everything, False if it was stopped.

    `requests` is pulled only as fast as the worker asks, and not before `on_events` has had everything
    that came earlier. `on_events` gets all events that have arrived as one list, so that it can commit
    them in one transaction; if it or `requests` raises, the worker is ended and the exception goes on.
    A worker that does not obey a stop within `seconds_to_stop` is killed. Raises UserError or
    WorkerCrashError when the worker fails or dies (see `WorkerProcess.check`).
    """
    control = control or JobControl()
    if control.stopped:
        return False
    with WorkerProcess(name, job, log=log, command=command) as worker:
        control.listen(worker.wake)
        try:
            obedient = _attend(worker, iter(requests), on_events, control, seconds_to_stop)
        finally:
            control.unlisten(worker.wake)
        if obedient:
            worker.check()
        return not control.stopped


def _attend(
    worker: WorkerProcess,
    requests: Iterator[Mapping[str, Any]],
    on_events: Callable[[list[Message]], None],
    control: JobControl,
    seconds_to_stop: float,
) -> bool:
    """Serve the worker until its events end; return whether it ended by itself (False: it was killed)."""
    told: Wanted = "run"
    obedient = True
    deadline = float("inf")
    while (batch := worker.events(LOOK_AROUND)) is not None:
        theirs = [event for event in batch if event["event"] not in protocol.OWN_EVENTS]
        give_way()
        if theirs:
            on_events(theirs)
        if control.state != told:
            told = control.state
            worker.send(protocol.control(WORDS[told]))
            if told == "stop":
                deadline = time.monotonic() + seconds_to_stop
        asked_for = sum(event["count"] for event in batch if event["event"] == "more")
        if asked_for and told != "stop":
            _feed(worker, requests, asked_for)
        if obedient and time.monotonic() > deadline:
            worker.kill()
            obedient = False
    return obedient


def _feed(worker: WorkerProcess, requests: Iterator[Mapping[str, Any]], count: int) -> None:
    for _ in range(count):
        content = next(requests, None)
        if content is None:
            worker.send(protocol.control("end"))
            return
        worker.send(protocol.request(content))
