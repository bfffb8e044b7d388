"""The app finds out whether it can show a window before it starts anything."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from orca_desk import display
from orca_desk.processes.host import run_worker
from orca_desk.processes.process import WorkerCrashError

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")


def without_display(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    env.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())  # as in a session: libwayland complains without
    return subprocess.run(
        [sys.executable, "-m", *command],
        env=env | variables,
        capture_output=True,
        text=True,
        timeout=60,
        input="{}\n",
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


@LINUX
def test_wayland_needs_none_of_the_libraries_of_x11(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setitem(display.X11, "libno-such-thing.so.7", "libno-such-thing7")
    assert display.display_problem() == ""


@LINUX
@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"DISPLAY": ":4711"}, "X display :4711"),
        ({"WAYLAND_DISPLAY": "wayland-9"}, "Wayland display wayland-9"),
        ({"WAYLAND_DISPLAY": "wayland-9", "DISPLAY": ":4711"}, "wayland-9 or the X display :4711"),
        ({"QT_QPA_PLATFORM": "nonsense"}, "'nonsense', which QT_QPA_PLATFORM names"),
        ({"QT_QPA_PLATFORM": "xcb", "DISPLAY": ":4711"}, "X display :4711"),
        ({"QT_QPA_PLATFORM": "wayland"}, "No window can open on the display"),
    ],
)
def test_where_qt_cannot_start_one_sentence_says_why(
    tmp_path: Path, variables: dict[str, str], named: str
) -> None:
    pytest.importorskip("PySide6")
    found = without_display("orca_desk", "desktop", "--library", str(tmp_path), **variables)
    assert found.returncode == 1, found.stderr
    assert named in found.stderr and len(found.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@LINUX
def test_plugins_of_another_program_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("QT_QPA_PLATFORM_PLUGIN_PATH", "/opt/other")
    monkeypatch.setattr(display, "_loads", lambda name: True)
    problem = display.start_problem(['Could not find the Qt platform plugin "xcb" in "/opt/other"'])
    assert "Unset QT_QPA_PLATFORM_PLUGIN_PATH" in problem and '"xcb" in "/opt/other"' in problem


@LINUX
def test_the_worker_of_the_self_test_says_why_qt_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PySide6")
    for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":4711")
    with pytest.raises(WorkerCrashError, match="X display :4711"):
        run_worker("screen", {}, on_events=lambda events: None)


@LINUX
@pytest.mark.parametrize("variables", [{"DISPLAY": ":0"}, {"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-9"}])
def test_a_library_of_x11_that_does_not_load_is_named(tmp_path: Path, variables: dict[str, str]) -> None:
    pytest.importorskip("PySide6")
    (tmp_path / "libxcb-cursor.so.0").touch()
    variables = variables | {"LD_LIBRARY_PATH": str(tmp_path)}
    found = without_display("orca_desk", "desktop", "--library", str(tmp_path / "library"), **variables)
    assert found.returncode == 1, found.stderr
    assert "libxcb-cursor0" in found.stderr and len(found.stderr.splitlines()) == 1
