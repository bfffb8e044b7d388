"""A small table is copied whole, by Ctrl+C and by its menu."""

import json

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QMenu, QTableView
from pytestqt.qtbot import QtBot

from orca_desk.ui.widgets.copy_table import offer_copies


def test_a_table_is_copied_with_the_headings_that_it_shows(qtbot: QtBot) -> None:
    model = QStandardItemModel(1, 3)
    model.setHorizontalHeaderLabels(["Base\nmodel", "hidden", "Tuned"])
    model.setVerticalHeaderLabels(["=sums"])
    for column, text in enumerate(("25%\n10 to 40%", "x", "75%")):
        model.setItem(0, column, QStandardItem(text))
    view = QTableView()
    qtbot.addWidget(view)
    view.setModel(model)
    view.hideColumn(1)
    offer_copies(view)
    view.show()
    with qtbot.waitActive(view):
        view.activateWindow()
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "\tBase model\tTuned\n'=sums\t25% 10 to 40%\t75%\n"
    view.customContextMenuRequested.emit(QPoint(1, 1))
    menu = view.findChild(QMenu)
    *_, as_json = menu.actions()
    assert as_json.text() == "Copy table as JSON"
    as_json.trigger()
    menu.close()
    (copied,) = json.loads(QGuiApplication.clipboard().text())
    assert copied == {"": "=sums", "Base model": "25%\n10 to 40%", "Tuned": "75%"}
    view.verticalHeader().hide()
    view.customContextMenuRequested.emit(QPoint(1, 1))
    view.findChildren(QMenu)[-1].actions()[0].trigger()
    assert QGuiApplication.clipboard().text() == "Base model\tTuned\n25% 10 to 40%\t75%\n"
