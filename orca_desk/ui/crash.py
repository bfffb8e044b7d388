"""The crash report: names a bug, offers details to copy, and lets the app run on."""

import platform
import traceback

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QVBoxLayout, QWidget

from orca_desk import __version__
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import closing_buttons
from orca_desk.ui.widgets.text import button, label


def details(error: BaseException) -> str:
    """Return the stack of an error, without its message, which may quote a task or an answer."""
    lines = [f"Orca Desk {__version__}, Python {platform.python_version()}, {platform.platform()}"]
    seen: BaseException | None = error
    while seen is not None:
        lines.append(f"{type(seen).__module__}.{type(seen).__qualname__}")
        for frame in traceback.extract_tb(seen.__traceback__):
            lines.append(f"  {frame.filename.replace(chr(92), '/').split('/site-packages/')[-1]}:"
                         f"{frame.lineno} {frame.name}")  # fmt: skip
        seen = seen.__cause__ or seen.__context__
    return "\n".join(lines)


class CrashReport(QDialog):
    """Reports a bug of Orca Desk."""

    def __init__(self, error: BaseException, log: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Something went wrong")
        self.resize(680, 400)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(label("Orca Desk ran into a bug", size="heading", bold=True))
        layout.addWidget(
            label(
                "Everything already saved is safe, and you can carry on. If it happens again, please report"
                " these details; they contain no text from your tasks or models.",
                wrap=True,
            )
        )
        self.text = QPlainTextEdit(details(error))
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Details")
        layout.addWidget(self.text, 1)
        if log:
            layout.addWidget(label(f"Log file: {log}", tone="muted", wrap=True, selectable=True))
        layout.addWidget(closing_buttons(self, button("Copy details", self._copy)))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())
