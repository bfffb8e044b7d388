"""`make quick`: it runs every test that needs no model code, skips the others, and hides no failure."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from without_models import ASKED, FORCED

ROOT = Path(__file__).parents[1]
DEPENDS = re.compile(r"find_spec|importorskip|ImportError|ModuleNotFoundError|import_module|require_engine")
SAMPLES = """
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def shared():
    import torch


def test_plain():
    assert 1 + 1 == 2


def test_broken():
    assert 1 + 1 == 3


def test_that_imports():
    import torch


@pytest.mark.parametrize("time", [1, 2])
def test_that_shares_a_fixture(shared, time):
    pass


def test_that_starts_a_worker():
    subprocess.run([sys.executable, "-P", "-c", "import llama_cpp"], check=True)


def test_that_manages_without():
    subprocess.run([sys.executable, "-P", "-c", "import llama_cpp"])


def test_that_waits_for_a_worker(qtbot):
    subprocess.run([sys.executable, "-P", "-c", "import llama_cpp"])
    qtbot.waitUntil(lambda: False, timeout=60_000)


def test_that_waits_in_vain(qtbot):
    qtbot.waitUntil(lambda: False, timeout=100)
"""
EXPECTED = {
    "test_plain": "PASSED",
    "test_broken": "FAILED",
    "test_that_imports": "SKIPPED",
    "test_that_shares_a_fixture[1]": "SKIPPED",
    "test_that_shares_a_fixture[2]": "SKIPPED",
    "test_that_starts_a_worker": "SKIPPED",
    "test_that_manages_without": "PASSED",
    "test_that_waits_for_a_worker": "SKIPPED",
    "test_that_waits_in_vain": "FAILED",
}


def run_pytest(*arguments: str, without_models: bool = True) -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own, from the checkout."""
    env = {name: value for name, value in os.environ.items() if name not in (FORCED, ASKED, "PYTHONPATH")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env=env | {"QT_QPA_PLATFORM": "offscreen"} | ({FORCED: "1"} if without_models else {}),
        capture_output=True,
        text=True,
        timeout=250,
    )


def test_what_needs_a_missing_package_is_skipped_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["without_models"]\n')
    (tmp_path / "test_samples.py").write_text(SAMPLES)
    (tmp_path / "test_model.py").write_text("import transformers\n\n\ndef test_it(): ...\n")
    done = run_pytest("-v", "--rootdir", str(tmp_path), "-c", str(ROOT / "pyproject.toml"), str(tmp_path))
    found = dict(re.findall(r"test_samples\.py::(\S+) ([A-Z]+)", done.stdout))
    assert found == EXPECTED, done.stdout + done.stderr
    assert re.search(r"SKIPPED \[1\] \S*test_model\.py:0: needs transformers", done.stdout)
    assert "needs llama_cpp" in done.stdout and "needs torch" in done.stdout


@pytest.mark.slow
def test_the_whole_run_has_every_test_of_the_quick_one() -> None:
    """Of the files in which it could depend on what is installed: others are collected as they are."""
    pytest.importorskip("torch")
    files = [
        str(file.relative_to(ROOT))
        for file in sorted((ROOT / "tests").rglob("test_*.py"))
        if DEPENDS.search(file.read_text(encoding="utf-8"))
    ]
    quick, everything = (collected(files, without_models=without) for without in (True, False))
    assert len(quick) > 100
    assert quick <= everything


def collected(files: list[str], *, without_models: bool) -> set[str]:
    done = run_pytest("--collect-only", "-q", *files, without_models=without_models)
    return set(re.findall(r"^(tests/\S+::.*)$", done.stdout, re.MULTILINE))


def test_make_selects_no_tests_by_name() -> None:
    recipes = re.findall(r"(?:\)/pytest|\(TRY\))(.*)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert recipes == [
        " --hypothesis-profile=quick",
        " $(METHOD) -o cache_dir=.pytest_cache/method",
        " $(CHAT) -o cache_dir=.pytest_cache/chat",
        " tests/ui/pages $(addprefix --ignore ,$(CHAT)) -o cache_dir=.pytest_cache/pages",
        " tests/ui --ignore tests/ui/pages -o cache_dir=.pytest_cache/desktop",
        " $(addprefix --ignore ,$(METHOD) tests/ui)",
        " $(WHOLE) -o cache_dir=.pytest_cache/whole",
        " $(DESKTOP) -o cache_dir=.pytest_cache/desktop",
        " $(addprefix --ignore ,$(WHOLE) $(DESKTOP))",
        " -m package -s tests/package",
    ]
