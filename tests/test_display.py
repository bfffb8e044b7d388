"""The app finds out whether it can show a window before it starts anything."""

import os
import subprocess
import sys

import pytest

from orca_desk import display

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")


def without_display(*command: str) -> subprocess.CompletedProcess[str]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    return subprocess.run(
        [sys.executable, "-m", *command], env=env, capture_output=True, text=True, timeout=60
    )


@LINUX
def test_without_a_display_the_desktop_says_so_and_the_commands_work() -> None:
    assert "no display" in without_display("orca_desk.display").stderr
    desktop = without_display("orca_desk", "desktop")
    assert desktop.returncode == 1
    assert "no display" in desktop.stderr and "Traceback" not in desktop.stderr
    alone = without_display("orca_desk")
    assert alone.returncode == 0 and "orca-desk demo" in alone.stdout


@LINUX
def test_it_names_missing_system_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setitem(display.X11, "libno-such-thing.so.7", "libno-such-thing7")
    assert "apt install" in display.display_problem()
    assert "libno-such-thing7" in display.display_problem()
