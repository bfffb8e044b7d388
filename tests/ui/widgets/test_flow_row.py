"""A row of controls continues on the next line."""

from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.text import button


def flow(*widgets: QWidget) -> QWidget:
    """Return a widget whose content is a `FlowRow`."""
    made = QWidget()
    made.setLayout(FlowRow(*widgets))
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    made.setSizePolicy(policy)
    return made


def test_what_does_not_fit_begins_another_row(qtbot: QtBot) -> None:
    made = [button(text) for text in ("Import a file", "Export", "Delete all of them")]
    row, page = flow(*made), QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    column.addWidget(row)
    column.addStretch(1)
    page.resize(800, 300)
    page.show()
    assert len({one.y() for one in made}) == 1
    page.resize(max(one.sizeHint().width() for one in made) + 40, 300)
    qtbot.waitUntil(lambda: len({one.y() for one in made}) == 3)
    assert all(row.rect().contains(one.geometry()) for one in made)
    assert all(one.width() >= one.sizeHint().width() for one in made)


def test_hidden_controls_leave_no_gap(qtbot: QtBot) -> None:
    made = [button(text) for text in ("One", "Two", "Three")]
    row = flow(*made)
    qtbot.addWidget(row)
    row.show()
    made[1].hide()
    layout = row.layout()
    assert isinstance(layout, FlowRow) and layout.count() == 3
    shown = made[0].sizeHint().width() + layout.spacing() + made[2].sizeHint().width()
    assert layout.sizeHint().width() == shown
    assert layout.takeAt(0) is not None and layout.itemAt(5) is None and layout.takeAt(9) is None


def test_what_is_wide_enough_leaves_the_room_to_others(qtbot: QtBot) -> None:
    """A row ends at the right edge although its first control may not grow."""
    search, free, last = button("Search"), button("Words"), button("Save")
    for one in (search, free):
        one.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    search.setMaximumWidth(200)
    row = flow()
    layout = row.layout()
    assert isinstance(layout, FlowRow)
    layout.addWidget(search, 2)
    layout.addWidget(free, 1)
    layout.addWidget(last)
    qtbot.addWidget(row)
    row.resize(900, 40)
    row.show()
    assert search.geometry().left() == 0 and search.width() == 200
    assert last.geometry().right() == 899 and free.width() > 400
