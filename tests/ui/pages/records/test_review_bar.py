"""The buttons of the review lose their names before they lose their keys."""

import pytest
from PySide6.QtWidgets import QPushButton

from orca_desk.ui.pages.records.page import RecordsPage
from orca_desk.ui.window import Window

KEYS = {"Keep": "Y", "Drop": "D", "Undecided": "U", "Edit the answer": "E", "Regenerate": "R"}


@pytest.mark.parametrize("count", [12, 182, 2913])
def test_the_keys_stay_when_the_count_grows(window: Window, count: int) -> None:
    page = window.show_page("records")
    assert isinstance(page, RecordsPage)
    bar = page.bar
    texts = {}
    for width in range(1000, bar.minimumWidth(), -20):
        bar.resize(width, bar.height())
        bar.show_position(0, count, 1)
        texts = {one.accessibleName(): one.text() for one in bar.findChildren(QPushButton)}
        if not any(texts.values()):
            break  # icons alone
        assert {name: text.split()[-1] for name, text in texts.items()} == KEYS, width
    assert set(texts) == set(KEYS)


def test_at_the_usual_size_the_names_of_frequent_actions_are_there(window: Window) -> None:
    page = window.show_page("records")
    assert isinstance(page, RecordsPage)
    bar = page.bar
    bar.resize(760, bar.height())
    bar.show_position(0, 182, 1)
    texts = [one.text() for one in bar.findChildren(QPushButton)]
    assert [text for text in texts if text.startswith(("Keep", "Drop", "Edit"))]
