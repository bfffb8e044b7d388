"""One window a library: a second start on the same library raises the first one's window."""

import hashlib
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

WAIT_MS = 1000
RAISE = b"raise"


def _name(folder: Path) -> str:
    return f"orca-desk-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]}"


def raise_other(folder: Path) -> bool:
    """Ask the process that shows the library in `folder` to come to the front; return whether one did."""
    socket = QLocalSocket()
    socket.connectToServer(_name(folder))
    if not socket.waitForConnected(WAIT_MS):
        return False
    socket.write(RAISE)
    heard = socket.waitForBytesWritten(WAIT_MS)
    socket.disconnectFromServer()
    return heard


class Door(QObject):
    """Listens, on this machine and for this user alone, for second starts."""

    knocked = Signal()

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        """Listen for `folder`, whose lock this process holds: whatever a dead one left behind is removed."""
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)
        QLocalServer.removeServer(_name(folder))
        self._server.listen(_name(folder))

    def close(self) -> None:
        """Listen no more."""
        self._server.close()

    def _answer(self) -> None:
        while connection := self._server.nextPendingConnection():
            connection.disconnected.connect(connection.deleteLater)
            self.knocked.emit()
