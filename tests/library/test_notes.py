"""Notes on families and models follow what they are on, and come back by an undo."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from library_doubles import make_task
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.families import rename_family, undo_rename
from orca_desk.library.lookup import look_up
from orca_desk.library.moves.moving import repoint
from orca_desk.library.notes import family_notes, model_notes, note_on, set_note
from orca_desk.library.tasks import add_tasks


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library with a task in each of two families."""
    with new_library(tmp_path / "library") as opened:
        add_tasks(opened, [make_task(1, family="a"), make_task(2, family="b")])
        yield opened


def test_a_note_on_a_family_follows_its_name(library: Library) -> None:
    assert set_note(library, "family", "a", " too easy ") == ""
    renamed = rename_family(library, "a", "sums")
    assert note_on(library, "family", "sums") == "too easy"
    with pytest.raises(UserError, match="There is no family named a"):
        set_note(library, "family", "a", "another")
    undo_rename(library, renamed)
    assert family_notes(library) == {"a": "too easy"}
    assert set_note(library, "family", "a", "") == "too easy"
    assert family_notes(library) == {}


@pytest.mark.parametrize(("before", "after"), [("", "too easy"), ("from 2019", "from 2019\n\ntoo easy")])
def test_a_merge_joins_the_notes_and_its_undo_parts_them(library: Library, before: str, after: str) -> None:
    set_note(library, "family", "a", "too easy")
    set_note(library, "family", "b", before)
    as_it_was = family_notes(library)
    merged = rename_family(library, "a", "b")
    assert note_on(library, "family", "b") == after
    undo_rename(library, merged)
    assert family_notes(library) == as_it_was


def test_a_new_family_under_a_former_name_has_no_note(library: Library) -> None:
    renamed = rename_family(library, "a", "sums")
    add_tasks(library, [make_task(3, family="a")])
    rename_family(library, "a", "other")
    set_note(library, "family", "other", "of the newer one")
    undo_rename(library, renamed)
    assert family_notes(library) == {"other": "of the newer one"}


def test_a_note_on_a_model_stays_when_the_library_or_the_model_moves(
    library: Library, tmp_path: Path
) -> None:
    outside, inside = tmp_path / "base.gguf", library.folder / "models" / "own.gguf"
    set_note(library, "model", str(outside), "rude")
    set_note(library, "model", str(inside), "polite")
    repoint(library, {str(outside): "models/carried-1/base.gguf"})
    folder = library.folder
    library.close()
    folder.rename(tmp_path / "moved")
    with Library.open(tmp_path / "moved") as moved:
        assert model_notes(moved) == {
            moved.folder / "models" / "own.gguf": "polite",
            moved.folder / "models" / "carried-1" / "base.gguf": "rude",
        }
        assert note_on(moved, "model", str(moved.folder / "models" / "own.gguf")) == "polite"


def test_families_and_models_are_found_by_their_notes(library: Library) -> None:
    set_note(library, "family", "b", "A hundred sums, from Mary's exam of 2019")
    set_note(library, "model", "/models/base.gguf", "Mary's favourite")
    found = {one.kind: one for one in look_up(library, "MARY'S")}
    assert found.keys() == {"family", "model"}
    assert (found["family"].title, found["family"].detail) == (
        "b",
        "A hundred sums, from Mary's exam of 2019",
    )
    assert (found["model"].id, found["model"].title) == ("/models/base.gguf", "base.gguf")
    assert [one.title for one in look_up(library, "a") if one.kind == "family"] == [
        "a",
        "b",
    ]  # the name first
