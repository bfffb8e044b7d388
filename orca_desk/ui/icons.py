"""Icons: line drawings in SVG, tinted with a role of the theme."""

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QToolButton

from orca_desk.paths import resources
from orca_desk.ui.theme import Colours, Role

SIZE = 18  # px, the side of an icon in buttons and lists
BEFORE_TEXT = 6  # px, between an icon and the text of its button; Qt itself leaves 4


def icon(name: str, colours: Colours, role: Role = "text") -> QIcon:
    """Return the icon `resources/icons/NAME.svg` in the colour of a role; muted where it is disabled."""
    made = QIcon()
    for mode, tint in ((QIcon.Mode.Normal, role), (QIcon.Mode.Disabled, "muted")):
        for space in (0, BEFORE_TEXT):  # Qt takes the one that fits the room that is asked for
            made.addPixmap(_drawn(name, colours.css(tint), SIZE, space, _ratio()), mode)
    return made


def pixmap(name: str, colours: Colours, role: Role = "text", side: int = SIZE) -> QPixmap:
    """Return an icon as a picture of `side` logical pixels, sharp on the densest screen."""
    return _drawn(name, colours.css(role), side, 0, _ratio())


def room_for_icon(button: QAbstractButton) -> None:
    """Let an icon stand before a button's text, at some distance from it."""
    button.setIconSize(QSize(SIZE + BEFORE_TEXT, SIZE))
    if isinstance(button, QToolButton):
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)


def _ratio() -> float:
    return float(QGuiApplication.instance().devicePixelRatio())


@lru_cache(maxsize=512)
def _drawn(name: str, colour: str, side: int, space: int, ratio: float) -> QPixmap:
    source = (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(source.replace("currentColor", colour).encode()))
    made = QPixmap(QSize(side + space, side) * ratio)
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    return made
