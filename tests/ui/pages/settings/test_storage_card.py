"""Settings > Storage: sizes by kind, space that one click frees, and a trash from which things come back."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot
from tidy_library import fill

from orca_desk.library.database import Library
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.deleting.trash import list_trash
from orca_desk.library.trainings import list_trainings
from orca_desk.steps.tidy.deletion import delete, plan_deletion
from orca_desk.ui.pages.settings.storage import StorageCard
from orca_desk.ui.window import Window


@pytest.fixture
def library(library: Library) -> Library:
    """A library with a deleted training, and a converted student."""
    fill(library)
    delete(library, plan_deletion(library, Kind.TRAINING, ["train-1"]))
    converted = library.folder / "cache" / "a" / "student.gguf"
    converted.parent.mkdir(parents=True)
    converted.write_bytes(bytes(2**20))
    return library


@pytest.fixture
def card(window: Window, qtbot: QtBot) -> StorageCard:
    """The card, once it has measured."""
    shown: StorageCard = window.show_page("settings").storage
    qtbot.waitUntil(lambda: shown.trash.rowCount() == 1)
    return shown


def texts(card: StorageCard) -> list[str]:
    return [one.text() for one in card.findChildren(QLabel)]


def buttons(card: StorageCard) -> dict[str, QPushButton]:
    return {one.accessibleName() or one.text(): one for one in card.findChildren(QPushButton)}


def test_one_click_frees_what_is_made_again(card: StorageCard, library: Library, qtbot: QtBot) -> None:
    assert {"Converted students", "1 MiB", "Trash"} <= set(texts(card))
    buttons(card)["Delete converted students: Free 1 MiB"].click()
    qtbot.waitUntil(lambda: card.freed.text() == "Freed 1 MiB.")
    qtbot.waitUntil(lambda: "Converted students" not in texts(card))
    assert not list(Path(library.folder / "cache").iterdir())


def test_what_was_deleted_comes_back_from_the_trash(
    card: StorageCard, library: Library, qtbot: QtBot
) -> None:
    assert card.trash.index(0, 0).data() == "training train-1"
    assert not card.restore.isEnabled()
    card.table.selectRow(0)
    card.restore.click()
    qtbot.waitUntil(lambda: card.none.isVisibleTo(card))
    assert card.freed.text() == "Restored 1 training."
    assert [one.id for one in list_trainings(library)] == ["train-1"]


def test_the_trash_is_emptied_by_a_click_and_by_itself(
    card: StorageCard, library: Library, qtbot: QtBot
) -> None:
    assert card.days.currentText() == "Empty after 30 days"
    card.table.selectRow(0)
    card.delete.click()
    qtbot.waitUntil(lambda: list_trash(library) == [])
    qtbot.waitUntil(lambda: card.trash.rowCount() == 0)
