"""Setting up: what is missing is said in one sentence, before anything is installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orca_desk import install

SOURCE = Path(install.__file__).parent


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in which nothing was installed yet."""
    (tmp_path / "orca_desk").mkdir()
    for name in ("__init__.py", "display.py", "install.py"):
        shutil.copy(SOURCE / name, tmp_path / "orca_desk" / name)
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    return tmp_path


def test_a_ready_machine_has_no_problem(checkout: Path) -> None:
    if not install.find_compiler():
        pytest.skip("this machine has no C++ compiler")
    assert install.first_problem() == ""


def test_a_missing_compiler_is_told_before_anything_is_made(checkout: Path) -> None:
    env = {"PATH": str(checkout), "HOME": os.environ.get("HOME", "")}
    result = subprocess.run(
        [sys.executable, "-m", "orca_desk.install"],
        cwd=checkout,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 1
    assert "C++ compiler" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (checkout / ".venv").exists()


def test_too_little_disk_is_told(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "DISK_GB", 10**9)
    assert "free disk" in install.disk_problem()


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="free memory is only known on Linux")
def test_too_little_memory_is_told(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "MEMORY_GB", 10**9)
    assert "free memory" in install.memory_problem()


def test_missing_headers_are_told(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "find_compiler", lambda: "c++")
    monkeypatch.setattr(install.sysconfig, "get_path", lambda name: str(checkout / "include"))
    assert "headers" in install.compiler_problem()


def test_what_is_compiled_needs_no_compiler(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / ".venv/lib/python3/site-packages/llama_cpp").mkdir(parents=True)
    monkeypatch.setattr(install, "find_compiler", lambda: "")
    assert install.compiler_problem() == ""
