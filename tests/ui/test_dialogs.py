"""Every dialog and overlay, on one window: it fits a small screen, can be read, walked through and closed."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from clipped import clipped, describe
from desktop_waits import SLOW_MS, settled_page, wait_for_background
from every_dialog import DIALOGS, dialogs_of_the_app, open_dialog, shown_dialog
from painted import faint_text
from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from screen_reader import not_reached, unreadable
from shiboken6 import isValid

from orca_desk.ui.find import FindOverlay
from orca_desk.ui.pages.models.template_dialog import TemplateDialog
from orca_desk.ui.pages.strategies.judge_dialog import JudgeDialog
from orca_desk.ui.pages.tasks.bulk_edit_dialog import BulkEditDialog
from orca_desk.ui.pages.training.freeze_dialog import FreezeDialog
from orca_desk.ui.register import NAMES
from orca_desk.ui.theme import Choice
from orca_desk.ui.tour import Tour
from orca_desk.ui.widgets import on_screen
from orca_desk.ui.widgets.edit_dialog import EditDialog
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.widgets.overlay import Overlay
from orca_desk.ui.window import Window

SMALL = QRect(0, 0, 410, 256)  # 1024 x 640 at 250%
TYPED: dict[type[EditDialog], Callable[[Any], object]] = {
    BulkEditDialog: lambda dialog: dialog.add_tags.setText("hard"),
    TemplateDialog: lambda dialog: dialog.editor.appendPlainText("Think."),
    JudgeDialog: lambda dialog: dialog.prompt.appendPlainText("Think."),
    FreezeDialog: lambda dialog: (dialog.kind.setCurrentText("Custom"), dialog.text.setPlainText("Think.")),
}
SCROLLING = "QScrollArea", "QTabBar", "RowTable", "QTableView"
OVERLAYS: dict[str, Callable[[Window], object]] = {
    "palette": Window.show_palette,
    "shortcuts": Window.show_shortcuts,
    "tour": Window.show_tour,
    "find": lambda window: FindOverlay(window, window.desk, "Where is ball").open(),
}


@pytest.fixture(params=DIALOGS, ids=lambda kind: kind.__name__)
def dialog(
    request: pytest.FixtureRequest, shared_window: Window, qtbot: QtBot, tmp_path: Path
) -> Iterator[QDialog]:
    """A dialog that has just opened on its page."""
    kind: type[QDialog] = request.param
    settled_page(shared_window, DIALOGS[kind][0], qtbot)
    open_dialog(shared_window, kind, tmp_path)
    qtbot.waitUntil(lambda: shown_dialog(shared_window, kind) is not None, timeout=SLOW_MS)
    shown = shown_dialog(shared_window, kind)
    assert shown is not None
    wait_for_background(shared_window.desk, qtbot)
    yield shown
    for left in shared_window.findChildren(QDialog):  # without model code, also a report of what is missing
        if isValid(left) and left.isVisible():
            left.close()


def test_a_dialog_can_be_read_and_used_by_keys_and_fits_the_smallest_screen(
    dialog: QDialog, shared_window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with qtbot.waitActive(dialog):
        dialog.activateWindow()
    assert clipped(dialog) == []
    assert list(unreadable(QAccessible.queryAccessibleInterface(dialog))) == []
    assert dialog.windowTitle()
    missed, trapped = not_reached(dialog)
    assert trapped == ""
    assert [describe(widget) for widget in missed] == []
    assert list(faint_in_both_themes(dialog, shared_window)) == []
    assert list(faults_of_buttons(dialog)) == []
    monkeypatch.setattr(on_screen, "room_on", lambda screen: SMALL)
    on_screen.keep_on_screen(dialog)
    qtbot.waitUntil(lambda: SMALL.contains(dialog.geometry()))
    QApplication.processEvents()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)  # what a change of theme replaced
    with suppress(qtbot.TimeoutError):  # a scroll bar that appears takes width from the lines
        qtbot.waitUntil(lambda: not cut(dialog))
    assert cut(dialog) == []
    for button in foot_of(dialog):
        assert button.visibleRegion().boundingRect() == button.rect(), describe(button)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not isValid(dialog) or not dialog.isVisible())


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_can_be_read_and_used_by_keys_and_fits_the_smallest_window(
    name: str, shared_window: Window, qtbot: QtBot
) -> None:
    settled_page(shared_window, "tasks", qtbot)
    with qtbot.waitActive(shared_window):
        shared_window.activateWindow()
    OVERLAYS[name](shared_window)
    (overlay,) = (one for one in shared_window.findChildren(Overlay) if one.isVisible())
    wait_for_background(shared_window.desk, qtbot)
    assert list(faint_in_both_themes(overlay, shared_window)) == []
    assert list(unreadable(QAccessible.queryAccessibleInterface(overlay))) == []
    for size in ((1280, 800), (SMALL.width(), SMALL.height())):
        shared_window.resize(*size)
        for _ in range(len(overlay.steps) if isinstance(overlay, Tour) else 1):
            QApplication.processEvents()
            assert overlay.rect().contains(overlay.card.geometry())
            assert cut(overlay) == []
            assert not_reached(overlay) == ([], "")
            if isinstance(overlay, Tour):
                overlay.show_step((overlay.step + 1) % len(overlay.steps))
    QTest.keyClick(overlay.first_focus(), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not isValid(overlay) or not overlay.isVisible())
    shared_window.resize(1280, 800)


@pytest.mark.parametrize("kind", TYPED, ids=lambda kind: kind.__name__)
def test_what_was_typed_is_not_lost_by_escape(
    kind: type[EditDialog], shared_window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    settled_page(shared_window, DIALOGS[kind][0], qtbot)
    open_dialog(shared_window, kind, tmp_path)
    qtbot.waitUntil(lambda: shown_dialog(shared_window, kind) is not None, timeout=SLOW_MS)
    dialog = shown_dialog(shared_window, kind)
    assert isinstance(dialog, kind)
    wait_for_background(shared_window.desk, qtbot)
    TYPED[kind](dialog)
    for answer in ("Keep editing", "Discard"):
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        box = dialog.findChild(MessageBox)
        assert box is not None and box.isVisible() and dialog.isVisible()
        next(one for one in box.buttons() if one.text() == answer).click()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        assert (isValid(dialog) and dialog.isVisible()) == (answer == "Keep editing")


def test_every_dialog_is_tried(shared_window: Window) -> None:
    for name in NAMES:
        shared_window.make_page(name)
    assert dialogs_of_the_app() == set(DIALOGS)


def cut(widget: QWidget) -> list[str]:
    """Return what is cut, without what scrolls."""
    return [line for line in clipped(widget) if not line.startswith(SCROLLING)]


def faint_in_both_themes(dialog: QWidget, window: Window) -> Iterator[str]:
    """Yield what stands out too little, light and dark."""
    choices: tuple[Choice, ...] = ("dark", "light")
    for choice in choices:
        window.desk.theme.choose(choice)
        QApplication.processEvents()
        yield from (f"{choice}: {line}" for line in faint_text(dialog))


def faults_of_buttons(dialog: QDialog) -> Iterator[str]:
    """Yield what is wrong with what Enter presses, with the icons of buttons, and with keys in labels."""
    shown = [one for one in dialog.findChildren(QPushButton) if one.isVisible() and one.isEnabled()]
    primary = [one for one in shown if one.property("kind") == "primary"]
    default = [one for one in shown if one.isDefault()]
    if len(primary) > 1:
        yield f"several buttons are the next thing to do: {[one.text() for one in primary]}"
    if len(default) > 1:
        yield f"Enter presses one of several: {[one.text() for one in default]}"
    for box in dialog.findChildren(QDialogButtonBox):
        if box.standardButtons() != QDialogButtonBox.StandardButton.NoButton:
            yield "a button of the system's, with its icon and in its language"
    for words in dialog.findChildren(QLabel):
        if words.isVisible() and "&" in words.text().replace("&&", "") and words.buddy() is None:
            is_mnemonic = words.textFormat() != Qt.TextFormat.PlainText
            if is_mnemonic:
                yield f"the key of {words.text()!r} leads nowhere"


def foot_of(dialog: QDialog) -> list[QPushButton]:
    """Return the buttons with which a dialog is accepted or left."""
    boxes = dialog.findChildren(QDialogButtonBox)
    return [one for box in boxes for one in box.findChildren(QPushButton) if one.isVisible()]
