"""A label of one line that gives way: what does not fit is left out, and stays in the tooltip."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStyle, QStyleOption

from orca_desk.ui.theme import Size, font
from orca_desk.ui.widgets.text import Tone, safe_tip


class ElidedLabel(QLabel):
    """Plain text on one line, cut where the room ends."""

    def __init__(
        self,
        text: str = "",
        *,
        size: Size = "body",
        bold: bool = False,
        tone: Tone = "",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(font(size, bold=bold))
        self._mode = mode
        if tone:
            self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Show the text's words on one line, and all of it in the tooltip."""
        self.setText(" ".join(text[:1000].split()))
        self.setToolTip(safe_tip(text))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Ask for the height of a line and no width."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint as much as fits."""
        option = QStyleOption()
        option.initFrom(self)
        text = self.fontMetrics().elidedText(self.text(), self._mode, self.width())
        painter = QPainter(self)
        self.style().drawItemText(
            painter,
            self.rect(),
            int(self.alignment()) | int(Qt.TextFlag.TextSingleLine),
            option.palette,
            bool(option.state & QStyle.StateFlag.State_Enabled),
            text,
            self.foregroundRole(),
        )
