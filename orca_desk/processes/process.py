"""One worker process, seen from the host, which never leaves it behind.

A thread reads the worker's stdout and another writes its stdin, so that neither side can block on a full
pipe of the other, and the same code runs on Windows, where pipes cannot be polled.
"""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from orca_desk.environment import with_user_libraries
from orca_desk.errors import FinalError, UserError
from orca_desk.machine.choice import choice_environment
from orca_desk.processes import protocol
from orca_desk.processes.command import OFFLINE, worker_command
from orca_desk.processes.protocol import Message
from orca_desk.yielding import yielding

EVENTS_HELD = 1000  # the rest waits in the pipe, and then in the worker, until the host has committed
TAIL = 4000  # bytes of a dead worker's last output
SECONDS_TO_EXIT = 10.0
# A worker's threads wait for each other after every product. By default those of libgomp, which torch and
# llama.cpp use on Linux, spin meanwhile, for so long that two busy programs on the same cores starve each
# other (benchmarks/sharing.py).
SHORT_SPIN = {"GOMP_SPINCOUNT": "3000"}


NOTHING: Mapping[str, str] = {}


class WorkerEndedError(UserError):
    """Something other than the worker's own code ended it: the system, another program, native code."""


class NativeCrashError(WorkerEndedError):
    """Native code ended the worker: a library, a driver, or a damaged file."""


class WorkerCrashError(RuntimeError):
    """A worker ran into a bug; the text is its traceback."""


class WorkerProcess:
    """A running worker. Use it in a `with` block, which ends the worker in every case."""

    def __init__(
        self,
        name: str,
        job: Mapping[str, Any],
        *,
        log: Path | None = None,
        command: Sequence[str] | None = None,
        environment: Mapping[str, str] = NOTHING,
    ) -> None:
        """Start worker `name` (with `command`, if given, and `environment` beside the usual); send its job.

        Appends what the worker and its native code print to `log`.
        """
        self.name = name
        self._log = self._open_log(log)
        self._log_start = self._log.seek(0, os.SEEK_END)
        self._events: queue.SimpleQueue[Message | None] = queue.SimpleQueue()  # a signal handler may `wake`
        self._room = threading.Semaphore(EVENTS_HELD)
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._finished: set[str] = set()  # how the worker says that it ended: done, error, crash
        self._failure: Exception | None = None
        self._at_end = False
        self._process = subprocess.Popen(
            list(command or worker_command(name)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=worker_environment() | dict(environment),
            start_new_session=os.name == "posix",  # Ctrl-C in the terminal is for the host alone
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
            | getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._threads = [
            threading.Thread(target=target, name=f"{name} worker {target.__name__}", daemon=True)
            for target in (self._read, self._write)
        ]
        for thread in self._threads:
            thread.start()
        self.send(job)

    def __enter__(self) -> "WorkerProcess":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue one line for the worker. A worker that has ended never reads it."""
        self._outgoing.put(protocol.encode(message))

    def wake(self) -> None:
        """Make `events` return, even with an empty list. Safe in any thread and in signal handlers."""
        self._events.put({})

    def events(self, timeout: float | None = None) -> list[Message] | None:
        """Wait for an event and return all that have arrived; None when the worker sends no more.

        The list is empty after `timeout` seconds, and after `wake`. `check` raises the protocol's own `error`
        and `crash`.
        """
        if self._at_end:
            return None
        batch: list[Message] = []
        with contextlib.suppress(queue.Empty):
            batch.append(self._take(block=True, timeout=timeout))
            while not self._at_end:
                batch.append(self._take(block=False))
        batch = [event for event in batch if event]
        return None if self._at_end and not batch else batch

    def check(self) -> None:
        """Wait for the process to exit, and raise if it did not end with `done`.

        Raises UserError for the worker's own UserErrors and for deaths (memory, damaged files, ...), and
        WorkerCrashError for bugs.
        """
        try:
            status = self._process.wait(SECONDS_TO_EXIT)
        except subprocess.TimeoutExpired:
            self.kill()
            status = self._process.wait()
        if self._failure:
            raise self._failure
        if "done" not in self._finished:
            raise explain_death(self.name, status, self._last_output())

    def kill(self) -> None:
        """Kill the process at once."""
        self._process.kill()

    def close(self) -> None:
        """Kill the process if it still runs, and wait until it and both threads have ended."""
        if self._process.poll() is None:
            self.kill()
        while not self._at_end:  # frees a reader that waits for room
            self._take(block=True)
        self._outgoing.put(None)
        for thread in self._threads:
            thread.join()
        self._process.wait()
        self._log.close()

    def _last_output(self) -> str:
        """Return the end of what this worker printed, once it has ended: this moves the file position."""
        self._log.seek(max(self._log_start, self._log.seek(0, os.SEEK_END) - TAIL))
        return self._log.read().decode(errors="replace").strip()

    def _take(self, *, block: bool, timeout: float | None = None) -> Message:
        message = self._events.get(block=block, timeout=timeout)
        if message is None:
            self._at_end = True
        if not message:
            return {}
        self._room.release()
        kind = message.get("event")
        if kind in ("done", "error", "crash"):
            self._finished.add(kind)
        if kind == "error":
            kind_of_error = FinalError if message["final"] else UserError
            self._failure = kind_of_error(str(message["message"]), str(message["hint"]))
        elif kind == "crash":
            self._failure = WorkerCrashError(f"The {self.name} worker failed:\n{message['trace']}")
        elif kind == "hello" and message["protocol"] != protocol.PROTOCOL:
            self._failure = UserError(
                "Orca Desk was updated while it was running.", "Restart it; nothing is lost."
            )
            self.kill()
        return message

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout as stream:
            for line in yielding(stream):
                event = protocol.decode(line)
                if event and "event" in event:
                    self._room.acquire()
                    self._events.put(event)
        self._events.put(None)

    def _write(self) -> None:
        assert self._process.stdin
        with contextlib.suppress(OSError), self._process.stdin as stream:
            while (line := self._outgoing.get()) is not None:
                stream.write(line)
                stream.flush()

    @staticmethod
    def _open_log(log: Path | None) -> IO[bytes]:
        if log is None:
            return tempfile.TemporaryFile()
        log.parent.mkdir(parents=True, exist_ok=True)
        return log.open("ab+")


def worker_environment() -> dict[str, str]:
    """Return the environment for a worker: offline, UTF-8, without the frozen app's own libraries.

    It names the device for all jobs. Raises UserError if $ORCA_DESK_DEVICE names none.
    """
    environment = SHORT_SPIN | with_user_libraries(os.environ) | OFFLINE | {"PYTHONUTF8": "1"}
    environment |= choice_environment()
    if getattr(sys, "frozen", False):
        environment["PYINSTALLER_RESET_ENVIRONMENT"] = "1"
    return environment


DEATHS = {
    "SIGKILL": (
        "was killed by the system, most likely because memory ran out",
        "Close other programs, or choose a smaller model, batch or context, and try again.",
    ),
    "SIGILL": (
        "uses an instruction that this processor does not have",
        "Install Orca Desk from source on this computer: that builds llama.cpp for its processor.",
    ),
    "SIGTERM": ("was killed by another program", "Run it again: it resumes where it stopped."),
}
DAMAGED = (
    "crashed in native code",
    "The model file may be damaged: check it with `orca-desk models`. If a graphics processor was in use, its"
    " memory may have run out: choose the CPU in Settings or with `--device cpu`, then try again.",
)


def explain_death(name: str, status: int, last_output: str) -> Exception:
    """Return the error for a worker that ended without sending a reason.

    `status` is its exit code: -N for signal N on POSIX, an NTSTATUS on Windows. A Python exit code means
    that our own code failed before it could send anything: a bug.
    """
    tail = "\n".join(last_output.splitlines()[-5:])
    said = f"\nIts last output:\n{tail}" if tail else ""
    if 0 <= status < 256:
        return WorkerCrashError(f"The {name} worker ended with code {status} before it had finished.{said}")
    code = signal.Signals(-status).name if status < 0 else f"{status:#x}"
    kind = WorkerEndedError if code in DEATHS else NativeCrashError
    what, hint = DEATHS.get(code, DAMAGED)
    return kind(f"The {name} worker {what} ({code}).", hint + said)
