"""The whole demo on the bundled models, as a user runs it: interrupted once, then resumed and finished."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.strategies import load_folder
from orca_desk.paths import resources

DEMO = [sys.executable, "-m", "orca_desk", "demo", "--json", "--library"]


def count(folder: Path, sql: str) -> int:
    """Count rows in a library that another process writes; 0 before it exists."""
    path = folder / "library.db"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)) as db:
        try:
            return int(db.execute(sql).fetchone()[0])
        except sqlite3.OperationalError:
            return 0  # its tables are just being made


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 120) -> None:
    """Return once `condition` holds; fail if the process ends or time runs out first."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        try:
            process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            continue


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_demo_teaches_the_student_and_survives_an_interruption(tmp_path: Path) -> None:
    folder = tmp_path / "demo library"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    first = subprocess.Popen([*DEMO, str(folder)], **pipes)  # type: ignore[call-overload]
    wait_for(lambda: count(folder, "SELECT count(*) FROM records") > 100, first)
    first.send_signal(signal.SIGINT)
    _, said = first.communicate(timeout=120)
    assert first.returncode == 1
    assert "Run the same command again" in said
    kept = count(folder, "SELECT count(*) FROM records")
    assert kept > 100

    second = subprocess.run([*DEMO, str(folder)], capture_output=True, text=True)
    assert second.returncode == 0, second.stderr
    found = json.loads(second.stdout)

    shares = {who: found[who]["overall"]["right"]["share"] for who in ("base", "tuned", "teacher")}
    assert shares["tuned"] - shares["base"] >= 0.35
    assert shares["teacher"] - shares["tuned"] <= 0.08
    assert found["adherence"] >= 0.9
    assert found["worked_example"]["tuned"]["verdict"]["correct"]
    assert not found["worked_example"]["base"]["verdict"]["correct"]
    assert len(set(found["pairings"].values())) >= 3
    check_nothing_was_leaked(folder)

    third = subprocess.run([*DEMO, str(folder)], capture_output=True, text=True)
    assert third.returncode == 1
    assert "The demo has already finished" in third.stderr


def check_nothing_was_leaked(folder: Path) -> None:
    """Every training record has the cautious system message, a training task and a correct answer."""
    instructions = [each.instruction for each in load_folder(resources() / "strategies").values()]
    with closing(sqlite3.connect(f"{(folder / 'library.db').as_uri()}?mode=ro", uri=True)) as db:
        rows = db.execute(
            "SELECT s.system, s.user, s.assistant, t.split, v.correct, r.system FROM snapshot_records AS s"
            " JOIN records AS r ON r.id = s.teacher_record_id JOIN tasks AS t ON t.id = s.task_id"
            " JOIN verdicts AS v ON v.record = r.n"
        ).fetchall()
    assert len(rows) > 1000
    for system, user, assistant, split, correct, asked in rows:
        assert system == CAUTIOUS
        assert (split, correct) == ("train", 1)
        assert asked in instructions
        assert not any(instruction in user + assistant for instruction in instructions)
