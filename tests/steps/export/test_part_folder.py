"""The hidden folder of an export: what stays in it, what it removes, and how it becomes the export."""

from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.steps.export import part_folder
from orca_desk.steps.export.part_folder import PartFolder, discard, held, link_or_copy, part_of

SOURCE = {"adapter": "1"}


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_finished_files_stay_and_the_rest_goes(tmp_path: Path) -> None:
    part = PartFolder(tmp_path / "out", SOURCE)
    for name in ("a.gguf", "ollama/b.gguf", "old.gguf"):
        part.set_done(write(part.place(name)))
    scratch = write(part.place("c.gguf", scratch=True))
    write(part.path / ".a.gguf.1234.part")
    again = PartFolder(tmp_path / "out", SOURCE)
    assert not list(part.path.rglob("*.part"))
    assert again.is_done(part.place("a.gguf"))
    assert not again.is_done(scratch)
    again.keep_only({"a.gguf", "ollama"})
    left = {path.name for path in part.path.rglob("*") if path.is_file()}
    assert left == {"a.gguf", "b.gguf", part_folder.STATE}
    again.publish()
    assert {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()} == {"a.gguf", "b.gguf"}
    assert not part.path.exists()


def test_files_of_another_student_are_removed(tmp_path: Path) -> None:
    part = PartFolder(tmp_path / "out", SOURCE)
    part.set_done(write(part.place("deep/a.gguf")))
    other = PartFolder(tmp_path / "out", {"adapter": "2"})
    assert not other.is_done(part.place("deep/a.gguf"))
    assert [path.name for path in other.path.iterdir()] == [part_folder.STATE]


def test_the_hash_of_a_file_that_was_made_again_is_unknown(tmp_path: Path) -> None:
    part = PartFolder(tmp_path / "out", SOURCE)
    part.state["hashes"] = {"a.gguf": "1", "deep/b.gguf": "2", "deeper/b.gguf": "3"}
    for name in ("a.gguf", "deep"):
        part.set_done(part.place(name))
    assert part.state["hashes"] == {"deeper/b.gguf": "3"}


def test_one_export_at_a_time_grows_in_a_folder(tmp_path: Path) -> None:
    """Two libraries may export into one, and a failed one may be tried again while its error is shown."""
    out = tmp_path / "deep" / "out"
    with pytest.raises(ZeroDivisionError) as failed, held(out):
        PartFolder(out, SOURCE)
        with pytest.raises(UserError, match=r"Another export into .* is running"), held(out):
            pass
        with pytest.raises(UserError, match="is running"):
            discard(out)
        raise ZeroDivisionError
    with held(out):
        assert part_of(out).is_dir()
    assert discard(out)
    assert list(out.parent.iterdir()) == []
    assert failed.value
    with pytest.raises(UserError, match="cannot be made"), held(write(tmp_path / "file") / "out"):
        pass


def test_what_is_the_users_own_is_never_touched(tmp_path: Path) -> None:
    out = tmp_path / "out"
    theirs = write(part_of(out) / "theirs.txt")
    with pytest.raises(UserError, match="not from an export"):
        PartFolder(out, SOURCE)
    assert not discard(out)
    assert theirs.exists()
    for taken in (write(tmp_path / "file"), write(tmp_path / "full" / "x").parent):
        with pytest.raises(UserError, match="already exists"):
            PartFolder(taken, SOURCE)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="already exists"):
        PartFolder(tmp_path / "link", SOURCE)
    blocked = write(tmp_path / "blocker") / "out"
    with pytest.raises(UserError, match="cannot be made"):
        PartFolder(blocked, SOURCE)


def test_an_empty_folder_becomes_the_export_and_a_late_one_does_not(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    part = PartFolder(out, SOURCE)
    write(part.place("a.gguf"))
    theirs = write(out / "late.txt")
    with pytest.raises(UserError, match="already exists"):
        part.publish()
    theirs.unlink()
    part.publish()
    assert [path.name for path in out.iterdir()] == ["a.gguf"]


def test_a_discarded_export_leaves_nothing(tmp_path: Path) -> None:
    part = PartFolder(tmp_path / "out", SOURCE)
    write(part.place("a.gguf"))
    assert discard(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_without_links_a_file_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(tmp_path / "a.gguf", "weights")
    link_or_copy(source, tmp_path / "one" / "a.gguf")
    assert source.samefile(tmp_path / "one" / "a.gguf")

    def refuse(*_: object) -> None:
        raise OSError("no links on this disk")

    monkeypatch.setattr(part_folder.os, "link", refuse)
    link_or_copy(source, tmp_path / "two" / "a.gguf")
    assert not source.samefile(tmp_path / "two" / "a.gguf")
    assert (tmp_path / "two" / "a.gguf").read_text() == "weights"
    assert not part_folder.can_link(tmp_path)
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["a.gguf"]
