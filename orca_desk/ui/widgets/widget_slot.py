"""A slot in a layout for a widget that comes later, or changes."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.ui.widgets.layouts import clear


class WidgetSlot(QWidget):
    """Shows one widget at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def show_widget(self, widget: QWidget) -> None:
        """Show `widget` instead of the previous one."""
        clear(self._layout)
        self._layout.addWidget(widget)
