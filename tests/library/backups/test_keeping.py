"""Kept backups: what is new costs space, the rest is shared; damage, full disks and kills lose none."""

import errno
import gzip
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from library_doubles import judged, make_record, make_task
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.backups import keeping, restoring, thinning
from orca_desk.library.backups.backup import check_backup, restore
from orca_desk.library.backups.difference import difference
from orca_desk.library.backups.keeping import delete_kept, keep, pin, verify, why_kept
from orca_desk.library.backups.keeping_settings import Keeping, keeping_of, set_keeping, store_folder
from orca_desk.library.backups.kept import KeptBackup, kept_backups, read_kept, write_kept
from orca_desk.library.backups.restored_state import MARK, STAGED
from orca_desk.library.backups.restoring import stage, stage_over_damaged
from orca_desk.library.backups.thinning import DAYS, NEWEST, reasons_to_keep
from orca_desk.library.care.integrity import check, missing_files
from orca_desk.library.chats import list_chats
from orca_desk.library.database import Library
from orca_desk.library.new_records import add_records
from orca_desk.library.snapshots import freeze
from orca_desk.library.tasks import add_tasks, count_tasks
from orca_desk.library.trainings import create_training, list_trainings, set_adapter
from orca_desk.ui.words.kept_backups import loose_sentence

DAY = timedelta(days=1)
WEIGHTS = bytes(range(256)) * 4096  # 1 MiB that packs well, of which each piece is the same


@pytest.fixture
def trained(library: Library) -> Library:
    """A library with a training that has an adapter and a checkpoint."""
    add_tasks(library, [make_task(n) for n in range(300)])
    add_records(library, [judged(make_record(1), 1)])
    train(library, WEIGHTS)
    return library


def train(library: Library, weights: bytes) -> None:
    """Add a training with these weights."""
    snapshot = freeze(library, name="x").id
    made = create_training(library, base=library.folder / "base", snapshot=snapshot, settings={})
    for name, content in {
        "adapter/adapter_model.safetensors": weights,
        "run.json": weights[:2],
        "checkpoints/step-4/state": b"s",
    }.items():
        (made.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (made.folder / name).write_bytes(content)
    set_adapter(library, made.id, adapter=made.folder / "adapter", gguf=None, sha256="0")


def kept_of(library: Library) -> list[KeptBackup]:
    """Return the kept backups of a library."""
    return kept_backups(store_folder(library.folder))[0]


def test_a_further_backup_costs_what_is_new(trained: Library, tmp_path: Path) -> None:
    read: list[int] = []
    first = keep(trained, why="automatic", on_bytes=read.append)
    assert keeping.bytes_to_keep(trained) <= sum(read) == first.size
    assert first.counts["tasks"] == 300 and first.left_out == {"checkpoints": 1}
    size = keeping.bytes_of_kept(trained.folder)
    assert keep(trained, why="automatic") == first  # nothing is new
    add_tasks(trained, [make_task(1000)])
    pin(first, True)
    second = keep(trained, why="automatic")
    assert second.size - first.size < 2**20 and second.added < second.size / 2
    assert keeping.bytes_of_kept(trained.folder) < size + second.added + 2**16
    for one, tasks in ((first, 300), (second, 301)):
        assert restore(one.path, tmp_path / one.name).tasks == tasks
        with Library.open(tmp_path / one.name, create=False) as restored:
            assert check(restored, thorough=True) == [] and missing_files(restored) == []
    assert [one.name for one in kept_of(trained)] == [second.name, first.name]
    assert delete_kept(first) > 0 and verify(second.path.parent).damaged == ()


def test_the_settings_lie_beside_the_library(library: Library, tmp_path: Path) -> None:
    assert keeping_of(library.folder) == Keeping()
    elsewhere = tmp_path / "disk"
    with pytest.raises(UserError, match="There is no folder"):
        set_keeping(library.folder, Keeping(folder=str(elsewhere)))
    elsewhere.mkdir()
    set_keeping(library.folder, Keeping(folder=str(elsewhere), every="hour", checkpoints=True))
    assert keep(library, why="automatic").path.is_relative_to(elsewhere)
    elsewhere.rename(tmp_path / "unplugged")
    with pytest.raises(UserError, match="is missing") as caught:
        keep(library, why="automatic")
    assert "No backup was lost" in caught.value.hint
    elsewhere.mkdir()  # where its disk is connected, but it is not
    with pytest.raises(UserError, match="is missing"):
        keep(library, why="automatic")
    set_keeping(library.folder, keeping_of(library.folder))  # chosen again
    assert keep(library, why="automatic").path.is_relative_to(elsewhere)
    (library.folder / "backups" / "keeping.json").write_text("{")
    assert keeping_of(library.folder) == Keeping()


def test_a_full_disk_leaves_the_earlier_backups(trained: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    first = keep(trained, why="automatic")
    files = sorted(path for path in first.path.parent.rglob("*") if path.is_file())
    add_tasks(trained, [make_task(1000)])

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("orca_desk.library.backups.chunks.write_piece", full)
        with pytest.raises(UserError, match="no space left"):
            keep(trained, why="automatic")
    assert sorted(path for path in first.path.parent.rglob("*") if path.is_file()) == files
    train(trained, b"new weights")
    with monkeypatch.context() as patch:
        free = trained.path.stat().st_size + keeping.SPARE
        patch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
        keep(trained, why="automatic", parts=frozenset())
        with pytest.raises(UserError, match="earlier backups are unchanged"):
            keep(trained, why="automatic")  # an adapter needs room too
    monkeypatch.setattr(keeping, "SPARE", 2**60)
    with pytest.raises(UserError, match="earlier backups are unchanged"):
        keep(trained, why="automatic")
    assert verify(first.path.parent).damaged == ()


def test_a_backup_stops_while_the_database_is_copied(trained: Library) -> None:
    def stop(count: int) -> None:
        raise InterruptedError

    with pytest.raises((InterruptedError, UserError)):
        keep(trained, why="asked", on_bytes=stop)
    assert kept_of(trained) == [] and not any((store_folder(trained.folder) / "chunks").glob("??/*"))
    assert keep(trained, why="asked").counts["tasks"] == 300  # the connection is as it was


def test_when_a_backup_is_due(trained: Library) -> None:
    now = datetime.now(UTC)
    assert keeping.is_due(trained.folder)
    assert not keeping.is_due(trained.folder, since=now) and keeping.is_due(trained.folder, since=now - DAY)
    keep(trained, why="automatic")
    later = datetime.now(UTC) + 2 * DAY
    assert not keeping.is_due(trained.folder) and not keeping.is_due(trained.folder, later)  # nothing is new
    add_tasks(trained, [make_task(1000)])
    assert keeping.is_due(trained.folder, later) and not keeping.is_due(trained.folder)
    assert not keeping.is_due(trained.folder, later, intervals=3)  # while something else runs
    set_keeping(trained.folder, Keeping(every="off"))
    assert not keeping.is_due(trained.folder, later)


def test_a_clock_that_was_ahead_holds_off_no_backup(trained: Library) -> None:
    write_kept(keep(trained, why="automatic"), made_at=datetime.now(UTC) + 900 * DAY)
    assert keeping.is_due(trained.folder)
    keep(trained, why="asked")
    assert not keeping.is_due(trained.folder)


def test_the_newest_stay_when_all_are_old(times: list[datetime]) -> None:
    after_years = times[0] + 3000 * DAY  # without use, or by a clock that is ahead
    assert reasons_to_keep(times, after_years) == dict.fromkeys(times[:NEWEST], "newest")


def test_backups_are_verified_once_a_month(trained: Library) -> None:
    assert not keeping.verification_is_due(trained.folder)
    keep(trained, why="asked")
    now = datetime.now(UTC)
    assert not keeping.verification_is_due(trained.folder, now + timedelta(days=29))
    assert keeping.verification_is_due(trained.folder, now + timedelta(days=31))


def test_a_damaged_piece_is_found_and_stored_again(trained: Library, tmp_path: Path) -> None:
    first = keep(trained, why="asked")
    piece = first.file("trainings/train-1/adapter/adapter_model.safetensors").pieces[0]
    path = first.path.parent / "chunks" / piece[:2] / piece
    path.write_bytes(b"r" + path.read_bytes()[1:])
    with pytest.raises(UserError, match="cannot be read"):
        restore(first.path, tmp_path / "restored")
    assert not (tmp_path / "restored" / "library.db").exists()
    (found,) = verify(first.path.parent).damaged
    assert found.lost == ("trainings/train-1/adapter/adapter_model.safetensors",)
    assert read_kept(first.path) == found
    keep(trained, why="asked")  # the library still has it
    assert verify(first.path.parent).damaged == ()
    assert restore(first.path, tmp_path / "restored").files == 2


def test_a_backup_is_verified_no_later_than_what_it_shares(trained: Library) -> None:
    first = write_kept(keep(trained, why="asked"), verified_at="2020-01-01T00:00:00+00:00")
    add_tasks(trained, [make_task(1000)])
    second = keep(trained, why="asked")
    assert second.verified_at == first.verified_at and keeping.verification_is_due(trained.folder)
    verify(first.path.parent)
    assert min(one.verified_at for one in kept_of(trained)) > first.verified_at
    assert not keeping.verification_is_due(trained.folder)


def test_a_bad_place_of_the_disk_is_found_and_nothing_is_removed(
    trained: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = keep(trained, why="asked")
    piece = backup.file("library.db").pieces[0]
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == piece:
            raise OSError(errno.EIO, "Input/output error", str(path))
        return read(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        (found,) = verify(backup.path.parent).damaged
        assert found.lost == ("library.db",)
    assert verify(backup.path.parent).damaged == ()  # a loose cable, for instance


def test_a_damaged_list_is_told_and_loses_no_piece(trained: Library) -> None:
    first, text = keep(trained, why="asked"), ""
    text = first.path.read_text()
    for damaged in (
        "{",
        text.replace('"size": ', '"size": 1'),
        text.replace(first.files[0].pieces[0], "../../x"),
    ):
        first.path.write_text(damaged)
        with pytest.raises(UserError, match="cannot be read"):
            check_backup(first.path)
        keep(trained, why="asked")
        found, unreadable = kept_backups(first.path.parent)
        assert unreadable == [first.path] and found
        for one in found:
            delete_kept(one)
    first.path.write_text(text)
    assert verify(first.path.parent).damaged == ()


def test_a_damaged_library_is_not_kept_but_replaced(trained: Library) -> None:
    first = keep(trained, why="automatic")
    trained.close()
    content = bytearray(trained.path.read_bytes())
    page = content.index(b"What is 250 plus 0?") // 4096 * 4096
    content[page + 8 : page + 200] = b"\xff" * 192
    trained.path.write_bytes(content)
    with Library.open(trained.folder) as damaged:
        with pytest.raises(UserError, match="damaged"):
            keep(damaged, why="automatic")
        assert verify(first.path.parent).damaged == () and check_backup(first.path).tasks == 300
        assert not damaged.is_damaged  # nothing has met it yet
        assert stage(damaged, first.path).present is None
    with Library.open(trained.folder) as restored:
        assert count_tasks(restored) == 300 and check(restored, thorough=True) == []
    (aside,) = restoring.replaced_in(trained.folder)
    assert (aside / "library.db").read_bytes()[page + 8 : page + 200] == b"\xff" * 192


def _reopened(library: Library) -> Library:
    library.close()
    return Library.open(library.folder)


@pytest.fixture
def times() -> Iterator[list[datetime]]:
    """A backup every hour for two years and a half."""
    start = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
    yield [start - timedelta(hours=n) for n in range(24 * 900)]


def test_few_old_backups_are_kept(times: list[datetime]) -> None:
    kept = reasons_to_keep(times, times[0])
    counts = {reason: list(kept.values()).count(reason) for reason in set(kept.values())}
    assert counts["newest"] == NEWEST and counts["hour"] >= 24 - NEWEST and counts["day"] >= DAYS - 2
    assert 5 <= counts["week"] <= 8 and 20 <= counts["month"] <= 24 and len(kept) < 80
    assert times[0] - min(kept) > timedelta(days=700)


@given(st.lists(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), max_size=30))
def test_thinning_keeps_the_newest_and_what_it_kept(made: list[datetime]) -> None:
    times = [one.replace(tzinfo=UTC) for one in made]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    kept = reasons_to_keep(times, now)
    assert kept.keys() <= set(times) and reasons_to_keep(list(kept), now).keys() == kept.keys()
    assert {one for one in times if one > now} <= kept.keys()
    assert not times or kept


def test_what_the_user_wants_is_never_thinned(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thinning, "NEWEST", 1)
    asked, automatic = keep(library, why="asked"), keep(library, why="asked")
    old = datetime(2020, 1, 1, 12, tzinfo=UTC)
    write_kept(asked, made_at=old)
    write_kept(automatic, made_at=old - timedelta(minutes=5), why="automatic")
    pinned = pin(read_kept(automatic.path), True)
    keep(library, why="automatic")
    assert {one.name for one in kept_of(library)} >= {asked.name, automatic.name}
    pin(pinned, False)
    add_tasks(library, [make_task(1)])
    keep(library, why="automatic")
    names = {one.name for one in kept_of(library)}
    assert asked.name in names and automatic.name not in names
    assert why_kept(kept_of(library)) == {max(names): "newest"}


def test_the_difference_is_told_by_kind(trained: Library) -> None:
    backup = keep(trained, why="asked")
    assert difference(trained.folder, backup.path).is_none
    add_tasks(trained, [make_task(n) for n in range(1000, 1003)])
    trained.write(lambda db: db.execute("UPDATE tasks SET answer = '7' WHERE n = 1").rowcount)
    train(trained, WEIGHTS[:100])
    found = difference(trained.folder, backup.path).kinds
    assert (found["tasks"].lost, found["tasks"].back, found["tasks"].changed) == (3, 0, 1)
    assert found["trainings"].lost_names == ("train-2",) and "records" not in found


def test_a_backup_of_an_older_version_is_compared_by_all_kinds(trained: Library, tmp_path: Path) -> None:
    path, content = (
        tmp_path / "old.db",
        (Path(__file__).parents[1] / "older" / "version-1.db.gz").read_bytes(),
    )
    path.write_bytes(gzip.decompress(content))
    found = difference(trained.folder, path)
    assert (found.kinds["tasks"].lost, found.kinds["tasks"].back) == (300, found.backup.tasks)
    assert path.read_bytes() == gzip.decompress(content)


def test_a_library_that_can_only_be_read_is_compared(
    trained: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, places = keep(trained, why="asked"), list[Path | None]()
    monkeypatch.setattr("os.access", lambda path, mode: False)
    made = tempfile.TemporaryDirectory

    def temporary(*, prefix: str, dir: Path | None) -> tempfile.TemporaryDirectory[str]:
        places.append(dir)
        return made(prefix=prefix, dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryDirectory", temporary)
    assert difference(trained.folder, backup.path).is_none and places == [None]


def test_a_renamed_family_differs(trained: Library) -> None:
    backup = keep(trained, why="asked")
    trained.write(lambda db: db.execute("UPDATE families SET name = 'renamed'").rowcount)
    assert difference(trained.folder, backup.path).kinds["tasks"].changed == 300


def test_a_library_that_cannot_be_compared_is_told(trained: Library, tmp_path: Path) -> None:
    backup = keep(trained, why="asked")
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "library.db").touch()
    assert difference(folder, backup.path).is_unknown
    older = (Path(__file__).parents[1] / "older" / "version-1.db.gz").read_bytes()
    (folder / "library.db").write_bytes(gzip.decompress(older))
    with pytest.raises(UserError, match="older Orca Desk"):
        difference(folder, backup.path)


def test_a_restore_in_place_is_undone_by_the_backup_before_it(trained: Library) -> None:
    backup = keep(trained, why="asked")
    add_tasks(trained, [make_task(1000)])
    train(trained, b"others")
    first = trained.folder / "trainings" / "train-1" / "adapter" / "adapter_model.safetensors"
    first.write_bytes(b"overwritten")
    staged = stage(trained, backup.path)
    assert staged.present is not None and staged.present.counts["tasks"] == 301
    assert count_tasks(trained) == 301 and first.read_bytes() == b"overwritten"  # nothing has changed yet
    with _reopened(trained) as restored:
        assert count_tasks(restored) == 300 and check(restored, thorough=True) == []
        assert first.read_bytes() == WEIGHTS and missing_files(restored) == []
        assert not (restored.folder / "trainings" / "train-2").exists()
        assert not (restored.folder / STAGED).exists() and list_chats(restored) == []
        stage(restored, staged.present.path)
        with _reopened(restored) as again:
            assert count_tasks(again) == 301 and first.read_bytes() == b"overwritten"
            second = again.folder / "trainings" / "train-2"
            assert (second / "adapter" / "adapter_model.safetensors").read_bytes() == b"others"
            assert (second / "checkpoints" / "step-4" / "state").read_bytes() == b"s"
            assert (second / "run.json").read_bytes() == b"ot"


def test_a_restore_keeps_folders_that_no_training_has(trained: Library) -> None:
    backup = keep(trained, why="asked")
    trainings = trained.folder / "trainings"
    for name in ("train-2", "mine"):
        (trainings / name).mkdir()
        (trainings / name / "adapter").write_bytes(b"only here")
    found = difference(trained.folder, backup.path)
    assert found.loose == ("train-2",) and "train-2" in loose_sentence(found.loose)
    assert stage(trained, backup.path).loose == ("train-2",)
    with _reopened(trained) as restored:
        assert (trainings / "mine" / "adapter").read_bytes() == b"only here"  # no training gets that name
        assert not (trainings / "train-2").exists()
        (aside,) = (restored.folder / "backups").glob("loose-*")
        assert (aside / "train-2" / "adapter").read_bytes() == b"only here"


def test_a_backup_that_cannot_be_read_makes_none_of_the_present(trained: Library) -> None:
    backup = keep(trained, why="asked")
    adapter = next(one for one in backup.files if one.name.endswith(".safetensors"))
    store = backup.path.parent
    (store / "chunks" / adapter.pieces[0][:2] / adapter.pieces[0]).write_bytes(b"")
    with pytest.raises(UserError, match="is damaged"):
        stage(trained, backup.path)
    assert [one.name for one in kept_of(trained)] == [backup.name]
    assert not (trained.folder / STAGED).exists()


@pytest.mark.parametrize("times", [1, 9])
def test_a_training_that_ends_meanwhile_is_whole_in_the_backup(
    trained: Library, tmp_path: Path, times: int
) -> None:
    left = times

    def end_one(count: int) -> None:
        nonlocal left
        if left and count:
            left -= 1
            train(trained, b"new")

    made = keep(trained, why="asked", on_bytes=end_one)
    restore(made.path, tmp_path / "restored")
    with Library.open(tmp_path / "restored") as restored:
        assert missing_files(restored) == [] and len(list_trainings(restored)) > times % 9


def test_a_restore_that_is_not_whole_changes_nothing(
    trained: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = keep(trained, why="asked")
    add_tasks(trained, [make_task(1000)])

    def stop(count: int) -> None:
        raise InterruptedError

    with pytest.raises((InterruptedError, UserError)):
        stage(trained, backup.path, on_bytes=stop)
    assert not (trained.folder / STAGED).exists()
    stage(trained, backup.path)
    (trained.folder / STAGED / MARK).unlink()  # as after a kill before the last step
    with _reopened(trained) as opened:
        assert count_tasks(opened) == 301 and not (opened.folder / STAGED).exists()


KILLED = """
import os, sys
from pathlib import Path
from orca_desk.library.backups import restored_state
from orca_desk.library.database import Library
left = int(sys.argv[2])
def count(name):
    before = getattr(Path, name)
    def call(self, *given, **named):
        global left
        if "library" in str(self) and not str(self).endswith(("lock", "owner", "part")):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), 9)
        return before(self, *given, **named)
    setattr(Path, name, call)
for name in ("unlink", "replace", "mkdir"):
    count(name)
Library.open(Path(sys.argv[1])).close()
"""


def test_a_kill_while_a_restore_is_put_into_place_ends_in_the_new_state(trained: Library) -> None:
    backup = keep(trained, why="asked")
    add_tasks(trained, [make_task(1000)])
    first = trained.folder / "trainings" / "train-1" / "adapter" / "adapter_model.safetensors"
    first.write_bytes(b"overwritten")
    stage(trained, backup.path)
    trained.close()
    kills = 0
    for steps in range(1, 12, 2):
        done = subprocess.run([sys.executable, "-c", KILLED, str(trained.folder), str(steps)])
        kills += done.returncode == -signal.SIGKILL
        if done.returncode == 0:
            break
    assert kills > 1
    with Library.open(trained.folder, create=False) as restored:
        assert count_tasks(restored) == 300 and check(restored, thorough=True) == []
        assert first.read_bytes() == WEIGHTS


def test_a_library_that_cannot_be_opened_is_replaced_and_kept_aside(trained: Library) -> None:
    backup = keep(trained, why="asked")
    trained.close()
    content = bytearray(trained.path.read_bytes())
    content[:8192] = bytes(8192)
    trained.path.write_bytes(content)
    with pytest.raises(UserError):
        Library.open(trained.folder)
    stage_over_damaged(trained.folder, backup.path)
    with Library.open(trained.folder, create=False) as restored:
        assert count_tasks(restored) == 300
    (aside,) = restoring.replaced_in(trained.folder)
    assert (aside / "library.db").read_bytes() == bytes(content)


def test_a_backup_of_elsewhere_cannot_write_outside(trained: Library, tmp_path: Path) -> None:
    backup = keep(trained, why="asked")
    for name in ("../out", "/out", "trainings/../../out", "elsewhere"):
        write_kept(backup, files=(*backup.files, replace(backup.files[0], name=name)))
        with pytest.raises(UserError, match="is not a backup"):
            restore(backup.path, tmp_path / "restored")
    assert not (tmp_path / "out").exists()


def test_no_folder_in_the_library_is_chosen(library: Library, tmp_path: Path) -> None:
    inside, link = library.folder / "trainings", tmp_path / "link"
    inside.mkdir(exist_ok=True)
    link.symlink_to(inside)
    for folder in (library.folder, inside, link):
        with pytest.raises(UserError, match="in the library's folder"):
            set_keeping(library.folder, Keeping(folder=str(folder)))


@pytest.mark.parametrize("name", ["a:b*c?. ", "漢" * 80, "\udcff", "...", "o dd 'q#%20\n"])
def test_any_name_of_a_library_makes_a_folder(tmp_path: Path, name: str) -> None:
    place = tmp_path / "pl\udcff"
    try:
        place.mkdir()
    except (OSError, UnicodeError):
        pytest.skip("this file system takes no such name")
    keeping = Keeping(folder=str(place))
    library = tmp_path / "library"
    set_keeping(library, keeping)
    assert keeping_of(library) == keeping
    store = store_folder(tmp_path / name, keeping)
    store.mkdir()
    assert re.fullmatch(r"[\w ._-]+-[0-9a-f]{8}", store.name) and store.name[0] not in " ."


def test_two_libraries_keep_theirs_apart_in_one_folder(library: Library, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    with new_library(tmp_path / "other" / "library") as other:
        for one in (library, other):
            set_keeping(one.folder, Keeping(folder=str(place)))
            keep(one, why="asked")
        assert len(list(place.iterdir())) == 2 and len(kept_of(library)) == len(kept_of(other)) == 1
