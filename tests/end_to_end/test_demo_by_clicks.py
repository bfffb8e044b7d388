"""The whole demo by clicks alone, in the real app in a real window on a screen of its own (Xvfb).

Its library then serves the tests of the command, which does the demo itself where there is no screen.

The pictures of every page stay in $ORCA_DESK_SHOTS, where that is set.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orca_desk.method.erasure import CAUTIOUS
from orca_desk.method.strategies import load_folder
from orca_desk.paths import resources
from orca_desk.steps.demo.state import result_file
from orca_desk.ui.register import NAMES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]
LEAST_GAIN = 0.35  # of the share of right answers, tuned student over its base
MOST_LOST = 0.08  # of the same, teacher over tuned student
SCREEN = "1280x860x24"
COMMAND = [sys.executable, "-m", "orca_desk", "demo", "--json", "--library"]


@dataclass(frozen=True)
class Demo:
    """A finished demo: its library, the result there, and what was `seen` of it, if clicks did it."""

    library: Path
    found: dict[str, Any]
    pictures: Path
    seen: dict[str, Any] | None


@pytest.fixture(scope="module")
def display() -> Iterator[str | None]:
    """A screen without a monitor; None where there is none to be had."""
    binary = shutil.which("Xvfb")
    if binary is None:
        yield None
        return
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [binary, "-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with open(reading, encoding="ascii") as pipe:  # noqa: PTH123 - a pipe has no path
        number = pipe.readline().strip()  # comes when the screen is ready; nothing when it could not start
    try:
        yield f":{number}" if number else None
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="module")
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo, done by clicks; without a screen by the command."""
    pytest.importorskip("llama_cpp")
    display: str | None = request.getfixturevalue("display")
    folder = tmp_path_factory.mktemp("demo")
    library = folder / "library"
    pictures = Path(os.environ.get("ORCA_DESK_SHOTS", folder / "pictures"))
    pictures.mkdir(parents=True, exist_ok=True)
    seen = None
    if display is None:
        finish_by_command(library)
    else:
        click_through(library, pictures, display)
        seen = json.loads((pictures / "seen.json").read_text(encoding="utf-8"))
        assert seen["error"] == "", seen["error"]
    found = json.loads(result_file(library).read_text(encoding="utf-8"))
    return Demo(library=library, found=found, pictures=pictures, seen=seen)


def click_through(library: Path, pictures: Path, display: str) -> None:
    """Run the app in a window, and in it the demo, by the mouse."""
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY")
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.demo_clicks", str(library), str(pictures)],
        env=env | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=2300,
    )
    assert done.returncode == 0, done.stderr


def finish_by_command(library: Path) -> dict[str, Any]:
    """Run the demo to its end by the command; return what it prints."""
    done = subprocess.run([*COMMAND, str(library)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def test_the_demo_is_done_by_clicks_alone(demo: Demo) -> None:
    seen = demo.seen
    if seen is None:
        pytest.skip("no Xvfb: a real window needs a screen (Debian: apt install xvfb)")
    assert seen["crashes"] == []
    assert seen["demo"]["state"] == "done", seen["demo"]["error"]
    assert len(seen["demo"]["steps"]) == 8
    check_page(seen["result"], demo.found, count(demo.library, "SELECT count(*) FROM records"))
    assert seen["pages after the buttons"] == ["training", "evaluate", "records"]
    assert seen["chat"]["columns"] >= 2
    assert all(seen["chat"]["answers"]) and len(seen["chat"]["answers"]) == seen["chat"]["columns"]
    names = list(NAMES)
    for theme in ("light", "dark"):
        assert seen[f"visited {theme}"] == names
        assert all((demo.pictures / f"{name}-{theme}.png").stat().st_size > 10_000 for name in names)


def test_the_student_learns_to_reason(demo: Demo) -> None:
    found = demo.found
    shares = {who: found[who]["overall"]["right"]["share"] for who in ("base", "tuned", "teacher")}
    assert shares["tuned"] - shares["base"] >= LEAST_GAIN
    assert shares["teacher"] - shares["tuned"] <= MOST_LOST
    assert found["adherence"] >= 0.9
    assert found["worked_example"]["tuned"]["verdict"]["correct"]
    assert not found["worked_example"]["base"]["verdict"]["correct"]
    assert len(set(found["pairings"].values())) >= 3
    assert count(demo.library, "SELECT count(*) FROM records") > 2000
    for table, times in {"snapshots": 1, "trainings": 1, "evaluations": 3}.items():
        assert count(demo.library, f"SELECT count(*) FROM {table}") == times


def test_nothing_was_leaked(demo: Demo) -> None:
    """Every training record has the cautious system message, a training task and a correct answer."""
    instructions = [each.instruction for each in load_folder(resources() / "strategies").values()]
    with reading(demo.library) as db:
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


def test_the_command_goes_on_where_the_demo_ended(demo: Demo) -> None:
    """All that is left to do in it is the last stage; then the command refuses to begin again."""
    result_file(demo.library).unlink()
    found = finish_by_command(demo.library)
    assert json.loads(result_file(demo.library).read_text(encoding="utf-8")) == found
    assert {name: found[name] for name in ("base", "tuned", "teacher", "pairings")} == {
        name: demo.found[name] for name in ("base", "tuned", "teacher", "pairings")
    }
    again = subprocess.run([*COMMAND, str(demo.library)], capture_output=True, text=True)
    assert again.returncode == 1
    assert "The demo has already finished" in again.stderr


def test_an_interrupted_command_keeps_its_records_and_asks_for_none_twice(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    folder = tmp_path / "demo library"
    kept = 0
    for _ in range(2):
        kept = interrupted_after(folder, kept + 100)
    with reading(folder) as db:
        probes = db.execute("SELECT status FROM runs WHERE kind = 'probe'").fetchall()
        asked = db.execute(
            "SELECT count(*), count(DISTINCT task_id || system || sample) FROM records"
        ).fetchone()
    assert probes == [("cancelled",)]
    assert asked == (kept, kept)


def interrupted_after(folder: Path, records: int) -> int:
    """Start the command, press Ctrl-C once there are more records; return how many there are in the end."""
    process = subprocess.Popen(
        [*COMMAND, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for(lambda: count(folder, "SELECT count(*) FROM records") > records, process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Run the same command again" in said
    kept = count(folder, "SELECT count(*) FROM records")
    assert kept > records
    return kept


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


def check_page(shown: dict, found: dict, records: int) -> None:
    """Home shows the numbers that the demo left behind."""
    assert shown["cards"]["instruct"] == f"{records:,}"
    tuned = found["tuned"]["overall"]["right"]
    assert shown["cards"]["test"] == f"{tuned['share']:.0%}"
    overall = shown["table"][-1]
    assert overall[0] == "Overall" and overall[4].startswith(f"{tuned['share']:.0%} (")
    assert len(shown["table"]) == len(found["tuned"]["families"]) + 1
    assert f"{found['tuned_minus_base']['difference'] * 100:+.1f} points" in shown["sentence"]


def reading(library: Path) -> closing[sqlite3.Connection]:
    """Open a library that another process may write."""
    return closing(sqlite3.connect(f"{(library / 'library.db').as_uri()}?mode=ro", uri=True, timeout=30))


def count(library: Path, sql: str) -> int:
    """Count rows of a library; 0 before it exists."""
    if not (library / "library.db").exists():
        return 0
    with reading(library) as db:
        try:
            return int(db.execute(sql).fetchone()[0])
        except sqlite3.OperationalError:
            return 0  # its tables are just being made
