"""A label of one line that shows what fits, and everything in its tool tip."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStyle, QStyleOption

from orca_desk.method.hidden_characters import visible
from orca_desk.ui.theme import Size, font
from orca_desk.ui.widgets.text import Tone, safe_tip


class ElidedLabel(QLabel):
    """Plain text on one line, cut off at the width of the label."""

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
        """Show a text on one line, and all of it in the tool tip."""
        self.setText(" ".join(text[:1000].split()))
        self.setToolTip(safe_tip(text))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of one line, and no width."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the part of the text that fits."""
        option = QStyleOption()
        option.initFrom(self)
        text = self.fontMetrics().elidedText(visible(self.text()), self._mode, self.width())
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
