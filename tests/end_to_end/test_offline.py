"""Everything works without a network, and nothing looks for one: in a namespace with no interface that is up.

Python's audit hook sees the connections that Python code opens. The kernel's counters of the namespace see
those of native code too: a packet or a connection that finds no route is counted there.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orca_desk import offline
from orca_desk.paths import bundled_models

ROOT = Path(__file__).parents[2]
STUDENT = bundled_models() / "mini-student"
TEACHER = bundled_models() / "mini-teacher" / "mini-teacher.gguf"
QUESTION = "Lucy has 38 cups. Lucy finds 9 more. How many cups does Lucy have now?"
LOOK = 'file=$1; shift; "$@"; code=$?; cat /proc/net/snmp > "$file"; exit $code'
ATTEMPTS = {
    "TCP": "s = socket.socket(); s.connect_ex(('192.0.2.1', 443))",
    "UDP": "s = socket.socket(type=socket.SOCK_DGRAM); s.connect_ex(('192.0.2.53', 53))",
    "here": "s = socket.socket(); s.connect_ex(('127.0.0.1', 80))",
}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def why_not() -> str:
    """Return why no process can be put into a network of its own here, or "" if one can."""
    unshare = shutil.which("unshare")
    if not sys.platform.startswith("linux") or unshare is None:
        return "only Linux has network namespaces; Python's audit hook is tested everywhere"
    tried = subprocess.run([unshare, "-rn", "true"], capture_output=True, text=True)
    return f"this system allows no network namespace ({tried.stderr.strip()})" if tried.returncode else ""


class Namespace:
    """Runs programs in a network of their own, and counts what they tried to send."""

    def __init__(self, folder: Path) -> None:
        self._counters, self.connections = folder / "snmp.txt", folder / "connections.txt"
        self._environment = os.environ | {
            "ORCA_DESK_LIBRARY": str(folder / "library"),
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONPATH": str(ROOT),
            offline.VARIABLE: str(self.connections),
        }

    def run(self, *command: str | Path) -> str:
        """Run a command of Python's; return what it prints."""
        done = subprocess.run(
            ["unshare", "-rn", "sh", "-c", LOOK, "sh", self._counters, sys.executable, *command],
            env=self._environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout

    def attempts(self) -> int:
        """Return how many packets and connections of the last command found no route or were sent."""
        counts: dict[str, int] = {}
        lines = [line.split() for line in self._counters.read_text().splitlines()]
        for names, values in zip(lines[::2], lines[1::2], strict=True):
            counts |= {
                f"{names[0]}{name}": int(value) for name, value in zip(names[1:], values[1:], strict=True)
            }
        return counts["Ip:OutNoRoutes"] + counts["Ip:OutRequests"] + counts["Tcp:ActiveOpens"]


@pytest.fixture
def namespace(tmp_path: Path) -> Iterator[Namespace]:
    """A network without an interface; at the end nobody may have looked for another."""
    if reason := why_not():
        pytest.skip(reason)
    yield Namespace(tmp_path)


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_an_attempt_of_native_code_would_be_counted(namespace: Namespace, attempt: str) -> None:
    namespace.run("-c", f"import socket; {attempt}")  # without our hook: as native code does it
    assert namespace.attempts() == 1
    assert not namespace.connections.exists()


def test_the_method_runs_without_a_network(namespace: Namespace, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    pytest.importorskip("torch")

    def desk(*arguments: str | Path) -> dict[str, object]:
        found: dict[str, object] = json.loads(namespace.run("-m", "orca_desk", *arguments, "--json"))
        assert namespace.attempts() == 0, arguments
        assert not namespace.connections.exists(), namespace.connections.read_text()
        return found

    desk("library", "new", "--samples", tmp_path / "library")
    desk("generate", "--teacher", TEACHER, "--strategy", "direct", "--limit", "12")
    desk("records", "freeze", "first", "--with-incorrect", "--with-unpaired", "--with-leaks")
    trained = desk(
        "train", "--student", STUDENT, "--snapshot", "first", "--epochs", "1", "--learning-rate", "0.001"
    )
    assert trained["adapter"]
    gguf = STUDENT / "mini-student.gguf"
    desk("evaluate", "--model", gguf, "--limit", "4")
    assert desk("chat", "--model", gguf, "--message", QUESTION)["response"]


def test_the_desktop_runs_without_a_network(namespace: Namespace, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    said = namespace.run("-m", "tests.support.offline_desktop", tmp_path / "library")
    assert all(json.loads(said))
    assert namespace.attempts() == 0
    assert not namespace.connections.exists()
