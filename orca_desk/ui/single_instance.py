"""One window per library: a second start on the same library raises the first one's window.

The two meet at a socket in a folder that only this user can enter, and each asks the system who is at the
other end: anybody may create a socket in a folder that all users share.
"""

import hashlib
import os
import socket
import stat
import struct
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from orca_desk.paths import resolved

WAIT_MS = 1000
RAISED = b"raised"  # the first process answers it once it has asked its window to come to the front
LONGEST_PATH = 100  # bytes; the system takes about 104 in the address of a socket


def raise_running_instance(folder: Path) -> bool:
    """Ask the process that shows the library in `folder` to raise its window; return whether one did."""
    name = _server_name(folder)
    if not name:
        return False
    connection = QLocalSocket()
    connection.connectToServer(name)
    if not connection.waitForConnected(WAIT_MS) or not is_own(connection):
        return False
    connection.waitForReadyRead(WAIT_MS)
    is_raised = bytes(connection.readAll().data()) == RAISED
    connection.disconnectFromServer()
    return is_raised


class InstanceServer(QObject):
    """Listens for second starts on the same library, by the same user on the same machine."""

    raise_requested = Signal()

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        """Listen for `folder`. This process must hold its lock: the socket of a dead process is removed."""
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)
        if name := _server_name(folder):
            QLocalServer.removeServer(name)
            self._server.listen(name)

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    def _answer(self) -> None:
        while connection := self._server.nextPendingConnection():
            connection.disconnected.connect(connection.deleteLater)
            if not is_own(connection):
                connection.abort()
                continue
            self.raise_requested.emit()
            connection.write(RAISED)
            connection.flush()


def is_own(connection: QLocalSocket) -> bool:
    """Return whether a process of this user is at the other end, as far as the system can tell (Linux)."""
    if not sys.platform.startswith("linux"):
        return True  # the folder, and on Windows the pipe's access rights, keep others out
    with socket.socket(fileno=os.dup(int(connection.socketDescriptor()))) as end:
        told = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", told)
    return bool(user == os.getuid())


def _server_name(folder: Path) -> str:
    """Return the name of the library's socket, or "" where no folder is safe for it."""
    name = f"orca-desk-{hashlib.sha256(str(resolved(folder)).encode()).hexdigest()[:16]}"
    if os.name != "posix":
        return name  # a named pipe
    private = private_folder()
    path = private / name if private else None
    return str(path) if path and len(os.fsencode(path)) <= LONGEST_PATH else ""


def private_folder() -> Path | None:
    """Return a folder for sockets that no other user can enter, or None if there is none."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and _is_private(Path(runtime)):
        return Path(runtime)
    made = Path(tempfile.gettempdir()) / f"orca-desk-{os.getuid()}"
    try:
        made.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return None
    return made if _is_private(made) else None


def _is_private(folder: Path) -> bool:
    """Return whether `folder` is a folder, no link, that this user owns and no other one can enter."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
