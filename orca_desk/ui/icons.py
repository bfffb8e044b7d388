"""Icons: SVG line drawings, tinted with a role of the theme."""

from functools import lru_cache

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QToolButton

from orca_desk.paths import resources
from orca_desk.ui.theme import Colours, Role, grown

SIZE = 18  # px, the side of an icon in buttons and lists while text has its usual size; it grows with text
BEFORE_TEXT = 6  # px, between an icon and the text of its button; Qt itself leaves 4


def icon(name: str, colours: Colours, role: Role = "text") -> QIcon:
    """Return the icon `resources/icons/NAME.svg` in the colour of a role, muted for a disabled widget."""
    return _icon(name, colours.css(role), colours.css("muted"), grown(SIZE), _ratio())


def pixmap(name: str, colours: Colours, role: Role = "text", side: int = SIZE) -> QPixmap:
    """Return an icon as a picture, sharp on the densest screen.

    Its sides are `side` logical pixels while text has its usual size.
    """
    return _drawn(name, colours.css(role), grown(side), 0, _ratio())


def icon_size(side: int = SIZE, *, before_text: bool = False) -> QSize:
    """Return the room of an icon (px), grown with the text; `before_text` with a gap after it."""
    return QSize(grown(side) + (BEFORE_TEXT if before_text else 0), grown(side))


def room_for_icon(button: QAbstractButton) -> None:
    """Make room for an icon before a button's text, with a gap between the two."""
    button.setIconSize(icon_size(before_text=True))
    if isinstance(button, QToolButton):
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)


def _ratio() -> float:
    app = QGuiApplication.instance()
    assert isinstance(app, QGuiApplication)
    return app.devicePixelRatio()


@lru_cache(maxsize=512)
def _icon(name: str, normal: str, disabled: str, side: int, ratio: float) -> QIcon:
    made = QIcon()
    for mode, colour in ((QIcon.Mode.Normal, normal), (QIcon.Mode.Disabled, disabled)):
        for space in (0, BEFORE_TEXT):  # Qt picks the one that fits the requested size
            made.addPixmap(_drawn(name, colour, side, space, ratio), mode)
    return made


@lru_cache(maxsize=1024)
def _drawn(name: str, colour: str, side: int, space: int, ratio: float) -> QPixmap:
    made = _empty(side + space, side, ratio)
    painter = QPainter(made)
    painter.drawPixmap(0, 0, _line_drawing(name, side, ratio))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(0, 0, side + space, side, QColor(colour))
    painter.end()
    return made


@lru_cache(maxsize=256)
def _line_drawing(name: str, side: int, ratio: float) -> QPixmap:
    """Return the icon in black. Drawing takes much longer than tinting, so it is cached separately."""
    made = _empty(side, side, ratio)
    painter = QPainter(made)
    QSvgRenderer(str(resources() / "icons" / f"{name}.svg")).render(painter, QRectF(0, 0, side, side))
    painter.end()
    return made


def _empty(width: int, height: int, ratio: float) -> QPixmap:
    made = QPixmap(QSize(width, height) * ratio)
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    return made
