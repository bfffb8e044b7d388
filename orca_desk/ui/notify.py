"""Notifies the user when a long job ends while the window is in the background."""

from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

SHOWN_MS = 10_000


def notify(window: QWidget, title: str, text: str) -> None:
    """Mark the window in the task bar, and show a desktop notification if the system supports them."""
    QApplication.alert(window)
    if not QSystemTrayIcon.isSystemTrayAvailable() or not QSystemTrayIcon.supportsMessages():
        return
    tray = QSystemTrayIcon(window.windowIcon(), window)
    tray.messageClicked.connect(window.raise_)
    tray.show()
    tray.showMessage(title, text, window.windowIcon(), SHOWN_MS)
