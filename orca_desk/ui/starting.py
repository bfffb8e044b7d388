"""The start of Qt. Where Qt can open no window it would abort the process; this says why and exits."""

import os
import sys

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from orca_desk.display import start_problem


def application() -> QApplication:
    """Return the app. Without a display that works, print one sentence and exit the process with 1."""
    running = QApplication.instance()
    if isinstance(running, QApplication):
        return running
    told: list[str] = []

    def listen(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        if kind != QtMsgType.QtFatalMsg:
            told.append(text)
            return
        print(f"Error: {start_problem(told)}", file=sys.stderr, flush=True)
        os._exit(1)  # Qt aborts when this function returns

    before = qInstallMessageHandler(listen)
    try:
        app = QApplication(sys.argv[:1])
    finally:
        qInstallMessageHandler(before)
    for text in told:  # Qt did start: what it said is worth reading
        print(text, file=sys.stderr)
    return app
