from dataclasses import replace

from pytestqt.qtbot import QtBot

from orca_desk.parity.limits import LIMITS
from orca_desk.parity.table import FirstDifference, GateRow, GateTable
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.gate_table import COLUMNS, GateTableView
from orca_desk.ui.widgets.row_table import ROW as ROW_HEIGHT

ROW = GateRow(
    label="Q8_0",
    quantised=True,
    limits=LIMITS["8 bits"],
    prompts=32,
    tokens=2048,
    tokens_equal=2040,
    near_ties=8,
    ends=30,
    ends_expected=30,
    largest=0.2,
    typical=0.02,
    divergence=0.001,
    effect=3.0,
    strength=0.99,
)


def test_a_table_shows_each_file_and_names_what_failed(theme: Theme, qtbot: QtBot) -> None:
    view = GateTableView(theme)
    qtbot.addWidget(view)
    where = FirstDifference(where="answer", prompt=3, place=7, expected="box", got="bag")
    bad = replace(ROW, label="Q4_K_M", tokens_equal=900, near_ties=0, first_difference=where)
    view.show_table(GateTable(rows=(ROW, bad)))
    model = view.view.model()
    texts = [[model.index(row, column).data() for column in range(len(COLUMNS))] for row in range(2)]
    assert texts[0][:4] == ["Q8_0", "passed", "32 of 32", "2,040 of 2,048, 8 near-tied"]
    assert texts[1][:2] == ["Q4_K_M", "failed"]
    assert texts[0][5:] == ["30 of 32", "–", "99%"]
    assert "prompt 3, token 7 of the answer: 'box' in torch, 'bag' in llama.cpp" in view.sentence.text()
    assert view.view.accessibleName()
    assert view.sentence.text().startswith("Check failed for 1 of 2 files. Q4_K_M: llama.cpp does not")
    view.show_table(GateTable(rows=(ROW,)))
    assert view.sentence.text().startswith("Check passed")


def test_all_rows_are_seen_above_the_scroll_bar_of_a_narrow_table(theme: Theme, qtbot: QtBot) -> None:
    view = GateTableView(theme)
    qtbot.addWidget(view)
    view.resize(1400, 300)
    view.show_table(GateTable(rows=(ROW, ROW)))
    view.show()
    qtbot.waitExposed(view)
    bar = view.view.horizontalScrollBar()
    for width, scrolls in ((1400, False), (400, True), (1200, False)):
        view.resize(width, 300)
        qtbot.waitUntil(lambda scrolls=scrolls: (bar.maximum() > 0) == scrolls)
        qtbot.waitUntil(lambda: view.view.viewport().height() >= 2 * ROW_HEIGHT)
