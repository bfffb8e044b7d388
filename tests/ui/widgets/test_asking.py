"""A dialog that asks for a name: it stays until that is stored, and lets nothing come between."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from orca_desk.errors import UserError
from orca_desk.ui.widgets.asking import AskingDialog, LineDialog
from orca_desk.ui.widgets.message_box import MessageBox


def test_a_dialog_that_stores_a_name_cannot_be_closed_and_takes_keys_again_after_an_error(
    qtbot: QtBot,
) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    stored: list[tuple[str, AskingDialog]] = []
    dialog = LineDialog(parent, "Name", "sums", lambda text, asking: stored.append((text, asking)))
    dialog.open()
    qtbot.waitUntil(dialog.line.hasFocus)
    QTest.keyClicks(dialog.line, "fractions")
    QTest.keyPress(dialog.line, Qt.Key.Key_Return)  # while it stores it takes no key, not even the release
    assert stored == [("fractions", dialog)]
    dialog.close()
    assert dialog.isVisible(), "its text may still be refused"
    assert not dialog.findChildren(MessageBox)
    dialog.refuse(UserError("The disk is full.", "Make room."))
    qtbot.waitUntil(dialog.line.hasFocus)
    QTest.keyPress(dialog.line, Qt.Key.Key_Return)
    assert len(stored) == 2
    dialog.close_saved()
    assert not dialog.isVisible()
