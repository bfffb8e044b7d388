"""The start of Qt, and where its messages go.

Where Qt can open no window it would abort the process; this says why and exits. What Qt says otherwise is for
developers, and belongs into the log.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from orca_desk.display import start_problem

RESTART = 75  # the code of an event loop that ends for the library to be opened again
# In the library's view state until it is said: what it was put back to, and where the state before is
RESTORED, BEFORE = "window/restored", "window/before-restore"
logger = logging.getLogger(__name__)
LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
_told: list[str] = []  # what Qt said while it started; the log opens only after that


def application() -> QApplication:
    """Return the app. Without a display that works, print one sentence and exit the process with 1."""
    running = QApplication.instance()
    if isinstance(running, QApplication):
        return running

    def listen(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        if kind != QtMsgType.QtFatalMsg:
            _told.append(text)
            return
        print(f"Error: {start_problem(_told)}", file=sys.stderr, flush=True)
        os._exit(1)  # Qt aborts when this function returns

    before = qInstallMessageHandler(listen)
    try:
        return QApplication(sys.argv[:1])
    finally:
        qInstallMessageHandler(before)


@contextmanager
def qt_in_log() -> Iterator[None]:
    """Log what Qt says, also what it said while it started. Its last words go to the terminal, too."""

    def note(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        logger.log(LEVELS.get(kind, logging.WARNING), "Qt: %s", text)
        if kind == QtMsgType.QtFatalMsg:
            print(f"Error: {text}", file=sys.stderr, flush=True)

    before = qInstallMessageHandler(note)
    try:
        while _told:
            logger.warning("Qt, while starting: %s", _told.pop(0))
        yield
    finally:
        qInstallMessageHandler(before)
