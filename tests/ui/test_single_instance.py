"""Where two starts on one library meet, and who may be there."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalServer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from orca_desk.ui import single_instance
from orca_desk.ui.single_instance import InstanceServer, private_folder, raise_running_instance

POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows has named pipes with access rights")


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder for all users, without a folder of the session; its path fits a socket's address."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(single_instance.tempfile, "gettempdir", lambda: folder)
        yield Path(folder) / f"orca-desk-{os.getuid()}"


@POSIX
def test_the_folder_is_made_for_this_user_alone(shared: Path) -> None:
    assert private_folder() == shared
    assert shared.stat().st_mode & 0o777 == 0o700


@POSIX
def test_a_folder_that_others_can_enter_or_that_is_a_link_is_not_used(shared: Path, tmp_path: Path) -> None:
    shared.mkdir()
    shared.chmod(0o755)
    assert private_folder() is None
    shared.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    shared.symlink_to(tmp_path / "elsewhere")
    assert private_folder() is None


@POSIX
def test_the_folder_of_the_session_is_preferred(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = shared.with_name("session")
    session.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))
    assert private_folder() == session
    session.chmod(0o777)
    assert private_folder() == shared


@pytest.fixture
def stranger(qapp: QApplication, shared: Path, tmp_path: Path) -> Iterator[QLocalServer]:
    """A server at the library's socket that accepts and does not answer."""
    private_folder()
    server = QLocalServer()
    assert server.listen(single_instance._server_name(tmp_path))
    yield server
    server.close()


@POSIX
def test_who_accepts_but_does_not_answer_is_no_window(
    stranger: QLocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_instance, "WAIT_MS", 50)
    assert not raise_running_instance(tmp_path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells who is at the other end")
def test_another_user_raises_no_window(
    qapp: QApplication, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    server, raised = InstanceServer(tmp_path), []
    server.raise_requested.connect(lambda: raised.append(True))
    monkeypatch.setattr(single_instance, "is_own", lambda connection: False)
    monkeypatch.setattr(single_instance, "WAIT_MS", 50)
    assert not raise_running_instance(tmp_path)
    qtbot.waitUntil(lambda: not server._server.hasPendingConnections())
    assert raised == []
    server.close()
