"""Keeps the system from going to sleep while a job runs. A hold ends with the process, however that ends.

On Linux and macOS a small program holds the lock for as long as a pipe from this process is open, and echoes
a line once it has it (`systemd-inhibit ... cat`, `caffeinate -i cat`). Windows drops what a thread asked for
when the thread or the process ends. The screen may still go dark.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Protocol

from orca_desk.environment import user_environment
from orca_desk.files import atomic_write
from orca_desk.paths import user_settings

VARIABLE = "ORCA_DESK_KEEP_AWAKE"  # "0" or "1", for one process
FILE = "awake.json"
AFTER = 10.0  # s; a shorter job holds nothing
SECONDS_TO_END = 2.0
CONTINUOUS, SYSTEM_REQUIRED = 0x80000000, 0x00000001  # of SetThreadExecutionState


class CannotHoldError(Exception):
    """This system has nothing that holds off its sleep, or refuses it; the text says which."""


class _Hold(Protocol):
    """The system is kept awake until this is released."""

    def release(self) -> None:
        """Let the system sleep again."""


def keeps_awake() -> bool:
    """Return whether jobs hold off the system's sleep: by the variable, else the settings, else yes."""
    given = os.environ.get(VARIABLE, "").strip()
    if given:
        return given != "0"
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return bool(json.loads((user_settings() / FILE).read_text(encoding="utf-8")).get("keep", True))
    return True


def store_keeps_awake(keep: bool) -> None:
    """Store the user's choice, for all libraries. Raises OSError."""
    atomic_write(user_settings() / FILE, json.dumps({"keep": keep}) + "\n")


class KeptAwake:
    """Holds off the system's sleep from `after` seconds on until `end`, in a thread of its own.

    `refused` is called from that thread, with why, if it cannot be held off.
    """

    def __init__(
        self,
        reason: str,
        refused: Callable[[str], None],
        *,
        after: float = AFTER,
        hold: Callable[[str], _Hold] | None = None,
    ) -> None:
        self._reason, self._refused, self._after = reason, refused, after
        self._hold = hold or _hold
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="awake", daemon=True)
        self._thread.start()

    def end(self, *, wait: bool = True) -> None:
        """Let the system sleep again; with `wait`, return only once it may, or after SECONDS_TO_END."""
        self._over.set()
        if wait:
            self._thread.join(SECONDS_TO_END)

    def _keep(self) -> None:
        if self._over.wait(self._after):
            return
        try:
            held = self._hold(self._reason)
        except CannotHoldError as error:
            self._refused(str(error))
            return
        self._over.wait()
        held.release()


@contextlib.contextmanager
def kept_awake(reason: str, refused: Callable[[str], None]) -> Iterator[None]:
    """Hold off the system's sleep while a block runs for long, if the user wants that."""
    kept = KeptAwake(reason, refused) if keeps_awake() else None
    try:
        yield
    finally:
        if kept is not None:
            kept.end()


def _hold(reason: str) -> _Hold:
    """Hold off the system's sleep. Raises CannotHoldError."""
    if sys.platform == "win32":
        return _WindowsHold()
    if sys.platform == "darwin":
        return ProgramHold(("caffeinate", "-i", "cat"))
    return ProgramHold(
        ("systemd-inhibit", "--what=sleep:idle", "--who=Orca Desk", f"--why={reason}", "--mode=block", "cat")
    )


class ProgramHold:
    """A program that holds the lock while it runs `cat`, which ends with the pipe from this process."""

    def __init__(self, command: tuple[str, ...]) -> None:
        program = shutil.which(command[0])
        if program is None:
            raise CannotHoldError(f"{command[0]} is not installed")
        try:
            self._process = subprocess.Popen(
                [program, *command[1:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=user_environment(),
                start_new_session=True,  # Ctrl-C in a terminal is for the job alone
            )
        except OSError as error:
            raise CannotHoldError(f"{command[0]} does not start: {error.strerror}") from error
        if not self._answers():
            _, said = self._process.communicate()
            text = " ".join(said.decode(errors="replace")[:400].split())
            raise CannotHoldError(text or f"{command[0]} ended with code {self._process.returncode}")

    def release(self) -> None:
        """Close the pipe, and with it the program."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._process.communicate(timeout=SECONDS_TO_END)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        """Return whether the program runs `cat`, and so has the lock."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()
            return self._process.stdout.readline() == b"\n"
        except OSError:
            return False


class _WindowsHold:
    """Asks Windows to stay awake, in the thread that makes and releases it."""

    def __init__(self) -> None:
        if not _execution_state(CONTINUOUS | SYSTEM_REQUIRED):
            raise CannotHoldError("Windows refused it (SetThreadExecutionState)")

    def release(self) -> None:
        """Let Windows sleep again."""
        _execution_state(CONTINUOUS)


def _execution_state(flags: int) -> int:
    import ctypes

    windll = getattr(ctypes, "windll")  # noqa: B009 - mypy knows it on Windows alone
    return int(windll.kernel32.SetThreadExecutionState(flags))
