"""A library that cannot be opened is mended from the first dialog, by clicks."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from library_doubles import make_task
from new_library import new_library
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QProgressDialog

from orca_desk.library.backups.keeping import keep
from orca_desk.library.backups.keeping_settings import Keeping, set_keeping
from orca_desk.library.backups.restoring import replaced_in
from orca_desk.library.database import DamagedError, Library
from orca_desk.library.tasks import add_tasks, count_tasks
from orca_desk.ui import app
from orca_desk.ui.app import open_or_ask
from orca_desk.ui.start_trouble import StartTrouble, _hint, _named
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.message_box import MessageBox


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """The folder of a library with a backup of three tasks, four tasks, and without the head of its file."""
    with new_library(tmp_path / "library") as library:
        add_tasks(library, [make_task(n) for n in range(3)])
        keep(library, why="asked")
        add_tasks(library, [make_task(3)])
    content = bytearray(library.path.read_bytes())
    content[:100] = bytes(100)
    library.path.write_bytes(content)
    return library.folder


@contextmanager
def clicking(*texts: str, offered: list[str] | None = None) -> Iterator[list[str]]:
    """Click buttons with these texts in the dialogs that come one after the other; yield what they said.

    `offered` gets the texts of the buttons beside those that are clicked, and of these.
    """
    said: list[str] = []
    waiting = list(texts)

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if waiting and isinstance(dialog, MessageBox):
            buttons, choice = dialog.buttons(), dialog.findChild(QComboBox)
            for one in buttons:
                if one.text() == waiting[0]:
                    said.append(dialog.text() if choice is None else choice.currentText())
                    waiting.pop(0)
                    if offered is not None:
                        offered.extend(other.text() for other in buttons)
                    one.click()
                    return

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(10)
    yield said
    timer.stop()
    assert not waiting


def test_a_backup_is_restored(damaged: Path, theme: Theme) -> None:
    with clicking("Restore a backup…", "Restore") as said:
        library = open_or_ask(damaged, theme)
    assert library is not None
    with library:
        assert count_tasks(library) == 3 and len(replaced_in(damaged)) == 1
    assert "damaged or is not a database" in said[0] and said[1].endswith(": 3 tasks")


def test_what_can_be_read_is_recovered_beside_it(damaged: Path, theme: Theme) -> None:
    before = (damaged / "library.db").read_bytes()
    damaged.with_name("library-recovered").mkdir()
    with clicking("Recover what can be read…", "Open it") as said:
        library = open_or_ask(damaged, theme)
    assert library is not None
    with library:
        assert library.folder.name == "library-recovered-2" and count_tasks(library) == 4
    assert said[1].startswith("Recovered into") and (damaged / "library.db").read_bytes() == before


@pytest.mark.parametrize("is_there", [True, False])
def test_a_file_that_is_empty_or_gone_is_restored(damaged: Path, theme: Theme, is_there: bool) -> None:
    (damaged / "library.db").write_bytes(b"")
    if not is_there:
        (damaged / "library.db").unlink()
    offered: list[str] = []
    with clicking("Restore a backup…", "Restore", offered=offered) as said:
        library = open_or_ask(damaged, theme)
    assert library is not None
    with library:
        assert count_tasks(library) == 3
    assert (
        f"is {'empty' if is_there else 'missing'}" in said[0] and "Recover what can be read…" not in offered
    )


def test_backups_on_a_disk_that_is_not_there_are_told(damaged: Path, theme: Theme, tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    set_keeping(damaged, Keeping(folder=str(place)))
    place.rename(tmp_path / "unplugged")
    offered: list[str] = []
    box = StartTrouble(damaged, DamagedError("Damaged."), theme)
    assert [one.counts["tasks"] for one in box._backups()] == [3]  # of before the choice
    with clicking("Close", offered=offered) as said:
        assert box.ask() is None
    assert [*_named(box._backups() * 2)][1].endswith(": 3 tasks (older)")
    assert said == ["Damaged."] and "Restore a backup…" in offered
    assert f"{place}, is missing: connect its disk" in _hint([], box._missing())


def test_one_of_another_program_is_not_mended(tmp_path: Path, theme: Theme) -> None:
    with closing(sqlite3.connect(tmp_path / "library.db")) as db:
        db.execute("CREATE TABLE others (n)")
    offered: list[str] = []
    with clicking("Close", offered=offered) as said:
        assert open_or_ask(tmp_path, theme) is None
    assert "is not an Orca Desk library" in said[0]
    assert sorted(offered) == ["Close", "Select another folder…"]


def test_one_that_is_open_elsewhere_is_only_closed(tmp_path: Path, theme: Theme) -> None:
    offered: list[str] = []
    with new_library(tmp_path / "library") as library, clicking("Close", offered=offered) as said:
        assert open_or_ask(library.folder, theme) is None
    assert "is in use by" in said[0] and sorted(offered) == ["Close", "Select another folder…"]


def test_an_opening_that_takes_long_says_so(
    tmp_path: Path, theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_library(tmp_path / "library").close()
    seen, opened = threading.Event(), Library.open
    is_hidden: list[bool] = []  # by Esc, which cannot stop it

    def shown() -> list[QProgressDialog]:
        dialogs = [one for one in QApplication.topLevelWidgets() if isinstance(one, QProgressDialog)]
        return [one for one in dialogs if one.isVisible()]

    def look() -> None:
        for dialog in shown():
            if is_hidden:
                seen.set()
            else:
                is_hidden.append(True)
                QTest.keyClick(dialog, Qt.Key.Key_Escape)

    def open_slowly(folder: Path) -> Library:
        assert seen.wait(10), "no dialog, or none after Esc"
        return opened(folder)

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(10)
    monkeypatch.setattr(app, "SECONDS_TO_OPEN", 0.0)
    monkeypatch.setattr(Library, "open", open_slowly)
    library = open_or_ask(tmp_path / "library", theme)
    assert library is not None
    library.close()
    assert not shown()
    opened(library.folder).close()  # another thread took its lock


AGAIN = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from orca_desk.ui import app as desktop
from orca_desk.ui.starting import RESTART
app, codes, real = QApplication([]), [RESTART, 7], desktop.show
def show(library, *given):
    print(library.folder.name)
    QTimer.singleShot(300, lambda: app.exit(codes.pop(0)))
    return real(library, *given)
desktop.show, desktop.SETTLED_MS = show, 60_000
sys.exit(desktop.main(Path(sys.argv[1])))
"""


def test_after_a_restore_the_window_opens_again(tmp_path: Path) -> None:
    with Library.open(tmp_path / "library"):
        pass
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, str(tmp_path / "library")],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "ORCA_DESK_SETTINGS": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout.split(), done.stderr) == (7, ["library", "library"], "")


def test_a_library_that_no_window_can_show_is_mended_too(
    tmp_path: Path, theme: Theme, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_library(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "library.db", isolation_level=None)) as db:
        db.execute("DROP TABLE settings")
    monkeypatch.setattr(app, "application", lambda: qapp)
    monkeypatch.setattr(app, "Theme", lambda _: theme)
    for name in ("StrayClicks", "DialogsOnScreen", "follow_system"):  # these would stay for other tests
        monkeypatch.setattr(app, name, lambda *_: None)
    offered: list[str] = []
    with clicking("Close", offered=offered) as said:
        assert app.main(tmp_path) == 1
    assert "lacks the table settings" in said[0]
    assert "Recover what can be read…" in offered
