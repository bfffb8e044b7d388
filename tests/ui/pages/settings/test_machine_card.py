"""The card of this machine: a table, what is lacking with its command, and the choice for all jobs."""

from collections.abc import Callable
from pathlib import Path

import pytest
from machine_doubles import RTX, Programs
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from orca_desk.inventory import machine
from orca_desk.machine.choice import store_choice, stored_cache, stored_device
from orca_desk.machine.native import Native
from orca_desk.ui.pages.settings.machine import MachineCard
from orca_desk.ui.pages.settings.page import SettingsPage
from orca_desk.ui.window import Window

ShowCard = Callable[[], MachineCard]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    """A machine with a card that no program can use yet."""
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(tmp_path / "settings"))
    monkeypatch.delenv("ORCA_DESK_DEVICE", raising=False)
    found = Programs()
    monkeypatch.setattr(machine, "native_devices", lambda: Native(devices=(RTX,), driver="NVIDIA 580.65"))
    monkeypatch.setattr(machine, "run_worker", found.run)
    return found


@pytest.fixture
def show_card(window: Window, qtbot: QtBot, programs: Programs) -> ShowCard:
    """Show the page; return its card once the report is on it."""

    def show() -> MachineCard:
        page = window.show_page("settings")
        assert isinstance(page, SettingsPage)
        page.machine.refresh()
        qtbot.waitUntil(lambda: page.machine.known is not None and page.machine.device.count() > 0)
        return page.machine

    return show


def shown(card: MachineCard) -> str:
    return "\n".join(one.text() for one in card.findChildren(QLabel) if not one.isHidden())


def copy_buttons(card: MachineCard) -> list[QPushButton]:
    found = card.findChildren(QPushButton)
    return [one for one in found if one.text() == "Copy command" and one.isVisible()]


def choose(box: QComboBox, data: str) -> None:
    """Choose an entry as a user does: the signal that programs do not cause tells the two apart."""
    box.setCurrentIndex(box.findData(data))
    box.activated.emit(box.currentIndex())


def test_it_shows_what_is_there_before_anything_was_asked(show_card: ShowCard, qtbot: QtBot) -> None:
    card = show_card()
    qtbot.waitUntil(lambda: "NVIDIA GeForce RTX 3060 (cuda:0)" in shown(card))
    qtbot.waitUntil(lambda: "not asked yet" in shown(card))
    assert (card.look.text(), card.measure.text()) == ("Look now", "Measure now")


def test_looking_asks_the_programs_and_says_what_is_lacking(
    show_card: ShowCard, programs: Programs, qtbot: QtBot
) -> None:
    card = show_card()
    qtbot.mouseClick(card.look, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "built for CPU only" in shown(card))
    qtbot.waitUntil(lambda: "100 GFLOPS in float32" in shown(card))
    assert programs.asked == ["llama", "torch", "speed"]
    qtbot.waitUntil(lambda: card.measure.isEnabled())
    qtbot.waitUntil(lambda: bool(copy_buttons(card)))
    copy = copy_buttons(card)[0]
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text().startswith("python -m orca_desk.install --accelerator cuda")


def test_the_choice_is_stored_for_all_jobs(show_card: ShowCard, qtbot: QtBot) -> None:
    card = show_card()
    choose(card.device, "cpu")
    qtbot.waitUntil(lambda: stored_device() == "cpu")
    qtbot.waitUntil(
        lambda: card.meaning.text() == "Models run on the processor, whatever other devices there are."
    )
    choose(card.cache, "q8_0")
    qtbot.waitUntil(lambda: stored_cache() == "q8_0")
    assert stored_device() == "cpu", "the other choice stays"


def test_a_chosen_device_that_is_gone_stays_chosen_and_is_said(show_card: ShowCard, qtbot: QtBot) -> None:
    store_choice(device="cuda:1")
    card = show_card()
    qtbot.waitUntil(lambda: card.device.currentText() == "cuda:1")
    assert "not asked" in card.meaning.text(), "no program has said what it has"
    machine.describe_machine()
    card.refresh()
    qtbot.waitUntil(lambda: card.device.currentText() == "cuda:1 (not available)")
    qtbot.waitUntil(lambda: "is not available" in card.meaning.text())


def test_a_variable_that_comes_first_is_said(
    show_card: ShowCard, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCA_DESK_DEVICE", "cpu")
    card = show_card()
    qtbot.waitUntil(lambda: card.meaning.text().startswith("$ORCA_DESK_DEVICE overrides this choice"))
    assert card.device.currentText() == "Automatic"


def test_the_choice_is_as_wide_as_the_names_of_the_cards(
    show_card: ShowCard, programs: Programs, qtbot: QtBot
) -> None:
    programs.listed["torch"] = [RTX]
    machine.describe_machine()
    store_choice(device="cuda:0")
    card = show_card()
    qtbot.waitUntil(lambda: card.device.currentText() == "NVIDIA GeForce RTX 3060 (cuda:0)")
    words = card.device.fontMetrics().horizontalAdvance(card.device.currentText())
    qtbot.waitUntil(lambda: card.device.width() > words)
