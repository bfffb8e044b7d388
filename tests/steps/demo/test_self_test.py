"""The self-test passes where all is well, and finds what is not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from new_library import new_library

from orca_desk import offline
from orca_desk.library.tasks import add_tasks
from orca_desk.method.records import Task

CONNECT = """
import socket
from orca_desk import offline
offline.watch()
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname())
"""


@pytest.mark.slow
@pytest.mark.timeout(660)
def test_it_passes_but_for_the_library_that_is_damaged(tmp_path: Path) -> None:
    with new_library(tmp_path / "library") as library:
        add_tasks(library, [Task(family="sums", query="1 + 1?", tags=("easy",))])
        library.write(lambda db: db.execute("DELETE FROM task_tags").rowcount)
    result = subprocess.run(
        [sys.executable, "-m", "orca_desk", "self-test", "--library", str(tmp_path / "library"), "--json"],
        capture_output=True,
        text=True,
        timeout=600,  # half a minute, but on a machine that does much else
    )
    found = json.loads(result.stdout)
    failed = {one["name"]: one["detail"] for one in found["checks"] if not one["ok"]}
    assert list(failed) == ["your library"] and "tags" in failed["your library"]
    assert result.returncode == 1 and found["ok"] is False
    names = {one["name"] for one in found["checks"]}
    assert {"window system", "generation", "training, export, parity", "offline"} <= names


def test_a_connection_that_python_asks_for_is_noted(tmp_path: Path) -> None:
    notes = tmp_path / "connections.txt"
    subprocess.run(
        [sys.executable, "-c", CONNECT],
        env=os.environ | {offline.VARIABLE: str(notes)},
        check=True,
        timeout=60,
    )
    assert "127.0.0.1" in notes.read_text()


def test_nothing_is_noted_where_nobody_asks_for_it(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", CONNECT], cwd=tmp_path, check=True, timeout=60)
    assert list(tmp_path.iterdir()) == []
