"""Taking widgets out of a layout again."""

from PySide6.QtWidgets import QLayout


def clear(layout: QLayout) -> None:
    """Remove and delete all widgets of `layout`; they vanish at once."""
    while (item := layout.takeAt(0)) is not None:
        if widget := item.widget():
            widget.hide()
            widget.deleteLater()
