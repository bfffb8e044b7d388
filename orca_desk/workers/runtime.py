"""The worker's end of a job: what every module in `workers/` starts with.

A worker is `serve(work)`, where `work(channel)` reads `channel.job`, takes `channel.requests()`, emits
events and looks at `channel.control.state` now and then. It imports heavy modules inside `work`: by then
native code cannot write to the protocol's stdout, and the libraries' offline switches are set.
"""

import contextlib
import faulthandler
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Literal, NoReturn

from orca_desk.errors import FinalError, UserError, explain_os_error
from orca_desk.processes import protocol
from orca_desk.processes.command import OFFLINE
from orca_desk.processes.protocol import Message

State = Literal["run", "pause", "stop"]
HOST_HAS_ENDED = 3  # exit code
ROUND: Message = {"control": "round"}  # in the queue of requests: a round of them ends, another begins
AGAIN: Message = {"control": "again"}
NICER = 5  # steps of priority below the host, where the system has them


class WorkerControl:
    """What the host wants of the worker now. Poll `state`, or let `proceed` wait out a pause."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._state: State = "run"
        self.cancelled: set[str] = set()  # keys of requests to drop

    @property
    def state(self) -> State:
        """Return "run", "pause" or "stop"; "stop" is final."""
        return self._state

    def receive(self, word: str) -> None:
        """Change the state by a control word from the host."""
        states: dict[str, State] = {"pause": "pause", "resume": "run", "stop": "stop"}
        with self._changed:
            if self._state != "stop" and word in states:
                self._state = states[word]
                self._changed.notify_all()

    def wait_for_stop(self) -> None:
        """Wait until the host stops the job."""
        with self._changed:
            self._changed.wait_for(lambda: self._state == "stop")

    def proceed(self) -> bool:
        """Wait while the job is paused; return whether it should continue (False: stop)."""
        with self._changed:
            self._changed.wait_for(lambda: self._state != "pause")
            return self._state == "run"


class Channel:
    """A worker's link to its host: the job, the requests, the control words and the events."""

    def __init__(self, source: IO[bytes], sink: int) -> None:
        """Send `hello` to file descriptor `sink`, read the job from `source`, then listen in a thread."""
        self.control = WorkerControl()
        self._sink = sink
        self._emitting = threading.Lock()
        self._incoming: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._round_is_over = False
        self.emit({"event": "hello", "protocol": protocol.PROTOCOL})
        first = source.readline()
        if not first:
            _leave()
        self.job: Message = protocol.decode(first) or {}
        threading.Thread(target=self._listen, args=(source,), name="host", daemon=True).start()

    def emit(self, event: Mapping[str, Any]) -> None:
        """Send one event as a whole line, from any thread. Exits if the host has ended."""
        data = memoryview(protocol.encode(event))
        with self._emitting:
            try:
                while data:
                    data = data[os.write(self._sink, data) :]
            except OSError:
                _leave()

    def requests(self, ahead: int = 64) -> Iterator[Message]:
        """Yield the host's requests until it sends no more, or stops the job.

        About `ahead` requests are queued here or on their way, so that taking one seldom waits.
        """
        due = 0
        self._round_is_over = False
        while True:
            if due <= ahead // 2:
                self.emit({"event": "more", "count": ahead - due})
                due = ahead
            message = self._incoming.get()
            if message is None or message is ROUND:
                self._round_is_over = message is ROUND
                return
            due -= 1
            yield message

    def rounds(self) -> Iterator[None]:
        """Yield before each round of `requests`, until the host sends no more of them, or stops the job.

        A job that takes them so keeps its model between the rounds.
        """
        while True:
            self._round_is_over = False
            yield
            if not self._round_is_over:
                return
            self.emit({"event": "round"})
            if self._incoming.get() is not AGAIN:
                return

    def _listen(self, source: IO[bytes]) -> None:
        for line in source:
            message = protocol.decode(line) or {}
            if "request" in message:
                self._incoming.put(message["request"])
            elif message.get("control") == "end":
                self._incoming.put(None)
            elif message.get("control") == "round":
                self._incoming.put(ROUND)
            elif message.get("control") == "again":
                self._incoming.put(AGAIN)
            elif message.get("control") == "cancel":
                self.control.cancelled.add(message["key"])
            elif "control" in message:
                self.control.receive(message["control"])
                if self.control.state == "stop":
                    self._incoming.put(None)
        _leave()


def serve(work: Callable[[Channel], None]) -> NoReturn:
    """Run `work` as this process's job and exit: 0 after `done`, 1 after `error` or `crash`.

    Exits through `os._exit`, so that native libraries cannot hang at the exit, or turn a finished job into a
    crash.
    """
    channel = Channel(*_take_standard_streams())
    _lower_priority()
    try:
        work(channel)
        end: Message = {"event": "done"}
    except Exception as error:
        end = failure_event(error)
    channel.emit(end)
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(end["event"] != "done")


def failure_event(error: Exception) -> Message:
    """Return the event for an exception: a sentence where the user can do something, else the trace."""
    known: Exception | None = error
    if _lacks_memory(error):
        known = UserError(
            "There is not enough memory for this job.",
            "Use a smaller model, batch or context, or close other programs.",
        )
    elif isinstance(error, OSError):
        known = explain_os_error(error)
    if isinstance(known, UserError):
        is_final = isinstance(known, FinalError)
        return {"event": "error", "message": known.message, "hint": known.hint, "final": is_final}
    return {"event": "crash", "trace": "".join(traceback.format_exception(error))}


def _lacks_memory(error: Exception) -> bool:
    """Return whether Python, or torch on whichever device, could not get the memory that it asked for."""
    text = str(error).lower()
    torchs = ("out of memory", "not enough memory", "can't allocate memory")
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(words in text for words in torchs)
    )


def _take_standard_streams() -> tuple[IO[bytes], int]:
    """Return stdin and stdout's descriptor for the protocol; leave others an empty stdin and stderr.

    Ctrl-C in a terminal is for the host, which then stops its workers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(OFFLINE)
    source, sink = os.fdopen(os.dup(0), "rb"), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    faulthandler.enable()
    return source, sink


def _lower_priority() -> None:
    """Lower the priority: a model takes every core for minutes, and the user's programs go first."""
    if hasattr(os, "nice"):
        os.nice(NICER)
        if os.getsid(0) == os.getpid():
            threading.Thread(target=_lower_session_priority, daemon=True).start()
    else:
        import psutil  # a quarter of the start of a worker that has no other use for it

        process = psutil.Process()
        process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)


def _lower_session_priority() -> None:
    """Lower the priority of this worker's session, where Linux weighs sessions against each other.

    Linux limits how many change at a time, and a chat starts three workers at once: try again.
    """
    for _ in range(20):
        try:
            Path("/proc/self/autogroup").write_text(str(NICER))
        except BlockingIOError:
            time.sleep(0.15)
        except OSError:  # this system does not weigh sessions
            return
        else:
            return


def _leave() -> NoReturn:
    """Exit at once, also from a thread while another is inside native code."""
    os._exit(HOST_HAS_ENDED)
