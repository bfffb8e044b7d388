"""What a screen reader finds, and what the keyboard reaches, on every page."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from clipped import describe
from desktop_waits import wait_for_background
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QListView,
    QPushButton,
    QRadioButton,
    QTabWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from orca_desk.ui.page import Page
from orca_desk.ui.register import NAMES
from orca_desk.ui.theme import Choice
from orca_desk.ui.window import Window

Role, Text = QAccessible.Role, QAccessible.Text
WHOLE = {Role.ComboBox, Role.SpinBox}  # their parts get no focus of their own
VIEWS = {Role.Table, Role.List, Role.Tree}
SPOKEN = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole
MOST_ROWS = 5  # looked at in each table
DEEPEST = 30  # levels of the tree
SLOW: dict[str, Callable[[Any], bool]] = {  # pages that a worker tells more about, after seconds
    "grow": lambda page: page.proposals.model.rowCount() > 0,
    "strategies": lambda page: page.pairing.model.rowCount() > 0,
}
LEAST_CONTRAST = 4.5  # WCAG 2 AA, for text


@pytest.mark.parametrize("name", NAMES)
def test_a_page_can_be_read_and_walked_through(filled_window: Window, qtbot: QtBot, name: str) -> None:
    page = opened(filled_window, name, qtbot)
    with qtbot.waitActive(filled_window):
        filled_window.activateWindow()
    for _ in tabs(page, filled_window, qtbot):
        root = QAccessible.queryAccessibleInterface(page)
        assert list(unreadable(root)) == []
        missed, trapped = not_reached(page)
        assert trapped == ""
        assert [describe(widget) for widget in missed] == []


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_text_stands_out_from_its_ground(filled_window: Window, qtbot: QtBot, choice: Choice) -> None:
    """Measured in what is painted: the ink that differs most from the ground of each label and button."""
    filled_window.desk.theme.choose(choice)
    faint = []
    for name in ("home", "records", "settings"):
        page = opened(filled_window, name, qtbot)
        QApplication.processEvents()
        shot = filled_window.grab().toImage()
        for widget in page.findChildren(QWidget):
            if isinstance(widget, QLabel | QPushButton) and is_readable(widget):
                place = widget.mapTo(filled_window, widget.rect().topLeft())
                seen = painted_contrast(shot, QRect(place, widget.size()))
                if seen < LEAST_CONTRAST:
                    faint.append(f"{name}: {describe(widget)}: {seen:.2f}")
    assert faint == []


def test_the_focus_can_be_seen(filled_window: Window, qtbot: QtBot) -> None:
    page = opened(filled_window, "tasks", qtbot)
    with qtbot.waitActive(filled_window):
        filled_window.activateWindow()
    for widget in stops(page)[:12]:
        page.setFocus()
        QApplication.processEvents()
        before = filled_window.grab().toImage()
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        QApplication.processEvents()
        assert filled_window.grab().toImage() != before, describe(widget)


def opened(window: Window, name: str, qtbot: QtBot) -> Any:
    """Show a page and wait until it shows what the library has."""
    page: Any = window.show_page(name)
    if name in SLOW:
        qtbot.waitUntil(lambda: SLOW[name](page), timeout=20_000)
    else:
        wait_for_background(window.desk, qtbot)
    return page


def tabs(page: Page, window: Window, qtbot: QtBot) -> Iterator[None]:
    """Show the tabs of a page one after the other."""
    found = next((one for one in page.findChildren(QTabWidget) if one.isVisible()), None)
    for place in range(found.count() if found is not None else 1):
        if found is not None:
            found.setCurrentIndex(place)
            if page.name not in SLOW:
                wait_for_background(window.desk, qtbot)
        yield


def unreadable(node: QAccessibleInterface | None, depth: int = 0) -> Iterator[str]:
    """Yield what a screen reader could not name, in the tree below `node`."""
    if node is None or not node.isValid() or node.state().invisible or depth > DEEPEST:
        return
    role, name, value = node.role(), node.text(Text.Name), node.text(Text.Value)
    is_empty = role == Role.StaticText and not value.strip()  # a sentence that is not there yet
    if node.state().focusable and role != Role.Client and not name.strip() and not is_empty:
        yield f"{role.name} without a name, value {value[:40]!r}: {node.object()}"
    if node.state().focusable and role == Role.NoRole:
        yield f"{name!r} without a role: {node.object()}"
    box = node.object()
    if isinstance(box, QComboBox) and box.currentText().strip() and not value.strip():
        yield f"ComboBox {name!r} without a value"
    if role in VIEWS:
        yield from empty_cells(node.object(), name)
    if role in VIEWS | WHOLE:
        return
    for place in range(node.childCount()):
        yield from unreadable(node.child(place), depth + 1)


def empty_cells(view: Any, name: str) -> Iterator[str]:
    """Yield the cells that show a picture for which no text stands."""
    model, root = view.model(), view.rootIndex()
    for row in range(min(MOST_ROWS, model.rowCount(root) if model else 0)):
        for column in range(1 if isinstance(view, QListView) else model.columnCount(root)):
            index = model.index(row, column, root)
            words = (index.data(role) for role in SPOKEN)
            if index.data(Qt.ItemDataRole.DecorationRole) is not None and not any(
                str(one or "").strip() for one in words
            ):
                yield f"{name}: row {row}, column {column} shows a picture that nothing names"


def stops(page: QWidget) -> list[QWidget]:
    """Return the enabled controls of a page at which Tab should stop."""
    found = []
    for widget in page.findChildren(QWidget):
        if (
            not widget.isVisible()
            or not widget.isEnabled()
            or not widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        ):
            continue
        if isinstance(widget, QLabel) and not widget.text().strip():
            continue
        if widget.focusProxy() is None and not is_part(widget) and has_content(widget):
            found.append(widget)
    return found


def is_part(widget: QWidget) -> bool:
    """Whether a widget is a part of a control, or one of a group through which the arrow keys lead."""
    if widget.objectName().startswith("qt_") or isinstance(widget, QRadioButton):
        return True
    group = getattr(widget, "group", lambda: None)()
    if group is not None and group.exclusive():
        return True
    parent = widget.parentWidget()
    return (
        isinstance(parent, QComboBox | QAbstractScrollArea) and parent.focusPolicy() != Qt.FocusPolicy.NoFocus
    )


def has_content(widget: QWidget) -> bool:
    """Whether a widget has a size."""
    return widget.width() > 0 and widget.height() > 0


def not_reached(page: Page) -> tuple[list[QWidget], str]:
    """Press Tab through a page; return the controls never reached, and where Tab does not lead on."""
    wanted = stops(page)
    page.setFocus()
    seen: list[QWidget] = []
    for _ in range(2 * len(wanted) + 60):
        before = QApplication.focusWidget()
        QTest.keyClick(before or page, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        if now is None or now is before:
            return [], describe(before) if before is not None else "nowhere"
        seen.append(now)
        if all(any(one is widget for one in seen) for widget in wanted):
            break
    return [widget for widget in wanted if not any(one is widget for one in seen)], ""


def is_readable(widget: QLabel | QPushButton) -> bool:
    """Whether a widget shows text that can be used now; what is disabled may be faint."""
    has_text = bool(widget.text().strip()) and widget.isVisible() and widget.isEnabled()
    return has_text and widget.visibleRegion().boundingRect() == widget.rect() and widget.height() >= 12


def painted_contrast(shot: QImage, area: QRect) -> float:
    """Return the contrast of the ground of an area, its commonest colour, and the ink farthest from it."""
    part = shot.copy(area).convertToFormat(QImage.Format.Format_RGB32)
    pixels = Counter(memoryview(part.constBits()).cast("I"))
    ground = QColor(pixels.most_common(1)[0][0])
    return max(contrast(ground, QColor(ink)) for ink in pixels)


def contrast(one: QColor, other: QColor) -> float:
    """Return the contrast of WCAG 2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: QColor) -> float:
    """Return the relative luminance of WCAG 2."""
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
