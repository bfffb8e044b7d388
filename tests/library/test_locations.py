"""The space that a library takes."""

from pathlib import Path

from orca_desk.about import licences, versions
from orca_desk.library.locations import space_used


def test_database_and_the_rest_are_counted_apart(tmp_path: Path) -> None:
    (tmp_path / "library.db").write_bytes(bytes(10))
    (tmp_path / "library.db-wal").write_bytes(bytes(5))
    (tmp_path / "trainings" / "train-1").mkdir(parents=True)
    (tmp_path / "trainings" / "train-1" / "library.db").write_bytes(bytes(100))
    used = space_used(tmp_path)
    assert (used.database, used.others, used.total) == (15, 100, 115)
    assert used.free > 0


def test_every_licence_of_what_is_bundled_is_there() -> None:
    assert all("ermission" in path.read_text(encoding="utf-8") for path in licences().values())


def test_versions_are_told_without_importing_anything_heavy() -> None:
    known = versions()
    assert {"Orca Desk", "Python", "Qt for Python", "PyTorch", "llama-cpp-python"} <= set(known)
