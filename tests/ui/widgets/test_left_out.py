"""Families of sample tasks begin unchecked beside own ones, and stay as the user checks them."""

from pytestqt.qtbot import QtBot

from orca_desk.ui.pages.strategies.choice_button import ChoiceButton
from orca_desk.ui.widgets.family_choice import FamilyChoice


def test_held_out_families_begin_without_the_samples(qtbot: QtBot) -> None:
    choice = FamilyChoice()
    qtbot.addWidget(choice)
    choice.show_families({"belief": 40, "mine": 8}, left_out=("belief",))
    assert choice.chosen() == ("mine",)
    choice.check_all(True)
    choice.show_families({"belief": 40, "mine": 9}, left_out=("belief",))
    assert choice.chosen() == ("belief", "mine")


def test_families_to_measure_begin_without_the_samples(qtbot: QtBot) -> None:
    button = ChoiceButton("families")
    qtbot.addWidget(button)
    offered = [("belief", "belief"), ("mine", "mine")]
    button.set_choices(offered, left_out={"belief"})
    assert button.chosen_or_all() == ["mine"] and button.text() == "1 of 2 families"
    button.choose(None)
    button.set_choices([*offered, ("new", "new")], left_out={"belief"})
    assert button.chosen_or_all() is None
