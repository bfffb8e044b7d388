"""Run the tests without model code, and skip those that turn out to need it.

`make quick` has an environment without torch and llama.cpp. No list says which tests run there: modules that
stand in for the missing packages refuse to be imported and note that something asked for them, be it a test
file, the code that a test calls, or a worker process. A file that asks during its import is skipped, and so
is a test that asks and then fails. ORCA_DESK_TESTS_WITHOUT_MODELS=1 does the same in any environment.
"""

import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

FORCED = "ORCA_DESK_TESTS_WITHOUT_MODELS"
ASKED = "ORCA_DESK_TESTS_ASKED_FOR"  # the file that the stand-ins write to; workers inherit the variable
EVERYWHERE = ("llama_cpp", "peft", "torch", "transformers")
PACKAGES = (*EVERYWHERE, "mlx", "mlx_lm")
DISTRIBUTIONS = {"llama_cpp": "llama_cpp_python"}  # where it has another name than the package
PATIENCE = 0.3  # s that a test of the desktop waits on after a worker asked for what is missing
STAND_IN = f"""import os
with open(os.environ["{ASKED}"], "a", encoding="utf-8") as file:
    print(__name__, file=file)
raise ModuleNotFoundError(f"No module named {{__name__!r}}", name=__name__)
"""
WANTED = pytest.StashKey[set[str]]()  # what a test has asked for


def pytest_configure(config: pytest.Config) -> None:
    """Stand in for the packages where they are missing, or where the environment variable says so."""
    if os.environ.get(FORCED) or not all(importlib.util.find_spec(name) for name in EVERYWHERE):
        folder = tempfile.TemporaryDirectory(prefix="orca-desk-without-models-")
        config.add_cleanup(folder.cleanup)
        stand_ins = StandIns(Path(folder.name))
        config.pluginmanager.register(stand_ins, "without-models-stand-ins")
        _give_up_in_waits(stand_ins)


class StandIns:
    """The modules in place of the missing packages, and what was asked for since the last look."""

    def __init__(self, folder: Path) -> None:
        """Write the modules into `folder` and put it on the module path, of workers too."""
        self._asked = folder / "asked"
        self._asked.touch()
        self._read = 0  # bytes
        modules = folder / "modules"
        for name in PACKAGES:
            distribution = DISTRIBUTIONS.get(name, name)  # some code looks up a version before it imports
            about = modules / f"{distribution}-0.dist-info"
            about.mkdir(parents=True)
            (about / "METADATA").write_text(f"Name: {distribution}\nVersion: 0\n", encoding="utf-8")
            (modules / f"{name}.py").write_text(STAND_IN, encoding="utf-8")
        sys.path.insert(0, str(modules))
        paths = [str(modules), os.environ.get("PYTHONPATH", "")]
        os.environ["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        os.environ[ASKED] = str(self._asked)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Skip a test file that imports what is missing."""
        self._news()
        report = yield
        if report.failed and (wanted := self._news()):
            _skip(report, wanted, collector.path)
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Skip a test that failed after something that it did asked for what is missing."""
        error = call.excinfo.value if call.excinfo else None
        wanted = item.stash.get(WANTED, set()) | self._news() | getattr(error, "wanted", set())
        item.stash[WANTED] = wanted
        if error and wanted:
            error.wanted = wanted  # a fixture that tests share asks once, and fails each of them with this
            call.excinfo = _short(error)
        report = yield
        if not report.passed and wanted:
            _skip(report, wanted, item.path)
        return report

    def give_up(self) -> None:
        """Skip the running test if it still waits `PATIENCE` after something asked for what is missing."""
        asked = self._asked.stat()
        if asked.st_size > self._read and time.time() - asked.st_mtime > PATIENCE:
            pytest.skip("waits for what needs a missing package")

    def _news(self) -> set[str]:
        """Return the missing packages that something asked for since the last call."""
        with self._asked.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        self._read += len(new)
        return set(new.decode().split())


def _short(error: BaseException) -> pytest.ExceptionInfo[BaseException]:
    """Return a skip in place of an error: pytest would parse every file of a trace that nobody sees."""
    try:
        pytest.skip(str(error))
    except pytest.skip.Exception as skipped:
        return pytest.ExceptionInfo.from_exception(skipped)


def _skip(report: pytest.CollectReport | pytest.TestReport, wanted: set[str], path: Path) -> None:
    report.outcome = "skipped"
    report.longrepr = (str(path), 0, f"Skipped: needs {', '.join(sorted(wanted))}")


def _give_up_in_waits(stand_ins: StandIns) -> None:
    """End pytest-qt's waiting for a condition early; it consists of many short waits."""
    wait = QtBot.wait

    def wait_or_give_up(self: QtBot, ms: int) -> None:
        wait(self, ms)
        stand_ins.give_up()

    QtBot.wait = wait_or_give_up  # type: ignore[method-assign]
