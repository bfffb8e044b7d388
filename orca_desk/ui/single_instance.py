"""One window per library: a second start on the same library raises the first one's window."""

import hashlib
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

WAIT_MS = 1000
RAISE = b"raise"


def _server_name(folder: Path) -> str:
    return f"orca-desk-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]}"


def raise_running_instance(folder: Path) -> bool:
    """Ask the process that shows the library in `folder` to raise its window; return whether there is one."""
    socket = QLocalSocket()
    socket.connectToServer(_server_name(folder))
    if not socket.waitForConnected(WAIT_MS):
        return False
    socket.write(RAISE)
    is_sent = socket.waitForBytesWritten(WAIT_MS)
    socket.disconnectFromServer()
    return is_sent


class InstanceServer(QObject):
    """Listens for second starts on the same library, by the same user on the same machine."""

    raise_requested = Signal()

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        """Listen for `folder`. This process must hold its lock: the socket of a dead process is removed."""
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)
        QLocalServer.removeServer(_server_name(folder))
        self._server.listen(_server_name(folder))

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    def _answer(self) -> None:
        while connection := self._server.nextPendingConnection():
            connection.disconnected.connect(connection.deleteLater)
            self.raise_requested.emit()
