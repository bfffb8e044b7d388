"""A place in the window whose content comes later, or changes."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.ui.widgets.layouts import clear


class Place(QWidget):
    """Shows one widget at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def show_widget(self, widget: QWidget) -> None:
        """Show `widget` in place of what was there."""
        clear(self._layout)
        self._layout.addWidget(widget)
