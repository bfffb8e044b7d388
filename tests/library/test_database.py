"""Opening: locks, damage, other versions, full and read-only disks."""

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from library_doubles import all_settings, make_task
from new_library import new_library

from orca_desk.errors import UserError
from orca_desk.library.care.integrity import check
from orca_desk.library.database import DamagedError, Library
from orca_desk.library.migrations import migrate, statements, version_of
from orca_desk.library.runs import create_run, end_run, find_unfinished, get_run
from orca_desk.library.schema import MIGRATIONS, tables_of
from orca_desk.library.settings import change_setting, get_setting, set_setting
from orca_desk.library.tasks import TaskFilter, add_tasks, count_tasks, families, iterate_tasks

HOLD = """
import sys
from pathlib import Path
from orca_desk.library.database import Library
with Library.open(Path(sys.argv[1]), samples=False):
    print("open", flush=True)
    sys.stdin.read()
"""


def hold(folder: Path) -> "subprocess.Popen[str]":
    """Start a process that has the library open until it is killed or its stdin ends."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout and child.stdout.readline() == "open\n"
    return child


def test_opening_a_library_and_a_setting_do_not_wait_for_sqlite_utils(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from orca_desk.library.database import Library\n"
        "from orca_desk.library.settings import set_setting\n"
        "with Library.open(Path(sys.argv[1])) as library:\n"
        "    set_setting(library, 'theme', 'dark')\n"
        "sys.exit('sqlite_utils' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)]).returncode == 0


def test_a_new_library_has_the_bundled_strategies_and_tasks(tmp_path: Path) -> None:
    with Library.open(tmp_path, samples=True) as library:
        names = {row["name"] for row in library.rows("SELECT name FROM strategies")}
        assert {"direct", "step-by-step", "guess-and-check"} <= names
        files = sorted((Path(__file__).parents[2] / "resources" / "tasks").glob("*.jsonl"))
        lines = {line for file in files for line in file.read_text(encoding="utf-8").splitlines()}
        assert count_tasks(library) == len(lines)
        assert check(library, thorough=True) == []


def test_pragmas(library: Library) -> None:
    def pragma(name: str) -> object:
        return library.write(lambda db: db.execute(f"PRAGMA {name}").fetchone()[0])

    assert (pragma("journal_mode"), pragma("synchronous"), pragma("foreign_keys")) == ("wal", 2, 1)
    with library.read() as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM settings")


def test_a_missing_library_is_created_only_if_wanted(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no library"):
        Library.open(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def test_a_second_process_learns_who_has_it_open(tmp_path: Path) -> None:
    child = hold(tmp_path)
    try:
        with pytest.raises(UserError, match=f"process {child.pid}"):
            Library.open(tmp_path)
    finally:
        child.communicate()
    Library.open(tmp_path).close()


def test_the_lock_of_a_killed_process_is_released(tmp_path: Path) -> None:
    child = hold(tmp_path)
    child.kill()
    child.communicate()
    assert (tmp_path / "library.owner").exists()
    with Library.open(tmp_path) as library:
        assert check(library) == []


def test_the_same_process_cannot_open_it_twice(library: Library) -> None:
    with pytest.raises(UserError, match=f"process {os.getpid()}"):
        Library.open(library.folder)


def test_odd_folder_names(tmp_path: Path) -> None:
    folder = tmp_path / "a b#c?d%20é"
    with Library.open(folder, samples=False) as library:
        add_tasks(library, [make_task(1)])
    with Library.open(folder, create=False) as library:
        assert count_tasks(library) == 1


def test_a_failed_write_leaves_nothing(library: Library) -> None:
    def work(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO settings VALUES ('a', '1')")
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        library.write(work)
    assert all_settings(library) == {}
    set_setting(library, "a", 2)
    assert get_setting(library, "a") == 2


def test_a_write_inside_a_write_is_a_bug_not_a_deadlock(library: Library) -> None:
    with pytest.raises(RuntimeError, match="inside a write"):
        library.write(lambda _: set_setting(library, "a", 1))


def test_settings_return_what_they_replace(library: Library) -> None:
    assert set_setting(library, "a", {"x": [1, "é"]}) is None
    assert set_setting(library, "a", None) == {"x": [1, "é"]}
    assert get_setting(library, "b", 7) == 7
    assert all_settings(library) == {"a": None}


def test_many_threads_read_and_write(library: Library) -> None:
    failures: list[BaseException] = []

    def work(part: int) -> None:
        try:
            for number in range(20):
                add_tasks(library, [make_task(part * 100 + number)])
                assert count_tasks(library) > number
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert count_tasks(library) == 80


def test_use_after_closing_is_a_bug(library: Library) -> None:
    library.close()
    library.close()
    with pytest.raises(RuntimeError, match="closed"):
        library.rows("SELECT 1")
    with pytest.raises(RuntimeError, match="closed"):
        set_setting(library, "a", 1)


def test_runs_of_a_dead_process_are_interrupted(tmp_path: Path) -> None:
    with Library.open(tmp_path, samples=False) as library:
        running = create_run(library, "generate", {"k": 1})
        done = end_run(library, create_run(library, "generate", {"k": 2}).id, "done", "")
    with Library.open(tmp_path) as library:
        assert [get_run(library, run.id).status for run in (running, done)] == ["interrupted", "done"]
        again = find_unfinished(library, "generate", {"k": 1})
        assert again and again.id == running.id == "generate-1"


def test_garbage_is_named(tmp_path: Path) -> None:
    (tmp_path / "library.db").write_bytes(b"this is no database " * 500)
    with pytest.raises(UserError, match=r"library\.db is damaged or is not a database"):
        Library.open(tmp_path)
    assert (tmp_path / "library.db").read_bytes().startswith(b"this is no database")


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "library.db")) as db:
        db.execute("CREATE TABLE theirs (x)")
    before = (tmp_path / "library.db").read_bytes()
    with pytest.raises(UserError, match="not an Orca Desk library"):
        Library.open(tmp_path)
    assert (tmp_path / "library.db").read_bytes() == before


def test_damage_inside_is_found(tmp_path: Path) -> None:
    with Library.open(tmp_path, samples=False) as library:
        add_tasks(library, [make_task(number) for number in range(500)])
    path = tmp_path / "library.db"
    content = bytearray(path.read_bytes())
    place = content.index(b"What is 250 plus 0?")
    page = place // 4096 * 4096
    content[page + 8 : page + 200] = b"\xff" * 192  # where SQLite keeps the places of a page's rows
    path.write_bytes(content)
    with Library.open(tmp_path) as library:
        assert any("damaged" in problem for problem in check(library))


def test_a_newer_library_is_read_only_and_left_alone(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        add_tasks(library, [make_task(1)])
    path = tmp_path / "library.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        db.execute("PRAGMA journal_mode = DELETE")
    before = path.read_bytes()
    with Library.open(tmp_path) as library:
        assert library.problem and "newer Orca Desk" in library.problem.message and not library.is_damaged
        assert "only be read" in library.problem.message and count_tasks(library) == 1
        with pytest.raises(UserError, match="newer Orca Desk"):
            add_tasks(library, [make_task(2)])
    with closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE chats RENAME TO talks")
        assert version_of(db) == len(MIGRATIONS) + 1
    with Library.open(tmp_path) as library, pytest.raises(UserError, match="stores this differently"):
        library.rows("SELECT * FROM chats")
    with closing(sqlite3.connect(path)) as db:
        db.execute("ALTER TABLE talks RENAME TO chats")
        db.execute("ALTER TABLE tasks RENAME COLUMN query TO asked")
    with pytest.raises(UserError, match="newer Orca Desk"):
        Library.open(tmp_path)
    assert len(before) <= path.stat().st_size


def test_a_library_that_was_cut_off_is_read_only(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        add_tasks(library, [make_task(number) for number in range(500)])
    path = tmp_path / "library.db"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 9 // 10])
    cut = path.read_bytes()
    with Library.open(tmp_path) as library:
        assert library.is_damaged and library.problem
        assert "cut off" in library.problem.message and " tasks, " in library.problem.message
        assert "library repair" in library.problem.hint
        assert library.row("SELECT id FROM tasks ORDER BY n LIMIT 1") is not None
        with pytest.raises(UserError, match="cut off"):
            add_tasks(library, [make_task(501)])
    assert path.read_bytes() == cut


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "library.db").mkdir()
    with pytest.raises(UserError, match=r"library\.db is a folder, where the library's file should be"):
        Library.open(tmp_path)
    (tmp_path / "library.db").rmdir()
    (tmp_path / "library.db").symlink_to(tmp_path / "unplugged" / "library.db")
    with pytest.raises(UserError, match="a link to a file that is not there"):
        Library.open(tmp_path)


def test_the_first_bytes_of_a_library_are_no_new_one(tmp_path: Path) -> None:
    (tmp_path / "library.db").write_bytes(b"SQLite")
    with pytest.raises(DamagedError, match=r"library\.db is cut off, though this folder had a library"):
        Library.open(tmp_path)
    assert (tmp_path / "library.db").read_bytes() == b"SQLite"


def test_what_was_written_last_is_not_lost_with_the_file_that_it_belongs_to(tmp_path: Path) -> None:
    wal = tmp_path / "library.db-wal"
    wal.write_bytes(b"what was written last")
    with pytest.raises(DamagedError, match=r"library\.db is missing, though this folder had a library"):
        Library.open(tmp_path)
    assert wal.read_bytes() == b"what was written last"


@pytest.mark.parametrize("lost", ["runs", "tag_counts", "records_text"])
def test_a_library_without_one_of_its_tables_is_read_only(tmp_path: Path, lost: str) -> None:
    with new_library(tmp_path) as library:
        add_tasks(library, [make_task(1)])
        tables = {row["name"] for row in library.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        assert tables_of(MIGRATIONS) == {
            name for name in tables if not name.startswith("sqlite_") and "_text_" not in name
        }
    with closing(sqlite3.connect(tmp_path / "library.db", isolation_level=None)) as db:
        db.execute(f"DROP TABLE {lost}")
    with Library.open(tmp_path) as library:
        assert library.is_damaged and library.problem
        assert f"lacks the table {lost}" in library.problem.message and "1 tasks" in library.problem.message
        assert count_tasks(library, TaskFilter(text="plus")) == 1
        with pytest.raises(UserError, match="This cannot be read"):
            library.rows(f"SELECT * FROM {lost}")
        with pytest.raises(UserError, match="lacks the table"):
            add_tasks(library, [make_task(2)])


def test_a_library_without_tasks_is_not_opened(tmp_path: Path) -> None:
    new_library(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "library.db", isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 0")
    with Library.open(tmp_path) as library:
        assert library.is_damaged and "no longer says which version" in str(library.problem)
    with closing(sqlite3.connect(tmp_path / "library.db", isolation_level=None)) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.execute("ALTER TABLE runs RENAME COLUMN status TO state")
    with Library.open(tmp_path) as library:
        assert library.is_damaged and "not have the tables of its version" in str(library.problem)
    with closing(sqlite3.connect(tmp_path / "library.db", isolation_level=None)) as db:
        db.execute("DROP TABLE tasks")
    with pytest.raises(DamagedError, match=r"lacks the table tasks.*Nothing in it can be read"):
        Library.open(tmp_path)


def test_damage_that_a_write_meets_ends_all_writing(tmp_path: Path) -> None:
    with new_library(tmp_path) as library:
        add_tasks(library, [make_task(number) for number in range(500)])
    path = tmp_path / "library.db"
    content = bytearray(path.read_bytes())
    page = content.index(b"What is 250 plus 0?") // 4096 * 4096
    content[page : page + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    with Library.open(tmp_path) as library:
        assert library.problem is None, "a start does not read the whole file"
        with pytest.raises(UserError, match="only be read: at least"):
            library.write(lambda db: db.execute("UPDATE tasks SET context = 'new'") and None)
        assert library.is_damaged
        with pytest.raises(UserError, match="only be read"):
            set_setting(library, "a", 1)
        assert library.row("SELECT count(*) FROM settings") is not None


NEXT = (*MIGRATIONS, "CREATE TABLE extra (x TEXT) STRICT;\nINSERT INTO extra VALUES ('a;b');")
BROKEN = (*MIGRATIONS, "CREATE TABLE extra (x TEXT) STRICT;\nINSERT INTO nowhere VALUES (1);")


def test_a_migration_is_backed_up_first(tmp_path: Path) -> None:
    with Library.open(tmp_path, samples=False) as library:
        add_tasks(library, [make_task(1)])
    path = tmp_path / "library.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        backup = migrate(db, path, scripts=NEXT)
        assert db.execute("SELECT x FROM extra").fetchall() == [("a;b",)]
        assert version_of(db) == len(NEXT)
        assert migrate(db, path, scripts=NEXT) is None
    assert backup and backup.parent == tmp_path / "backups"
    with closing(sqlite3.connect(backup)) as db:
        assert version_of(db) == len(MIGRATIONS)
        assert db.execute("SELECT count(*) FROM tasks").fetchone() == (1,)


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    Library.open(tmp_path, samples=False).close()
    path = tmp_path / "library.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        with pytest.raises(sqlite3.OperationalError, match="nowhere"):
            migrate(db, path, scripts=BROKEN)
        assert version_of(db) == len(MIGRATIONS)
        assert db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'extra'").fetchone() is None
    with Library.open(tmp_path) as library:
        assert check(library) == []


def test_scripts_are_cut_into_whole_statements() -> None:
    script = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  SELECT 1;\n  SELECT 2;\nEND;\nSELECT ';';\nSELECT 3"
    assert len(list(statements(script))) == 3


def test_a_full_database_says_so_and_keeps_what_it_has(library: Library) -> None:
    add_tasks(library, [make_task(number) for number in range(100)])
    library.write(
        lambda db: db.execute(
            f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0] + 2}"
        ).fetchone()
    )
    with pytest.raises(UserError, match="no space left"):
        add_tasks(library, [make_task(number) for number in range(100, 5000)])
    assert count_tasks(library) == 100
    assert check(library, thorough=True) == []
    library.write(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchone())
    assert len(add_tasks(library, [make_task(number) for number in range(5000)]).added) == 4900


ON_FULL_DISK = """
import resource, sys
from pathlib import Path
from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.settings import set_setting
from orca_desk.library.tasks import count_tasks
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
with Library.open(Path(sys.argv[1])) as library:
    try:
        for number in range(100000):
            set_setting(library, f"key {number}", "x" * 1000)
    except UserError as error:
        print("told:", error)
    print("problem:", library.problem is not None)
    print("tasks:", count_tasks(library))
"""


@pytest.mark.skipif(os.name != "posix", reason="the limit stands for a full disk")
@pytest.mark.parametrize(("room", "can_write"), [(1_000, False), (400_000, True)])
def test_where_files_cannot_grow_it_opens_and_reads(tmp_path: Path, room: int, can_write: bool) -> None:
    with Library.open(tmp_path, samples=False) as library:
        add_tasks(library, [make_task(number) for number in range(30)])
    done = subprocess.run(
        [sys.executable, "-c", ON_FULL_DISK, str(tmp_path), str(room)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    told, problem, tasks = done.stdout.splitlines()
    assert told.startswith("told:")
    assert "Traceback" not in done.stderr
    assert problem == f"problem: {not can_write}"
    assert tasks == "tasks: 30"
    with Library.open(tmp_path) as library:
        assert library.problem is None
        assert check(library, thorough=True) == []
        settings = all_settings(library)
        assert (len(settings) > 0) == can_write
        assert set(settings.values()) <= {"x" * 1000}


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="the superuser writes anywhere")
def test_a_read_only_folder_can_be_read(tmp_path: Path) -> None:
    with Library.open(tmp_path, samples=False) as library:
        add_tasks(library, [make_task(1)])
    for path in tmp_path.iterdir():
        path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        with Library.open(tmp_path) as library:
            assert library.problem
            assert count_tasks(library) == 1
            with pytest.raises(UserError, match="read"):
                set_setting(library, "a", 1)
    finally:
        tmp_path.chmod(0o755)


WRITE_ON = """
import sys
from pathlib import Path
from orca_desk.library.database import Library
from orca_desk.library.tasks import add_tasks
from orca_desk.method.records import Task
with Library.open(Path(sys.argv[1]), samples=False) as library:
    for number in range(int(sys.argv[2]), 10**9):
        tasks = [Task(family=f"batch {number}", query=f"{number} {part}") for part in range(7)]
        add_tasks(library, tasks)
        print(number, flush=True)
"""


@pytest.mark.slow
def test_what_was_acknowledged_survives_kill_9_at_any_time(tmp_path: Path) -> None:
    acknowledged = -1
    for attempt in range(8):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITE_ON, str(tmp_path), str(1000 * attempt)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout
        for _ in range(1 + attempt * 7 % 23):
            acknowledged = int(child.stdout.readline())
        child.kill()
        later = child.stdout.read().split("\n")[:-1]  # acknowledged between the last line read and the kill
        acknowledged = int(later[-1]) if later else acknowledged
        child.wait()
        child.stdout.close()
        with Library.open(tmp_path) as library:
            counts = {count.family: count.tasks for count in families(library)}
            assert set(counts.values()) == {7}, "a transaction was torn"
            assert {f"batch {number}" for number in range(1000 * attempt, acknowledged + 1)} <= counts.keys()
            last = list(iterate_tasks(library, TaskFilter(family=f"batch {acknowledged}")))
            assert [task.query for task in last] == [f"{acknowledged} {part}" for part in range(7)]
            assert check(library, thorough=True) == []


def test_a_first_start_that_is_killed_leaves_no_half_library(tmp_path: Path) -> None:
    """What is made at first, schema and content, is one transaction; an empty file is as good as none."""
    (tmp_path / "library.db").touch()
    with Library.open(tmp_path, samples=False) as library:
        assert check(library) == []


def test_closing_waits_for_what_others_read(tmp_path: Path) -> None:
    library = Library.open(tmp_path, samples=False)
    reading, go_on, closed = threading.Event(), threading.Event(), threading.Event()
    found: list[int] = []

    def read() -> None:
        with library.read() as db:
            reading.set()
            go_on.wait(30)
            found.append(db.execute("SELECT count(*) FROM strategies").fetchone()[0])
            assert not closed.is_set()

    def close() -> None:
        library.close()
        closed.set()

    reader, closer = threading.Thread(target=read), threading.Thread(target=close)
    reader.start()
    assert reading.wait(30)
    closer.start()
    while not library._closed:  # from now on it waits for the reader
        pass
    with pytest.raises(RuntimeError, match="closed"):
        library.rows("SELECT 1")
    go_on.set()
    reader.join(30)
    closer.join(30)
    assert found and found[0] > 0 and closed.is_set()


def test_two_changes_of_a_setting_at_once_are_both_kept(library: Library) -> None:
    def add(number: int) -> None:
        change_setting(library, "list", lambda stored: [*(stored or []), number])

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(get_setting(library, "list")) == list(range(8))
