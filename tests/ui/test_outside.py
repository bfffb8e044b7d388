"""Programs of the user's get the user's own libraries, whether or not the app is packaged."""

import json
import os
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from orca_desk import environment
from orca_desk.environment import user_environment
from orca_desk.errors import UserError
from orca_desk.ui.outside import open_library_window, open_outside

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no xdg-open")
RECORDER = """#!{python}
import json, os, sys
part = {told!r} + ".part"
json.dump([sys.argv[1:], dict(os.environ), os.getpid()], open(part, "w"))
os.rename(part, {told!r})
"""


@pytest.fixture
def frozen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bundle of a packaged app, with what its bootloader and PyInstaller put into the environment."""
    bundle = tmp_path / "bundle"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "_MEIPASS", str(bundle), raising=False)
    monkeypatch.setattr(environment, "STARTED_WITH", tmp_path / "environ")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(bundle))
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/usr/local/lib/mine")
    monkeypatch.setenv("QT_PLUGIN_PATH", str(bundle / "PySide6/Qt/plugins"))
    monkeypatch.setenv("QML2_IMPORT_PATH", str(bundle / "PySide6/Qt/qml"))
    monkeypatch.setenv("PATH", os.pathsep.join((str(bundle), str(tmp_path / "bin"), os.environ["PATH"])))
    monkeypatch.setenv("_PYI_ARCHIVE_FILE", str(bundle / "orca-desk"))
    return bundle


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a recording xdg-open was started with."""
    programs = tmp_path / "bin"
    programs.mkdir()
    file = tmp_path / "told.json"
    opener = programs / "xdg-open"
    opener.write_text(RECORDER.format(python=sys.executable, told=str(file)))
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return file


def test_a_packaged_app_hands_on_nothing_of_its_bundle(frozen: Path) -> None:
    found = user_environment()
    assert found["LD_LIBRARY_PATH"] == "/usr/local/lib/mine"
    assert not {"QT_PLUGIN_PATH", "QML2_IMPORT_PATH", "LD_LIBRARY_PATH_ORIG", "_PYI_ARCHIVE_FILE"} & set(
        found
    )
    assert not [name for name, value in found.items() if str(frozen) in value]


def test_the_loaders_path_is_gone_if_the_user_had_none(frozen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH_ORIG")
    assert "LD_LIBRARY_PATH" not in user_environment()


def test_the_users_own_plugins_come_back(frozen: Path, tmp_path: Path) -> None:
    (tmp_path / "environ").write_bytes(b"HOME=/home/me\0QT_PLUGIN_PATH=/usr/lib/kde/plugins\0")
    assert user_environment()["QT_PLUGIN_PATH"] == "/usr/lib/kde/plugins"


def test_a_checkout_hands_on_what_the_user_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/mine")
    monkeypatch.setenv("QT_PLUGIN_PATH", "/my/plugins")
    monkeypatch.delenv("LD_LIBRARY_PATH_ORIG", raising=False)
    found = user_environment()
    assert (found["LD_LIBRARY_PATH"], found["QT_PLUGIN_PATH"]) == ("/mine", "/my/plugins")
    assert "PYSIDE6_OPTION_LAZY" not in found


@LINUX
def test_a_folder_and_a_link_open_with_the_users_libraries(
    told: Path, frozen: Path, qapp: QApplication, tmp_path: Path, qtbot: QtBot
) -> None:
    for target, address in (
        (tmp_path, tmp_path.as_uri()),
        (QUrl("https://example.org/a b"), "https://example.org/a%20b"),
    ):
        open_outside(target)
        qtbot.waitUntil(told.exists, timeout=10_000)
        arguments, variables, _ = json.loads(told.read_text())
        told.unlink()
        assert arguments == [address]
        assert variables["LD_LIBRARY_PATH"] == "/usr/local/lib/mine" and "QT_PLUGIN_PATH" not in variables


def test_a_folder_that_is_gone_is_named(qapp: QApplication, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no longer there"):
        open_outside(tmp_path / "gone")


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps no ended child processes")
def test_another_window_is_no_child_of_this_process(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    told = tmp_path / "told.json"
    python = tmp_path / "python"
    python.write_text(RECORDER.format(python=sys.executable, told=str(told)))
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    open_library_window(tmp_path / "my library")
    qtbot.waitUntil(told.exists, timeout=10_000)
    arguments, _, process = json.loads(told.read_text())
    assert arguments == ["-P", "-m", "orca_desk", "desktop", "--library", str(tmp_path / "my library")]
    with pytest.raises(ChildProcessError):  # it leaves no ended child to be waited for
        os.waitpid(process, os.WNOHANG)


def test_a_window_that_cannot_start_is_said(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(UserError, match="cannot open another window"):
        open_library_window(Path("/library"))
