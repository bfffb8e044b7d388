"""The progress of the jobs in the task bar or the dock, where the system has one.

Linux: the signal of `com.canonical.Unity.LauncherEntry`, which the docks of Ubuntu, KDE and others read.
Windows: `ITaskbarList3`. macOS: the percentage as the badge of the app in the dock.
"""

import os
import sys
from typing import Protocol

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from orca_desk.ui.jobs import Jobs

ENTRY = "application://orca-desk.desktop"
PATH, INTERFACE = "/com/canonical/unity/launcherentry/1", "com.canonical.Unity.LauncherEntry"


class TaskBarProgress(Protocol):
    """Shows a percentage, or with None that nothing runs."""

    def __call__(self, percent: int | None) -> None:
        """Show it."""


class TaskBar(QObject):
    """Shows how much of all jobs is done, whenever a percent is added."""

    def __init__(self, window: QWidget, jobs: Jobs, show: TaskBarProgress | None = None) -> None:
        super().__init__(window)
        self._jobs = jobs
        self._show = show or shown_by_system(window)
        self._percent: int | None = None
        if self._show is not None:
            jobs.progressed.connect(self._follow)

    def _follow(self) -> None:
        share = self._jobs.share
        percent = None if share is None else round(100 * share)
        if percent != self._percent and self._show is not None:
            self._percent = percent
            self._show(percent)


def shown_by_system(window: QWidget) -> TaskBarProgress | None:
    """Return what shows a percentage on this system; None where nothing does."""
    if sys.platform == "win32":
        from orca_desk.ui.task_bar_windows import WindowsTaskBar

        return WindowsTaskBar(window)
    if sys.platform == "darwin":
        return _show_badge
    if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return None
    return _show_by_bus


def _show_badge(percent: int | None) -> None:
    app = QGuiApplication.instance()
    if isinstance(app, QGuiApplication):
        app.setBadgeNumber(percent or 0)


def _show_by_bus(percent: int | None) -> None:
    # Imported here: a start should not wait for it
    from PySide6.QtDBus import QDBusConnection, QDBusMessage

    message = QDBusMessage.createSignal(PATH, INTERFACE, "Update")
    message.setArguments(
        [ENTRY, {"progress": (percent or 0) / 100, "progress-visible": percent is not None, "urgent": False}]
    )
    QDBusConnection.sessionBus().send(message)
