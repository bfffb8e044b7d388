"""The header whose titles wrap."""

from PySide6.QtWidgets import QTableWidget
from pytestqt.qtbot import QtBot

from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.wrapped_header import LEAST, MOST, WrappedHeader


def test_a_header_grows_as_its_columns_become_narrower(qtbot: QtBot) -> None:
    table = QTableWidget(1, 3)
    qtbot.addWidget(table)
    header = WrappedHeader()
    table.setHorizontalHeader(header)
    table.setHorizontalHeaderLabels(["Paired", "Recall, reason, generate", "Step by step"])
    table.show()
    table.resize(900, 200)
    qtbot.waitUntil(lambda: header.height() == LEAST)
    table.resize(30 * GRID, 200)
    qtbot.waitUntil(lambda: LEAST < header.height() <= MOST)
    qtbot.waitUntil(lambda: table.viewport().y() >= header.height())
    grown = header.height()
    table.setHorizontalHeaderLabels(["Paired", "Words " * 60, "Step by step"])
    qtbot.waitUntil(lambda: grown < header.height() <= MOST)
    table.resize(900, 200)
    table.setHorizontalHeaderLabels(["Paired", "Direct", "Step by step"])
    qtbot.waitUntil(lambda: header.height() == LEAST)
