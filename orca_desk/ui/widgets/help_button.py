"""The "?" that opens a chapter of the handbook."""

from PySide6.QtWidgets import QToolButton

from orca_desk.ui.desk import Desk


def help_button(desk: Desk, chapter: str, title: str) -> QToolButton:
    """Return a button that opens `chapter`, the one about `title`."""
    made = QToolButton()
    made.setText("?")
    made.setObjectName("page-help")
    made.setAutoRaise(True)
    made.setAccessibleName(f"Handbook: {title}")
    made.setToolTip(f"What the handbook says about {title} (F1)")
    made.clicked.connect(lambda checked=False: desk.show_help(chapter))
    return made
