"""Rules for every page: actions have texts, shortcuts are unique, and controls have accessible names."""

from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from desktop_waits import wait_for_background
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenuBar,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QTabBar,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot
from window_actions import all_actions

from orca_desk.ui.register import NAMES
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.window import Window

INTERACTIVE = (QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit,
               QPlainTextEdit, QTextEdit, QTabBar)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_page_works_by_keyboard_and_with_a_screen_reader(
    shared_window: Window, qtbot: QtBot, name: str
) -> None:
    page = shared_window.show_page(name)
    assert page.isVisible() and shared_window.page is page
    actions = all_actions(shared_window)
    assert all(action.text().replace("&", "").strip() for action in actions)
    assert repeated(key.toString() for action in actions for key in action.shortcuts()) == []
    texts = [action.text().casefold() for action in page.commands]
    assert repeated(text[text.index("&") + 1] for text in texts if "&" in text) == []
    wait_for_background(shared_window.desk, qtbot)
    assert [describe(widget) for widget in unnamed(page)] == []
    assert [describe(widget) for widget in page.findChildren(QAbstractItemView) if holds_tab(widget)] == []


def test_the_window_itself_has_names(shared_window: Window) -> None:
    pages = shared_window.pages.values()
    own = [widget for widget in unnamed(shared_window) if not any(p.isAncestorOf(widget) for p in pages)]
    assert [describe(widget) for widget in own] == []


def repeated(names: Iterable[str]) -> list[str]:
    """Return names that occur more than once: two actions with one key or mnemonic."""
    return [name for name, count in Counter(filter(None, names)).items() if count > 1]


def unnamed(root: QWidget) -> Iterator[QWidget]:
    """Yield the controls below `root` that a screen reader could not name."""
    buddies = {label.buddy() for label in root.findChildren(QLabel) if label.buddy()}
    for widget in root.findChildren(QWidget):
        if (isinstance(widget, INTERACTIVE) or takes_focus(widget)) and not is_internal(widget, root):
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            if not (widget.accessibleName() or text.strip() or widget in buddies):
                yield widget


def takes_focus(widget: QWidget) -> bool:
    """Whether a scroll area takes the focus itself; most only lay out their content."""
    return isinstance(widget, QScrollArea) and widget.focusPolicy() != Qt.FocusPolicy.NoFocus


def holds_tab(widget: QWidget) -> bool:
    """Whether Tab moves between cells and never leaves the widget."""
    return isinstance(widget, QAbstractItemView) and widget.tabKeyNavigation()


def is_internal(widget: QWidget, root: QWidget) -> bool:
    """Whether Qt made the widget as a part of another control."""
    if isinstance(widget, QScrollBar | QHeaderView) or widget.objectName().startswith("qt_"):
        return True
    if isinstance(widget, QAbstractButton) and (widget.isHidden() or is_hidden_notice(widget.parentWidget())):
        return True  # it gets its text before it is shown
    parent = widget.parentWidget()
    while parent is not None and parent is not root:
        if isinstance(
            parent, QAbstractSpinBox | QComboBox | QLineEdit | QAbstractItemView | QMenuBar | QTabBar
        ):
            return True
        parent = parent.parentWidget()
    shows = isinstance(widget, QAbstractScrollArea)
    return shows and type(widget).__name__ in ("QComboBoxListView",)


def is_hidden_notice(widget: QWidget | None) -> bool:
    """Whether the widget is a notice without a message."""
    return isinstance(widget, Notice) and widget.isHidden()


def describe(widget: QWidget) -> str:
    """Name a control so that it can be found in the code."""
    parents, parent = [], widget.parentWidget()
    while parent is not None and len(parents) < 4:
        parents.append(type(parent).__name__)
        parent = parent.parentWidget()
    tip = f" ({widget.toolTip()})" if widget.toolTip() else ""
    return f"{type(widget).__name__} {widget.objectName()}{tip} in {' in '.join(parents)}"
