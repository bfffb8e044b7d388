"""The system is kept awake while a job runs, and no longer; a refusal is told once."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from orca_desk.machine import awake
from orca_desk.machine.awake import CannotHoldError, KeptAwake, ProgramHold, keeps_awake, store_keeps_awake


class Hold:
    """Stands for the system's lock."""

    def __init__(self) -> None:
        self.is_held, self.taken, self.released = True, threading.Event(), threading.Event()

    def release(self) -> None:
        self.is_held = False
        self.released.set()


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(tmp_path / "settings"))
    monkeypatch.delenv(awake.VARIABLE, raising=False)


def test_it_is_held_until_the_end() -> None:
    hold, refused = Hold(), list[str]()

    def take(reason: str) -> Hold:
        assert reason == "training"
        hold.taken.set()
        return hold

    kept = KeptAwake("training", refused.append, after=0, hold=take)
    assert hold.taken.wait(10) and hold.is_held
    kept.end()
    assert hold.released.wait(10) and refused == []


def test_a_short_job_holds_nothing() -> None:
    asked: list[str] = []

    def take(reason: str) -> Hold:
        asked.append(reason)
        return Hold()

    KeptAwake("training", asked.append, after=60, hold=take).end()
    assert asked == []


def test_a_refusal_is_told() -> None:
    told, said = list[str](), threading.Event()

    def refuse(reason: str) -> Hold:
        raise CannotHoldError("Access denied")

    def refused(why: str) -> None:
        told.append(why)
        said.set()

    kept = KeptAwake("training", refused, after=0, hold=refuse)
    assert said.wait(10)
    kept.end()
    assert told == ["Access denied"]


@pytest.mark.skipif(sys.platform == "win32", reason="a thread holds it there")
def test_a_program_holds_it_while_the_pipe_is_open() -> None:
    held = ProgramHold(("env", "cat"))  # as systemd-inhibit and caffeinate run it
    process = held._process
    assert process.poll() is None
    held.release()
    assert process.poll() is not None


@pytest.mark.skipif(sys.platform == "win32", reason="a thread holds it there")
@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("no-such-program-here", "cat"), "no-such-program-here is not installed"),
        (("sh", "-c", "echo Access denied >&2; exit 1"), "Access denied"),
        (("sh", "-c", "exit 3"), "sh ended with code 3"),
    ],
)
def test_a_program_that_cannot_hold_it_says_why(command: tuple[str, ...], why: str) -> None:
    with pytest.raises(CannotHoldError) as refused:
        ProgramHold(command)
    assert str(refused.value) == why


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_a_killed_process_leaves_no_hold() -> None:
    script = (
        "from orca_desk.machine.awake import ProgramHold; import time;"
        "print(ProgramHold(('env', 'cat'))._process.pid, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    holder = int(process.stdout.readline())
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 20
    while _runs(holder) and time.monotonic() < deadline:
        os.sched_yield() if hasattr(os, "sched_yield") else None
    assert not _runs(holder)


def _runs(pid: int) -> bool:
    """Return whether a process is there and no zombie."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(found.stdout.strip()) and not found.stdout.strip().startswith("Z")


def test_the_user_may_choose_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert keeps_awake()
    store_keeps_awake(False)
    assert not keeps_awake()
    monkeypatch.setenv(awake.VARIABLE, "1")
    assert keeps_awake()
    monkeypatch.setenv(awake.VARIABLE, "0")
    store_keeps_awake(True)
    assert not keeps_awake()
    monkeypatch.delenv(awake.VARIABLE)
    (Path(os.environ["ORCA_DESK_SETTINGS"]) / awake.FILE).write_text("[broken")
    assert keeps_awake()
