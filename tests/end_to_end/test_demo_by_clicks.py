"""The whole demo by clicks alone, in the real app in a real window on a screen of its own (Xvfb).

The pictures of every page stay in $ORCA_DESK_SHOTS, where that is set.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orca_desk.ui.register import NAMES

LEAST_GAIN = 0.35  # of the share of right answers, tuned student over its base
SCREEN = "1280x860x24"


@pytest.fixture
def display() -> Iterator[str]:
    """A screen without a monitor; the test skips where there is none to be had."""
    binary = shutil.which("Xvfb")
    if binary is None:
        pytest.skip("Xvfb is not installed: a real window needs a screen (Debian: apt install xvfb)")
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
        if not number:
            pytest.skip("Xvfb cannot start here")
        yield f":{number}"
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_the_demo_is_done_by_clicks_alone(display: str, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    library = tmp_path / "library"
    pictures = Path(os.environ.get("ORCA_DESK_SHOTS", tmp_path / "pictures"))
    pictures.mkdir(parents=True, exist_ok=True)
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
    seen = json.loads((pictures / "seen.json").read_text(encoding="utf-8"))
    assert seen["error"] == "", seen["error"]
    assert seen["crashes"] == []
    assert seen["demo"]["state"] == "done", seen["demo"]["error"]
    assert len(seen["demo"]["steps"]) == 8

    found = json.loads((library / "demo.json").read_text(encoding="utf-8"))
    shares = {who: found[who]["overall"]["right"]["share"] for who in ("base", "tuned", "teacher")}
    assert shares["tuned"] - shares["base"] >= LEAST_GAIN
    assert found["worked_example"]["tuned"]["verdict"]["correct"]
    assert not found["worked_example"]["base"]["verdict"]["correct"]

    records = count(library, "records")
    assert records > 2000
    assert count(library, "snapshots") == count(library, "trainings") == 1
    assert count(library, "evaluations") == 3
    check_page(seen["result"], found, records)

    assert seen["pages after the buttons"] == ["training", "evaluate", "records"]
    assert seen["chat"]["columns"] >= 2
    assert all(seen["chat"]["answers"]) and len(seen["chat"]["answers"]) == seen["chat"]["columns"]
    names = list(NAMES)
    for theme in ("light", "dark"):
        assert seen[f"visited {theme}"] == names
        assert all((pictures / f"{name}-{theme}.png").stat().st_size > 10_000 for name in names)


def check_page(shown: dict, found: dict, records: int) -> None:
    """Home shows the numbers that the demo left behind."""
    assert shown["cards"]["instruct"] == f"{records:,}"
    tuned = found["tuned"]["overall"]["right"]
    assert shown["cards"]["test"] == f"{tuned['share']:.0%}"
    overall = shown["table"][-1]
    assert overall[0] == "Overall" and overall[4].startswith(f"{tuned['share']:.0%} (")
    assert len(shown["table"]) == len(found["tuned"]["families"]) + 1
    assert f"{found['tuned_minus_base']['difference'] * 100:+.1f} points" in shown["sentence"]


def count(library: Path, table: str) -> int:
    """Return how many rows a table of the library has."""
    with closing(sqlite3.connect(f"{(library / 'library.db').as_uri()}?mode=ro", uri=True)) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
