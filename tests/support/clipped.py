"""Finds what a window cuts: texts without room, controls outside their parents, overlaps, sideways bars."""

from collections.abc import Iterator
from inspect import isroutine
from itertools import combinations

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenuBar,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QScrollBar,
    QSplitterHandle,
    QStackedWidget,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionFrame,
    QTabBar,
    QTableView,
    QTabWidget,
    QTextEdit,
    QToolButton,
    QWidget,
)

from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.elided_button import ElidedButton

SLACK = 1  # px; Qt rounds fractions of a pixel up and down
CHOICES = QAbstractItemView, QComboBox, QAbstractSpinBox, QLineEdit, QMenuBar, QHeaderView, QTabBar


def clipped(root: QWidget) -> list[str]:
    """Return a line for everything visible in `root` that is cut, in the order of the widgets."""
    found = []
    for widget in visible(root):
        found += [f"{describe(widget)}: {fault}" for fault in _faults(widget)]
        found += _overlaps(widget)
    return found


def visible(root: QWidget) -> Iterator[QWidget]:
    """Yield `root` and the visible widgets in it that are the app's own, not parts of a control of Qt's."""
    if not root.isVisible() or isinstance(root, QScrollBar | QSplitterHandle):
        return
    yield root
    if isinstance(root, CHOICES):
        return
    for child in root.children():
        if isinstance(child, QWidget) and not child.isWindow():
            yield from visible(child)


def describe(widget: QWidget) -> str:
    """Name a widget by its text and those around it, so that it can be found in the code."""
    readers = (getattr(widget, name, None) for name in ("text", "title"))
    text = next((str(read()) for read in readers if isroutine(read)), "")
    parents: list[str] = []
    parent = widget.parentWidget()
    while parent is not None and len(parents) < 5:
        if type(parent).__module__.startswith("orca_desk"):
            parents.append(type(parent).__name__)
        parent = parent.parentWidget()
    named = text or widget.accessibleName() or widget.objectName()
    return f"{type(widget).__name__} '{named[:50]}' in {' in '.join(parents)}"


def _faults(widget: QWidget) -> Iterator[str]:
    if outside := _outside(widget):
        yield outside
    if isinstance(widget, ElidedLabel | ElidedButton):
        return
    if isinstance(widget, QLabel):
        yield from _label(widget)
    elif isinstance(widget, QAbstractButton):
        yield from _button(widget)
    elif isinstance(widget, QComboBox):
        yield from _combo(widget)
    elif isinstance(widget, QLineEdit):
        yield from _field(widget)
    elif isinstance(widget, QTabBar):
        yield from _tabs(widget)
    elif isinstance(widget, QGroupBox):
        if widget.fontMetrics().horizontalAdvance(widget.title()) > widget.width():
            yield "its title is cut"
    elif isinstance(widget, QAbstractScrollArea):
        yield from _scrolling(widget)


def _outside(widget: QWidget) -> str:
    """Return where a widget leaves the one that holds it; what scrolls may."""
    parent = widget.parentWidget()
    if parent is None or widget.isWindow() or not widget.rect().isValid():
        return ""
    holder = parent.parentWidget()
    if isinstance(holder, QScrollArea) and holder.viewport() is parent:
        return ""
    room = parent.rect().adjusted(-SLACK, -SLACK, SLACK, SLACK)
    if room.contains(widget.geometry()):
        return ""
    return f"{_sides(widget.geometry())} leaves its parent's {_sides(parent.rect())}"


def _sides(area: QRect) -> str:
    return f"{area.x()},{area.y()} {area.width()}x{area.height()}"


def _label(widget: QLabel) -> Iterator[str]:
    needed = widget.sizeHint()
    if widget.wordWrap():
        high = widget.heightForWidth(widget.width())
        if high > widget.height() + SLACK:
            yield f"{high} px of lines in {widget.height()}"
        margins = widget.contentsMargins()
        room = widget.width() - margins.left() - margins.right() - 2 * widget.margin()
        longest = max(map(widget.fontMetrics().horizontalAdvance, _words(widget.text())), default=0)
        if longest > room + SLACK:
            yield f"a word of {longest} px in {room}"
    elif needed.width() > widget.width() + SLACK or needed.height() > widget.height() + SLACK:
        yield f"needs {needed.width()}x{needed.height()}, has {widget.width()}x{widget.height()}"


def _words(text: str) -> list[str]:
    """Return the stretches between the places at which Qt may break a line."""
    for mark in "-/\u200b":
        text = text.replace(mark, mark + " ")
    return text.split()


def _button(widget: QAbstractButton) -> Iterator[str]:
    needed = widget.sizeHint()
    shows = widget.text() if isinstance(widget, QPushButton) or _shows_text(widget) else ""
    high = widget.heightForWidth(widget.width()) if widget.hasHeightForWidth() else needed.height()
    if high > widget.height() + SLACK:
        yield f"needs a height of {high}, has {widget.height()}"
    if (shows or not widget.icon().isNull()) and needed.width() > widget.width() + SLACK:
        yield f"needs a width of {needed.width()}, has {widget.width()}"


def _shows_text(widget: QAbstractButton) -> bool:
    if isinstance(widget, QToolButton):
        return widget.toolButtonStyle() != Qt.ToolButtonStyle.ToolButtonIconOnly
    return True


def _combo(widget: QComboBox) -> Iterator[str]:
    option = QStyleOptionComboBox()
    widget.initStyleOption(option)
    room = widget.style().subControlRect(
        QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, widget
    )
    text = widget.fontMetrics().horizontalAdvance(widget.currentText())
    if text > room.width() + SLACK and not widget.toolTip():
        yield f"its choice '{widget.currentText()[:30]}' of {text} px in {room.width()}, and no tool tip"


def _field(widget: QLineEdit) -> Iterator[str]:
    option = QStyleOptionFrame()
    widget.initStyleOption(option)
    room = widget.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, widget).width() - 4
    shown = widget.displayText() or widget.placeholderText()
    text = widget.fontMetrics().horizontalAdvance(shown)
    is_a_hint = not widget.displayText() or widget.isReadOnly()
    if is_a_hint and text > room + SLACK and not widget.toolTip():
        yield f"'{shown[:40]}' of {text} px in {room}, and no tool tip"


def _tabs(widget: QTabBar) -> Iterator[str]:
    for place in range(widget.count()):
        if widget.isTabVisible(place) and widget.tabRect(place).right() > widget.width() + SLACK:
            yield f"the tab '{widget.tabText(place)}' is cut"
            return


def _scrolling(widget: QAbstractScrollArea) -> Iterator[str]:
    sideways = widget.horizontalScrollBar().maximum()
    code = isinstance(widget, QTextEdit | QPlainTextEdit) and _unwrapped(widget)
    if sideways > 0 and not code:
        yield f"scrolls sideways by {sideways} px"
    if isinstance(widget, QScrollArea) and (content := widget.widget()) is not None:
        least = content.minimumSizeHint().width()
        if content.width() > widget.viewport().width() + SLACK:
            yield f"its content is {content.width()} px wide, it shows {widget.viewport().width()}"
        elif least > content.width() + SLACK:
            yield f"its content needs {least} px, it has {content.width()}"
    if isinstance(widget, QTableView) and widget.horizontalHeader().isVisible():
        yield from _headings(widget)


def _unwrapped(widget: QTextEdit | QPlainTextEdit) -> bool:
    """Whether lines are shown as long as they are, such as those of code."""
    return widget.lineWrapMode() == type(widget).LineWrapMode.NoWrap


def _headings(widget: QTableView) -> Iterator[str]:
    header, model = widget.horizontalHeader(), widget.model()
    for column in range(header.count()) if model is not None else ():
        text = str(model.headerData(column, Qt.Orientation.Horizontal) or "")
        needed, has = header.fontMetrics().horizontalAdvance(text), header.sectionSize(column)
        tip = model.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
        if not header.isSectionHidden(column) and needed > has and not tip:
            yield f"the heading '{text}' of {needed} px in {has}"


def _overlaps(parent: QWidget) -> list[str]:
    """Return the widgets in the layout of `parent` that lie over each other."""
    if isinstance(parent, QStackedWidget | QTabWidget | QMainWindow | QAbstractScrollArea):
        return []
    layout = parent.layout()
    if layout is None:
        return []
    laid = [one for one in parent.children() if isinstance(one, QWidget) and one.isVisible()]
    laid = [one for one in laid if not one.isWindow() and layout.indexOf(one) >= 0]
    found = []
    for one, other in combinations(laid, 2):
        shared = one.geometry().intersected(other.geometry())
        if shared.width() > SLACK and shared.height() > SLACK:
            found.append(f"{describe(one)} lies over {describe(other)} by {_sides(shared)}")
    return found
