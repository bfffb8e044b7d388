"""A button whose text is cut at its width, with all of it in the tool tip."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton

from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import safe_tip


class ElidedButton(QPushButton):
    """A push button for a text of any length, such as a question."""

    def __init__(self, text: str) -> None:
        super().__init__(text.replace("&", "&&"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setToolTip(safe_tip(text))
        self.setAccessibleName(text)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size at which nothing is cut: a style may need more than Qt allows for."""
        hint, option = super().sizeHint(), QStyleOptionButton()
        super().initStyleOption(option)
        option.rect = QRect(0, 0, hint.width(), hint.height())
        lacking = self.fontMetrics().horizontalAdvance(option.text) - self._room(option)
        return QSize(hint.width() + max(0, lacking), hint.height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the room of a few words."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), 30 * GRID), hint.height())

    def initStyleOption(self, option: QStyleOptionButton) -> None:  # noqa: N802 - Qt's name
        """Give the style the part of the text that fits."""
        super().initStyleOption(option)
        mode = Qt.TextElideMode.ElideRight
        option.text = self.fontMetrics().elidedText(option.text, mode, self._room(option))

    def _room(self, option: QStyleOptionButton) -> int:
        """Return the width (px) that the style leaves for the text."""
        inside = self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self)
        return inside.width() - (self.iconSize().width() if not self.icon().isNull() else 0)
