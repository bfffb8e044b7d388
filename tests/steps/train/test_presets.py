"""Presets of training settings: saved for every library, shared as files, the default of a base."""

import json
from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import mini_student
from orca_desk.steps.train.presets import (
    DEFAULTS,
    DEMO,
    STORE,
    default_for,
    delete_preset,
    export_preset,
    get_preset,
    import_preset,
    list_presets,
    rename_preset,
    restore_preset,
    save_preset,
    set_default,
)
from orca_desk.student.settings import TrainSettings

MINE = TrainSettings(rank=8, learning_rate=1e-3, early_stop=3)


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """New settings of the user's."""
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(tmp_path / "settings"))


def own() -> list[str]:
    return [one.name for one in list_presets() if not one.is_shipped]


def test_presets_are_saved_renamed_deleted_and_brought_back(tmp_path: Path) -> None:
    assert save_preset("  my   try ", MINE) is None
    assert own() == ["my try"] and get_preset("my try") == MINE
    assert save_preset("my try", TrainSettings()) == MINE.to_dict()
    set_default(tmp_path, "my try")
    rename_preset("my try", "yours")
    assert own() == ["yours"] and default_for(tmp_path) == "yours"
    deleted = delete_preset("yours")
    assert own() == [] and default_for(tmp_path) == DEFAULTS
    restore_preset("yours", deleted)
    assert default_for(tmp_path) == "yours"


def test_a_base_begins_with_its_preset(tmp_path: Path) -> None:
    assert (default_for(mini_student()), default_for(tmp_path)) == (DEMO, DEFAULTS)
    assert set_default(mini_student(), DEFAULTS) is None
    assert default_for(mini_student()) == DEFAULTS
    set_default(mini_student(), None)
    assert default_for(mini_student()) == DEMO


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "x" * 81,
        DEFAULTS,
        f" {DEMO} ",
        "custom",
        "defaults",
        "\u200b",
        "a\x00b",
        "bytes \udcff",
        "a\u202eb",
        "\u2066x",
    ],
)
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(UserError):
        save_preset(name, MINE)


@pytest.mark.parametrize("name", ["日本語 🎉", "👩\u200d💻", "می\u200cخواهم", "../../etc", '<b>"q"</b>'])
def test_any_other_name_is_taken(name: str) -> None:
    save_preset(name, MINE)
    assert own() == [name]


def test_a_preset_is_found_however_its_name_is_spaced() -> None:
    save_preset("my  try", MINE)
    assert get_preset(" my\ttry ") == MINE


def test_a_long_name_that_is_taken_is_shortened_for_its_number(tmp_path: Path) -> None:
    save_preset("x" * 80, MINE)
    export_preset("x" * 80, tmp_path / "long.json")
    assert import_preset(tmp_path / "long.json") == "x" * 78 + " 2"
    assert import_preset(tmp_path / "long.json") == "x" * 78 + " 3"


def test_what_is_not_there_is_named_and_so_is_what_is() -> None:
    save_preset("one", MINE)
    save_preset("two", MINE)
    with pytest.raises(UserError, match="no preset 'three'"):
        get_preset("three")
    with pytest.raises(UserError, match="already"):
        rename_preset("one", "two")
    with pytest.raises(UserError, match="no preset 'three'"):
        delete_preset("three")


def test_presets_travel_as_files(tmp_path: Path) -> None:
    save_preset("mine", MINE)
    export_preset("mine", tmp_path / "mine.json")
    assert import_preset(tmp_path / "mine.json") == "mine 2"
    assert get_preset("mine 2") == MINE
    export_preset(DEMO, tmp_path / "demo.json")
    assert import_preset(tmp_path / "demo.json") == f"{DEMO} 2"


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[" * 5000, '{"kind": "other"}', "\0", '{"kind": "orca-desk training preset", "name": 3}'],
)
def test_a_file_without_a_preset_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "preset.json"
    file.write_text(content)
    with pytest.raises(UserError, match="contains no training preset"):
        import_preset(file)
    assert own() == []


def test_settings_of_another_version_are_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "preset.json"
    content = {"kind": "orca-desk training preset", "name": "x", "settings": {"magic": 1}}
    file.write_text(json.dumps(content))
    with pytest.raises(UserError, match="'magic' is not a training setting"):
        import_preset(file)
    STORE.save("x", {"magic": 1})
    assert [one.settings for one in list_presets() if one.name == "x"] == [None]
    with pytest.raises(UserError, match="cannot be used: 'magic'"):
        get_preset("x")


@pytest.mark.parametrize("number", ["Infinity", "NaN", "1e999", "9" * 4000])
def test_a_file_with_a_number_that_nothing_can_be_scaled_by_is_refused(tmp_path: Path, number: str) -> None:
    file = tmp_path / "preset.json"
    file.write_text(
        f'{{"kind": "orca-desk training preset", "name": "x", "settings": {{"alpha": {number}}}}}'
    )
    with pytest.raises(UserError, match=r"Alpha: .{1,20} is not possible"):
        import_preset(file)
    assert own() == []


@pytest.mark.parametrize(
    "content", ["{", "[" * 9000, "[]", '{"values": []}', '{"values": {}, "defaults": 3}']
)
def test_a_damaged_file_is_never_written_over(content: str) -> None:
    save_preset("mine", MINE)
    STORE.path.write_text(content)
    for call in (lambda: save_preset("other", MINE), list_presets):
        with pytest.raises(UserError, match="is damaged"):
            call()
    assert STORE.path.read_text() == content


def test_a_default_that_is_no_name_counts_as_none(tmp_path: Path) -> None:
    save_preset("mine", MINE)
    stored = {"values": {"mine": MINE.to_dict()}, "defaults": {str(tmp_path.resolve()): ["mine"]}}
    STORE.path.write_text(json.dumps(stored))
    assert default_for(tmp_path) == DEFAULTS
