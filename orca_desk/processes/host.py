"""The host's side of a job: runs one worker to its end, feeds it, and passes on its events."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

from orca_desk.processes import protocol
from orca_desk.processes.keeping import KeptWorker
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
    keep: KeptWorker | None = None,
) -> bool:
    """Run worker `name` on `job` until it ends; return False if it was told to stop before it had ended.

    Pulls from `requests` only as fast as the worker asks, and only after `on_events` has received everything
    that came earlier. `on_events` receives all events that have arrived as one list, so that it can commit
    them in one transaction. If it or `requests` raises, the worker is killed and the exception propagates. A
    worker that does not stop within `seconds_to_stop` is killed. `keep` takes over a worker that has answered
    everything, and gives it to the next call with the same job, whatever its environment is. Raises UserError
    or WorkerCrashError when the worker fails or dies (see `WorkerProcess.check`).
    """
    control = control or JobControl()
    if control.stopped:
        return False
    worker = keep.take(name, job) if keep else None
    if worker is None:
        worker = WorkerProcess(name, job, log=log, command=command, environment=environment)
    last: ControlWord = "round" if keep else "end"
    with ExitStack() as stack:
        stack.enter_context(worker)
        control.listen(worker.wake)
        try:
            told, end = _attend(worker, iter(requests), on_events, control, seconds_to_stop, last)
        finally:
            control.unlisten(worker.wake)
        if keep and end == "round":
            stack.pop_all()  # it stays open
            keep.hold(name, job, worker)
        elif end == "itself":
            worker.check()
        return told != "stop"


def _attend(
    worker: WorkerProcess,
    requests: Iterator[Mapping[str, Any]],
    on_events: Callable[[list[Message]], None],
    control: JobControl,
    seconds_to_stop: float,
    last: ControlWord,
) -> tuple[Wanted, Literal["itself", "killed", "round"]]:
    """Serve the worker until its events end, or a round does; return what it was told last, and how it ended.

    `last` tells it that there is no further request.
    """
    sent: Wanted = "run"
    was_killed = has_all = False
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
        if wanted and sent != "stop" and not has_all:
            has_all = _feed(worker, requests, wanted, last)
        if not was_killed and time.monotonic() > deadline:
            worker.kill()
            was_killed = True
        if sent != "stop" and any(event["event"] == "round" for event in batch):
            return sent, "round"
    return sent, "killed" if was_killed else "itself"


def _feed(
    worker: WorkerProcess, requests: Iterator[Mapping[str, Any]], count: int, last: ControlWord
) -> bool:
    """Send the next requests; return True, once `last` is sent, if there are no more."""
    for _ in range(count):
        content = next(requests, None)
        if content is None:
            worker.send(protocol.control(last))
            return True
        worker.send(protocol.request(content))
    return False
