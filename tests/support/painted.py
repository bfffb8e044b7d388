"""Measures in what is painted whether text stands out from its ground."""

from collections import Counter
from functools import cache

from clipped import describe
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

LEAST = 4.5  # WCAG 2 AA, for text
LEAST_DISABLED = 2.5  # WCAG asks for nothing; yet what is disabled should still be legible


def faint_text(root: QWidget) -> list[str]:
    """Return the labels and buttons in `root` whose text is too near to its ground.

    Measured is the ink that differs most from the commonest colour of each.
    """
    shot = root.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    scale = shot.devicePixelRatio()
    found = []
    for widget in root.findChildren(QWidget):
        if isinstance(widget, QLabel | QAbstractButton) and _is_whole(widget):
            place = widget.mapTo(root, QPoint(0, 0)) * scale
            seen = painted_contrast(shot, QRect(place, widget.size() * scale))
            if seen < (LEAST if widget.isEnabled() else LEAST_DISABLED):
                found.append(f"{describe(widget)}: {seen:.2f}")
    return found


def painted_contrast(shot: QImage, area: QRect) -> float:
    """Return the contrast of the ground of an area, its commonest colour, and the ink farthest from it."""
    part = shot.copy(area)
    pixels = Counter(memoryview(part.constBits()).cast("I"))
    ground = pixels.most_common(1)[0][0]
    return max(_contrast(ground, ink) for ink in pixels)


def _is_whole(widget: QLabel | QAbstractButton) -> bool:
    """Whether a widget shows text, all of it in view."""
    has_text = bool(widget.text().strip()) and widget.isVisible() and widget.height() >= 12
    return has_text and widget.visibleRegion().boundingRect() == widget.rect()


def _contrast(one: int, other: int) -> float:
    """Return the contrast of WCAG 2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@cache
def _luminance(pixel: int) -> float:
    """Return the relative luminance of WCAG 2."""
    colour = QColor(pixel)
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
