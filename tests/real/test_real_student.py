"""A published model, from the one GGUF file that holds it to a tuned student, by the commands."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from orca_desk.inventory.bundled import mini_teacher, real_student
from orca_desk.library.database import Library
from orca_desk.library.tasks import TaskFilter, delete_tasks, iterate_tasks

REAL = real_student()
FAMILY, TRAINED, HELD_OUT = "swaps", 24, 3
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        REAL is None, reason="the real student is not installed: python3 -m orca_desk.install test"
    ),
]


class Commands:
    """Runs `orca-desk` commands in one library."""

    def __init__(self, library: Path) -> None:
        self.library = library
        self._environment = os.environ | {"ORCA_DESK_LIBRARY": str(library)}

    def __call__(self, *arguments: object) -> Any:
        """Return what a command prints as JSON."""
        process = self.start(*arguments)
        printed, said = process.communicate(timeout=600)
        assert process.returncode == 0, f"{arguments}: {said[-3000:]}"
        return json.loads(printed)

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [sys.executable, "-m", "orca_desk", *map(str, arguments), "--json"],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def count(self, sql: str) -> int:
        """Count rows of the library, which a command may be writing."""
        with closing(sqlite3.connect(f"{(self.library / 'library.db').as_uri()}?mode=ro", uri=True)) as db:
            return int(db.execute(sql).fetchone()[0])


def make_library(folder: Path) -> None:
    """Make a library of a few sample tasks of one family."""
    kept: Counter[str] = Counter()
    with Library.open(folder, samples=True) as library:
        excess = []
        for task in iterate_tasks(library, TaskFilter()):
            kept[task.split] += task.family == FAMILY
            limit = TRAINED if task.split == "train" else HELD_OUT
            if task.family != FAMILY or kept[task.split] > limit:
                excess.append(task.id)
        delete_tasks(library, excess)


def wait_for_files(
    folder: Path, pattern: str, process: subprocess.Popen[str], *, seconds: float = 300
) -> None:
    """Return once `folder` has such files, made while the process goes on."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        assert process.poll() is None, process.communicate()
        if any(folder.glob(pattern)):
            return
        pause.wait(0.05)
    pytest.fail(f"there is still no {pattern}")


def test_a_published_model_is_trained_killed_resumed_and_served(tmp_path: Path) -> None:
    orca = Commands(tmp_path / "library")
    make_library(orca.library)
    taught = orca("generate", "--teacher", mini_teacher(), "--strategy", "step-by-step")
    assert taught["asked"] == TRAINED
    orca("records", "freeze", "few", "--with-unpaired")

    training = ("train", "--student", REAL, "--snapshot", "few", "--batch-tokens", 512, "--epochs", 1)
    settings = ("--learning-rate", 0.003, "--checkpoint-every", 2, "--max-length", 512)
    first = orca.start(*training, *settings)
    wait_for_files(orca.library, "trainings/*/checkpoints/step-*", first)
    first.kill()
    first.communicate(timeout=60)
    trained = orca(*training, *settings)
    assert trained["finished"]
    assert trained["parity"]["passed"], trained["parity"]
    assert orca.count("SELECT count(*) FROM runs WHERE kind = 'train'") == 1

    question = "Anna has a book, Ben has a pen, Carl has a key. Ben and Carl swap. What does Ben have?"
    asked = ("--model", trained["base_gguf"], "--message", question, "--max-tokens", 40)
    base = orca("chat", *asked)["response"]
    tuned = orca("chat", *asked, "--adapter", trained["adapter_gguf"])["response"]
    assert base != tuned
    assert tuned.startswith("Step 1:")


def test_the_models_command_knows_it() -> None:
    listed = Commands(Path("unused"))("models", "list")["models"]
    (found,) = (one for one in listed if one["path"] == str(REAL))
    assert (found["licence"], found["quantisation"]) == ("apache-2.0", "Q4_1")
