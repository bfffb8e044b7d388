"""The presets above the training settings: taken, saved, renamed, deleted, and the default of a base."""

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from orca_desk.inventory.bundled import mini_student
from orca_desk.steps.train.presets import (
    CUSTOM,
    DEFAULTS,
    DEMO,
    SHIPPED,
    STORE,
    export_preset,
    list_presets,
    rename_preset,
    save_preset,
)
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.pages.training.preset_bar import PresetBar
from orca_desk.ui.widgets.asking import LineDialog
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.settings_form import SettingsForm
from orca_desk.ui.window import Window


class Shown:
    """A bar beside its form, as on the page."""

    def __init__(self, window: Window, qtbot: QtBot) -> None:
        self.form = SettingsForm(TrainSettings)
        self.notice = Notice(window.desk)
        self.bar = PresetBar(window.desk, self.form.value, lambda: self.notice)
        self.bar.chosen.connect(self.form.set_value)
        self.form.changed.connect(self.bar.mark)
        for widget in (self.form, self.notice, self.bar):
            qtbot.addWidget(widget)
        self.bar.show()

    def pick(self, text: str) -> None:
        """Choose an entry of the menu."""
        self.bar.show_menu()
        menu = self.bar.findChildren(QMenu)[-1]
        action = next(one for one in menu.actions() if one.text().replace("&", "") == text)
        action.trigger()
        menu.close()

    def enter(self, name: str) -> None:
        """Type a name into the dialog, and accept it."""
        dialog = self.bar.findChildren(LineDialog)[-1]
        dialog.line.setText(name)
        dialog.accept()


@pytest.fixture
def shown(window: Window, qtbot: QtBot) -> Shown:
    return Shown(window, qtbot)


def names() -> list[str]:
    return [one.name for one in list_presets() if not one.is_shipped]


def test_settings_become_a_preset_which_is_taken_again(shown: Shown, window: Window, qtbot: QtBot) -> None:
    shown.form.control("epochs").setValue(7)
    assert shown.bar.name == CUSTOM
    shown.pick("Save as preset…")
    shown.enter("seven")
    qtbot.waitUntil(lambda: shown.bar.name == "seven")
    shown.form.control("epochs").setValue(1)
    assert shown.bar.name == CUSTOM
    place = shown.bar.box.findText("seven")
    shown.bar.box.setCurrentIndex(place)
    shown.bar.box.activated.emit(place)
    assert shown.form.value().epochs == 7
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: shown.bar.name == CUSTOM and shown.bar.box.findText("seven") < 0)


def test_a_preset_is_renamed_and_deleted_with_undo(shown: Shown, window: Window, qtbot: QtBot) -> None:
    save_preset("one", TrainSettings(epochs=5))
    shown.form.set_value(TrainSettings(epochs=5))
    shown.bar.reload()
    assert shown.bar.name == "one"
    shown.pick("Rename…")
    shown.enter("two")
    qtbot.waitUntil(lambda: shown.bar.name == "two" and names() == ["two"])
    shown.pick("Delete")
    qtbot.waitUntil(lambda: shown.bar.name == CUSTOM and names() == [])
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: shown.bar.name == "two" and names() == ["two"])


def test_a_base_begins_with_the_preset_that_was_chosen_for_it(
    shown: Shown, qtbot: QtBot, tmp_path: Path
) -> None:
    save_preset("mine", TrainSettings(epochs=5))
    first, second = tmp_path / "first", tmp_path / "second"
    shown.bar.reload()
    shown.bar.follow(first, has_choice=False)
    assert shown.bar.name == DEFAULTS
    shown.form.set_value(TrainSettings(epochs=5))
    shown.pick("Use it by default for first")
    qtbot.waitUntil(lambda: shown.bar._default_of(first) == "mine")
    assert shown.bar.follow(second, has_choice=True)  # what the base began with does not stay for another
    assert shown.bar.name == DEFAULTS
    assert shown.bar.follow(first, has_choice=False) and shown.form.value().epochs == 5
    shown.form.control("rank").setValue(3)
    assert not shown.bar.follow(second, has_choice=True) and shown.form.value().rank == 3


def test_a_file_adds_a_preset(shown: Shown, qtbot: QtBot, tmp_path: Path) -> None:
    save_preset("mine", TrainSettings(epochs=5))
    export_preset("mine", tmp_path / "mine.json")
    shown.bar.import_file(tmp_path / "mine.json")
    qtbot.waitUntil(lambda: shown.bar.box.findText("mine 2") >= 0 and shown.form.value().epochs == 5)
    (tmp_path / "bad.json").write_text("[]")
    shown.bar.import_file(tmp_path / "bad.json")
    qtbot.waitUntil(lambda: not shown.notice.isHidden())


def test_what_another_window_saved_is_there_once_this_one_is_in_front(shown: Shown) -> None:
    shown.form.set_value(SHIPPED["Quick look"])
    assert shown.bar.name == "Quick look"
    save_preset("theirs", TrainSettings(epochs=5))
    assert shown.bar.box.findText("theirs") < 0
    QApplication.sendEvent(shown.bar, QEvent(QEvent.Type.WindowActivate))
    assert shown.bar.box.findText("theirs") >= 0 and shown.bar.name == "Quick look"
    rename_preset("theirs", "mine")
    shown.bar.hide()
    shown.bar.show()
    assert shown.bar.box.findText("mine") >= 0


def test_a_damaged_file_leaves_the_mini_student_what_suits_it(shown: Shown) -> None:
    STORE.path.parent.mkdir(parents=True, exist_ok=True)
    STORE.path.write_text("{", "utf-8")
    shown.bar.reload()
    shown.bar.follow(mini_student(), has_choice=False)
    assert shown.bar.name == DEMO and shown.form.value() == SHIPPED[DEMO]


def test_an_unreadable_choice_leaves_the_mini_student_what_suits_it(shown: Shown) -> None:
    STORE.save("newer", {"setting of a later version": 1})
    STORE.set_default(str(mini_student().resolve()), "newer")
    shown.bar.reload()
    shown.bar.follow(mini_student(), has_choice=False)
    assert shown.bar.name == DEMO
