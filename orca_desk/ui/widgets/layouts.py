"""Helpers for layouts: one empties a layout, one makes a scroll area without a frame."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QLayout, QScrollArea, QWidget


def clear(layout: QLayout) -> None:
    """Remove and delete all widgets of `layout`, which disappear at once."""
    while (item := layout.takeAt(0)) is not None:
        if widget := item.widget():
            widget.hide()
            widget.deleteLater()


class _Scrolled(QScrollArea):
    """Scrolls up and down only, so it is never narrower than its content."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Tell what is around the area that the content, which Qt has it watch, may need another width."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the width of the content with the scroll bar, and a height that shows a line or two."""
        bar = self.verticalScrollBar().sizeHint().width()
        widget = self.widget()
        assert widget is not None  # `scrolled` has set it
        content = widget.minimumSizeHint().expandedTo(widget.minimumSize())
        return QSize(content.width() + bar, super().minimumSizeHint().height())


def scrolled(widget: QWidget, name: str = "") -> QScrollArea:
    """Return a vertical scroll area around `widget`, with a transparent background.

    `name` is for what is read more than used: Tab comes to it, and keys scroll it. Else Tab passes it by.
    """
    area = _Scrolled()
    area.setAccessibleName(name)
    area.setFocusPolicy(Qt.FocusPolicy.StrongFocus if name else Qt.FocusPolicy.NoFocus)
    area.setProperty("kind", "read" if name else "")
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(widget)
    area.viewport().setAutoFillBackground(False)
    widget.setAutoFillBackground(False)
    return area
