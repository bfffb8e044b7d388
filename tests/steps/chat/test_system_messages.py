"""System messages saved under names, for every library."""

from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.steps.chat.system_messages import (
    delete_message,
    rename_message,
    save_message,
    saved_messages,
)


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New settings of the user's."""
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(tmp_path / "settings"))


def test_a_message_is_saved_replaced_renamed_and_deleted() -> None:
    assert save_message(" terse  one ", "Be brief.") is None
    assert save_message("terse one", "Be very brief.") == "Be brief."
    rename_message("terse one", "short")
    assert saved_messages() == {"short": "Be very brief."}
    assert delete_message("short") == "Be very brief." and saved_messages() == {}


@pytest.mark.parametrize("name", ["Cautious", " empty", "CUSTOM"])
def test_no_message_is_called_as_one_of_the_list_that_has_another_text(name: str) -> None:
    save_message("mine", "Be brief.")
    with pytest.raises(UserError, match="of its own"):
        save_message(name, "Be rude.")
    with pytest.raises(UserError, match="of its own"):
        rename_message("mine", name)
    assert saved_messages() == {"mine": "Be brief."}
