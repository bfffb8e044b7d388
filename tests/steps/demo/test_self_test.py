"""The self-test watches for connections. tests/ui/test_self_test.py runs all of it."""

import os
import subprocess
import sys
from pathlib import Path

from orca_desk import offline

CONNECT = """
import socket
from orca_desk import offline
offline.watch()
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname())
"""


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
