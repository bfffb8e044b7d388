"""Strategies of the user's own."""

import pytest

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.strategies import add_strategy, get_strategy, save_strategy, version_times
from orca_desk.method.strategies import Strategy, new_strategy, revised


def own(name: str = "my-own") -> Strategy:
    return new_strategy(
        name=name, title="My own", description="Mine.", markers=("Answer",), instruction=" Answer. "
    )


def test_a_new_strategy_is_stored_and_its_name_taken(library: Library) -> None:
    added = add_strategy(library, own())
    assert get_strategy(library, "my-own") == added and added.instruction == "Answer."
    for name in ("my-own", "direct"):
        with pytest.raises(UserError, match="already"):
            add_strategy(library, own(name))
    assert get_strategy(library, "direct").title != "My own"


def test_a_new_strategy_is_checked() -> None:
    with pytest.raises(UserError, match="My Own"):
        own("My Own")


def test_every_version_has_its_time(library: Library) -> None:
    save_strategy(library, revised(get_strategy(library, "direct"), title="At once"))
    times = version_times(library, "direct")
    assert sorted(times) == [1, 2] and times[1] <= times[2]
