"""The search above a table: a line with a glass; Esc empties it, Enter and the arrow down go to the table."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from orca_desk.ui.icons import icon
from orca_desk.ui.theme import GRID, Theme


class SearchLine(QLineEdit):
    """What is typed narrows what is listed; `below` is where the rows are.

    With `asks`, Enter asks for something, which `returnPressed` tells, instead of going to the rows.
    """

    def __init__(
        self,
        theme: Theme,
        name: str,
        placeholder: str,
        *,
        below: QWidget | None = None,
        asks: bool = False,
    ) -> None:
        super().__init__()
        self._theme, self.below = theme, below
        enter = () if asks else (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        self._leaves = (Qt.Key.Key_Down, *enter)
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setToolTip(placeholder)  # a narrow line cuts it
        self.setClearButtonEnabled(True)
        self.setMinimumWidth(14 * GRID)
        self.setMaximumWidth(50 * GRID)
        self._glass = self.addAction(
            icon("search", theme.colours, "muted"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.installEventFilter(self)
        theme.changed.connect(self._paint)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Take Esc before the page does, and hand the focus to the rows."""
        types = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        if not isinstance(event, QKeyEvent) or event.type() not in types:
            return super().eventFilter(watched, event)
        if event.key() == Qt.Key.Key_Escape or (event.key() in self._leaves and self.below is not None):
            event.accept()
            if event.type() == QEvent.Type.KeyPress:
                self._leave(clear=event.key() == Qt.Key.Key_Escape)
            return True
        return super().eventFilter(watched, event)

    def _leave(self, *, clear: bool) -> None:
        if clear:
            self.clear()
        if self.below is not None:
            self.below.setFocus()

    def _paint(self) -> None:
        self._glass.setIcon(icon("search", self._theme.colours, "muted"))
