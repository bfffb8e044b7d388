"""Keeps windows within the screen: none is larger than it, or opens where no screen is."""

from types import NoneType

from PySide6.QtCore import QMargins, QObject, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QScreen, QWindow
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from orca_desk.ui.theme import GRID

FRAME = QMargins(0, 32, 0, 0)  # px; about what a title takes, until the window manager says it


def room_on(screen: QScreen) -> QRect:
    """Return the part of a screen that no panel covers."""
    return screen.availableGeometry()


def keep_on_screen(window: QWidget) -> None:
    """Shrink and move a window so that all of it, with its title, lies on one screen."""
    if window.isMaximized() or window.isFullScreen():
        return
    wanted = window.geometry()
    screen = QGuiApplication.screenAt(wanted.center()) or window.screen()
    room = room_on(screen).marginsRemoved(_frame(window))
    if isinstance(window, QDialog):
        scroll_if_larger(window, room.size())
    geometry = within(wanted, room)
    if geometry != wanted:
        window.setGeometry(geometry)


def scroll_if_larger(dialog: QDialog, room: QSize) -> None:
    """Let the content of a dialog of the app's own scroll if it needs more than `room`.

    The buttons at its end stay in view, below each other where a row is too wide.
    """
    layout = dialog.layout()
    for box in dialog.findChildren(QDialogButtonBox):
        if box.sizeHint().width() > room.width() - 2 * GRID:
            box.setOrientation(Qt.Orientation.Vertical)
    least = dialog.minimumSizeHint().expandedTo(dialog.minimumSize())
    if layout is None or least.boundedTo(room) == least or type(dialog).__module__.startswith("PySide6"):
        return
    focused = dialog.focusWidget()
    buttons = _take_buttons(layout, room.width() - 2 * GRID)
    layout.setContentsMargins(GRID, GRID, GRID, GRID if buttons is None else 0)
    content, area = QWidget(), QScrollArea()
    content.setLayout(layout)  # takes the layout, with what is in it, from the dialog
    content.setMinimumSize(dialog.minimumSize().boundedTo(content.minimumSizeHint()))
    content.setAutoFillBackground(False)
    dialog.setMinimumSize(0, 0)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab scrolls to what it reaches
    area.setWidgetResizable(True)
    area.setWidget(content)
    area.viewport().setAutoFillBackground(False)
    whole = QVBoxLayout(dialog)
    whole.setContentsMargins(0, 0, 0, 0)
    whole.setSpacing(layout.spacing())
    whole.addWidget(area)
    if buttons is not None:
        foot = QVBoxLayout()
        foot.setContentsMargins(GRID, 0, GRID, GRID)
        if isinstance(buttons, QWidget):
            foot.addWidget(buttons)
        else:
            foot.addLayout(buttons)
        whole.addLayout(foot)
    if focused is not None:
        focused.setFocus()


def _take_buttons(layout: QLayout, width: int) -> QWidget | QLayout | None:
    """Take the row of buttons at the end of a layout, if there is one that `width` px have room for."""
    last = layout.itemAt(layout.count() - 1)
    if last is None or last.minimumSize().width() > width:
        return None
    box, row = last.widget(), last.layout()
    if isinstance(box, QDialogButtonBox):
        layout.removeWidget(box)
        return box
    parts = [row.itemAt(place) for place in range(row.count())] if row is not None else []
    if row is None or not all(part and isinstance(part.widget(), QPushButton | NoneType) for part in parts):
        return None
    layout.removeItem(row)
    row.setParent(None)
    return row


def within(wanted: QRect, room: QRect) -> QRect:
    """Return `wanted` with the size and the place nearest to it that lie within `room`."""
    size = wanted.size().boundedTo(room.size())
    left = min(max(wanted.left(), room.left()), room.right() + 1 - size.width())
    top = min(max(wanted.top(), room.top()), room.bottom() + 1 - size.height())
    return QRect(QPoint(left, top), size)


class DialogsOnScreen(QObject):
    """Keeps every dialog within the screen from the moment at which it gets the keyboard."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        app.focusWindowChanged.connect(self._fit)

    def _fit(self, window: QWindow | None) -> None:
        for dialog in QApplication.topLevelWidgets():
            if isinstance(dialog, QDialog) and window is not None and dialog.windowHandle() is window:
                QTimer.singleShot(0, dialog, lambda dialog=dialog: keep_on_screen(dialog))


def _frame(window: QWidget) -> QMargins:
    handle = window.windowHandle()
    known = handle.frameMargins() if handle is not None and handle.isVisible() else QMargins()
    return FRAME if known.isNull() else known
