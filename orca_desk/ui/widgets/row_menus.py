"""Menus of rows made of what the page has already: its buttons, or its commands."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QMenu, QWidget


def as_actions(parent: QWidget, *buttons: QAbstractButton) -> list[QAction]:
    """Return actions that press buttons, and can be chosen when these can be pressed."""
    made = []
    for button in buttons:
        action = QAction(button.text() or button.accessibleName(), parent)
        action.setIcon(button.icon())
        action.setToolTip(button.toolTip())
        action.setEnabled(button.isEnabled())
        action.triggered.connect(lambda checked=False, button=button: button.click())
        made.append(action)
    return made


def list_menu(view: QAbstractItemView, actions: Callable[[], Sequence[QAction]]) -> None:
    """Offer actions for the selected rows of a list, on a right click and the menu key.

    A table has `row_menu`, which adds more.
    """

    def show(place: QPoint) -> None:
        menu = QMenu(view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(actions())
        menu.popup(view.viewport().mapToGlobal(place))

    view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    view.customContextMenuRequested.connect(show)
