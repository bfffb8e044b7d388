"""A start imports little, and a second one only raises the window of the first."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import qWarning
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.log import logging_to
from orca_desk.ui.app import main
from orca_desk.ui.single_instance import raise_running_instance
from orca_desk.ui.starting import qt_in_log
from orca_desk.ui.window import Window

# Each would make the first window wait, or bring a native crash into this process.
HEAVY = (
    "llama_cpp", "torch", "transformers", "peft", "mlx", "tokenizers", "gguf", "numpy", "pandas", "pyqtgraph",
    "sqlite_utils", "huggingface_hub", "jinja2", "rich",
)  # fmt: skip
START = """
import json, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
app = QApplication([])
QTimer.singleShot(500, app.quit)
from orca_desk.ui import app as desktop
desktop.SETTLED_MS = 60_000
desktop.main(Path(sys.argv[1]))
print(json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""

BUSY = """
import os, signal, sys, threading
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from orca_desk.ui import app as desktop
from orca_desk.ui.window import Window

def work(tools):
    told = threading.Event()
    tools.control.listen(told.set)
    os.kill(os.getpid(), signal.SIGTERM)
    told.wait(30)
    print("stopped" if tools.control.stopped else "left alone")

app = QApplication([])
def start():
    window = next(one for one in app.topLevelWidgets() if isinstance(one, Window))
    window.desk.jobs.start("x", "x", work)

QTimer.singleShot(1000, start)
sys.exit(desktop.main(Path(sys.argv[1])))
"""


def test_the_first_window_imports_nothing_heavy(tmp_path: Path) -> None:
    env = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    found = subprocess.run(
        [sys.executable, "-c", START, str(tmp_path / "library")],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert set(json.loads(found.stdout)) & set(HEAVY) == set()
    assert found.stderr == ""


def test_pyside_creates_its_types_before_threads_can(tmp_path: Path) -> None:
    code = (
        "import sys, orca_desk.ui; assert 'PySide6' not in sys.modules;"
        " import orca_desk.ui.app; from PySide6 import QtWidgets;"
        " print(isinstance(vars(QtWidgets).get('QWizardPage'), type))"
    )
    env = {name: value for name, value in os.environ.items() if name != "PYSIDE6_OPTION_LAZY"}
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60)
    assert found.stdout == "True\n", found.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
def test_the_system_may_end_the_app_in_the_middle_of_a_job(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", BUSY, str(tmp_path / "library")],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["stopped"]


def test_a_second_start_raises_the_first_window(window: Window, library: Library, qtbot: QtBot) -> None:
    window.hide()
    code = "import sys; from pathlib import Path;" \
        " from orca_desk.ui.single_instance import raise_running_instance;" \
        " from PySide6.QtCore import QCoreApplication; app = QCoreApplication([]);" \
        " sys.exit(0 if raise_running_instance(Path(sys.argv[1])) else 3)"  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", code, str(library.folder)]) as second:
        qtbot.waitUntil(lambda: second.poll() is not None, timeout=10_000)
    assert second.returncode == 0
    qtbot.waitUntil(window.isVisible)


def test_without_a_running_instance_none_is_raised(qapp: QApplication, tmp_path: Path) -> None:
    assert not raise_running_instance(tmp_path)


def test_a_folder_that_cannot_be_a_library_is_refused_and_untouched(
    qapp: QApplication, tmp_path: Path, qtbot: QtBot
) -> None:
    from PySide6.QtCore import QTimer

    from orca_desk.ui.widgets.message_box import MessageBox

    place = tmp_path / "a file"
    place.write_text("no folder")
    said: list[str] = []

    def refuse() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, MessageBox)
        said.append(box.text())
        assert box.styleSheet() and not box.picture.pixmap().isNull()
        box.reject()

    QTimer.singleShot(1500, refuse)
    assert main(place) == 1
    assert "cannot be made" in said[0]
    assert place.read_text() == "no folder"


def test_what_qt_says_goes_to_the_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with logging_to(tmp_path) as log, qt_in_log():
        qWarning("QWidget: something for developers")
    assert "QWidget: something for developers" in log.read_text(encoding="utf-8")
    assert capfd.readouterr().err == ""
