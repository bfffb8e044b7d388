"""The host's side of a job: runs one worker to its end, feeds it, and passes on its events."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orca_desk.processes import protocol
from orca_desk.processes.process import NOTHING, WorkerProcess
from orca_desk.processes.progress import LOOK_AROUND, JobControl, Wanted
from orca_desk.processes.protocol import ControlWord, Message
from orca_desk.yielding import pause_for_ui

SECONDS_TO_STOP = 30.0  # for a worker that has to write a checkpoint first
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
    environment: Mapping[str, str] = NOTHING,
    seconds_to_stop: float = SECONDS_TO_STOP,
) -> bool:
    """Run worker `name` on `job` until it ends; return False if it was told to stop before it had ended.

    Pulls from `requests` only as fast as the worker asks, and only after `on_events` has received everything
    that came earlier. `on_events` receives all events that have arrived as one list, so that it can commit
    them in one transaction. If it or `requests` raises, the worker is killed and the exception propagates. A
    worker that does not stop within `seconds_to_stop` is killed. Raises UserError or WorkerCrashError when
    the worker fails or dies (see `WorkerProcess.check`).
    """
    control = control or JobControl()
    if control.stopped:
        return False
    with WorkerProcess(name, job, log=log, command=command, environment=environment) as worker:
        control.listen(worker.wake)
        try:
            told, ended_itself = _attend(worker, iter(requests), on_events, control, seconds_to_stop)
        finally:
            control.unlisten(worker.wake)
        if ended_itself:
            worker.check()
        return told != "stop"


def _attend(
    worker: WorkerProcess,
    requests: Iterator[Mapping[str, Any]],
    on_events: Callable[[list[Message]], None],
    control: JobControl,
    seconds_to_stop: float,
) -> tuple[Wanted, bool]:
    """Serve the worker until its events end; return what it was told last, and False if it was killed."""
    sent: Wanted = "run"
    ended_itself = True
    deadline = float("inf")
    while (batch := worker.events(LOOK_AROUND)) is not None:
        theirs = [event for event in batch if event["event"] not in protocol.OWN_EVENTS]
        pause_for_ui()
        if theirs:
            on_events(theirs)
        if control.state != sent:
            sent = control.state
            worker.send(protocol.control(WORDS[sent]))
            if sent == "stop":
                deadline = time.monotonic() + seconds_to_stop
        wanted = sum(event["count"] for event in batch if event["event"] == "more")
        if wanted and sent != "stop":
            _feed(worker, requests, wanted)
        if ended_itself and time.monotonic() > deadline:
            worker.kill()
            ended_itself = False
    return sent, ended_itself


def _feed(worker: WorkerProcess, requests: Iterator[Mapping[str, Any]], count: int) -> None:
    for _ in range(count):
        content = next(requests, None)
        if content is None:
            worker.send(protocol.control("end"))
            return
        worker.send(protocol.request(content))
