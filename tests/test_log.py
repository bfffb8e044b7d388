"""Python's own warnings are for developers: they go to the log and not to a user's terminal."""

import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from orca_desk.log import WARNINGS, keep_warnings_in_logs, logging_to

WARN = """
import sys, warnings
from orca_desk import __main__, cli
def main():
    warnings.warn("flock not supported on this filesystem")
    print("ran")
cli.main = main
sys.argv = ["orca-desk", "library", "info"]
__main__.main()
"""


def said_by(**variables: str) -> str:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    found = subprocess.run(
        [sys.executable, "-c", WARN], env=env | variables, capture_output=True, text=True, timeout=60
    )
    assert found.stdout == "ran\n"
    return found.stderr


def test_a_warning_does_not_reach_the_terminal() -> None:
    assert said_by() == ""


def test_a_developer_who_asks_for_warnings_sees_them() -> None:
    assert "UserWarning: flock" in said_by(PYTHONWARNINGS="default")


@pytest.fixture
def captured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Warnings as they are in a command, for the time of a test."""
    monkeypatch.setattr(sys, "warnoptions", [])
    logger = logging.getLogger(WARNINGS)
    before = list(logger.handlers)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        keep_warnings_in_logs()
        yield
        logging.captureWarnings(False)
    logger.handlers[:] = before


def test_the_log_of_the_library_has_it(captured: None, tmp_path: Path) -> None:
    with logging_to(tmp_path) as log:
        warnings.warn("flock not supported", UserWarning, stacklevel=1)
    warnings.warn("said after the log was closed", UserWarning, stacklevel=1)
    text = log.read_text(encoding="utf-8")
    assert "UserWarning: flock not supported" in text and "after" not in text
