"""What a screen reader finds in a window, and what the keyboard reaches."""

from collections.abc import Iterator
from typing import Any

from clipped import describe
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QListView,
    QRadioButton,
    QWidget,
)

Role, Text = QAccessible.Role, QAccessible.Text
WHOLE = {Role.ComboBox, Role.SpinBox}  # their parts get no focus of their own
VIEWS = {Role.Table, Role.List, Role.Tree}
SPOKEN = Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole
MOST_ROWS = 5  # looked at in each table
DEEPEST = 30  # levels of the tree


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


def not_reached(page: QWidget) -> tuple[list[QWidget], str]:
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
