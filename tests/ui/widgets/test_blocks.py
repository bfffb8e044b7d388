"""A table of a million rows holds numbers and a few blocks, whatever is looked at."""

import threading
from array import array
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from orca_desk.ui.widgets.blocks import BLOCK, KEPT, BlockTableModel
from orca_desk.ui.window import Window


class Numbers(BlockTableModel):
    headers = ("number", "square")

    def cell(self, item: Any, column: int, role: int) -> Any:
        return str(item ** (column + 1)) if role == Qt.ItemDataRole.DisplayRole else None


def make(window: Window, rows: int) -> tuple[Numbers, list[Sequence[int]]]:
    fetched: list[Sequence[int]] = []

    def fetch(numbers: Sequence[int]) -> list[int | None]:
        fetched.append(numbers)
        return [None if number == 13 else number for number in numbers]

    model = Numbers(window.desk.background, fetch)
    model.set_rowids(array("q", range(rows)))
    return model, fetched


def test_the_model_keeps_to_the_rules_of_qt(window: Window, qtmodeltester: ModelTester, qtbot: QtBot) -> None:
    model, _ = make(window, 3 * BLOCK)
    qtmodeltester.check(model)
    model.set_rowids(array("q", [5, 6]))
    qtmodeltester.check(model)


def test_rows_arrive_in_blocks_and_old_blocks_are_dropped(window: Window, qtbot: QtBot) -> None:
    model, fetched = make(window, 1_000_000)
    for block in range(2 * KEPT):
        row = block * 7 * BLOCK
        assert model.index(row, 0).data() is None
        qtbot.waitUntil(lambda row=row: model.index(row, 1).data() == str(row**2))
    assert len(fetched) == 2 * KEPT
    newest, oldest = (2 * KEPT - 1) * 7 * BLOCK, 0
    assert model.index(newest, 1).data() == str(newest**2) and len(fetched) == 2 * KEPT
    assert model.index(oldest, 1).data() is None, "the oldest block was dropped and is fetched again"
    qtbot.waitUntil(lambda: len(fetched) == 2 * KEPT + 1)


def test_rows_arrive_during_longer_work(window: Window, qtbot: QtBot) -> None:
    gate, desk = threading.Event(), window.desk
    for _ in range(8):
        desk.background.run(desk, lambda: gate.wait(20))
    model, _ = make(window, 20)
    model.index(0, 0).data()
    qtbot.waitUntil(lambda: model.index(1, 0).data() == "1")
    gate.set()


def test_a_deleted_row_is_empty(window: Window, qtbot: QtBot) -> None:
    model, _ = make(window, 20)
    model.index(0, 0).data()
    qtbot.waitUntil(lambda: model.index(14, 0).data() == "14")
    assert model.index(13, 0).data() is None


def test_a_late_block_of_the_previous_rows_is_dropped(window: Window, qtbot: QtBot) -> None:
    model, fetched = make(window, 10)
    model.index(0, 0).data()
    model.set_rowids(array("q", [100, 200]))
    model.index(0, 0).data()
    qtbot.waitUntil(lambda: model.index(0, 0).data() == "100")
    assert model.rowCount() == 2 and len(fetched) == 2


def test_rows_that_follow_leave_the_former_ones_on_the_screen(
    window: Window, qtmodeltester: ModelTester, qtbot: QtBot
) -> None:
    model, fetched = make(window, BLOCK + 5)
    for row in (0, BLOCK + 4):
        model.index(row, 0).data()
    qtbot.waitUntil(lambda: model.index(0, 0).data() == "0" and model.index(BLOCK + 4, 0).data() is not None)
    qtmodeltester.check(model)
    model.add_rowids(array("q", range(1_000)))
    assert model.rowCount() == 1_000 and model.index(0, 0).data() == "0" and len(fetched) == 2
    qtbot.waitUntil(lambda: model.index(BLOCK + 10, 0).data() == str(BLOCK + 10))
    model.add_rowids(array("q", [1, 2]))
    assert model.rowCount() == 2, "other rows replace them"
