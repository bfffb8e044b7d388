"""`kill -9` of worker and host at random points: nothing acknowledged is lost, and the same command resumes.

One library is killed at again and again, each time further on, until the job is done; what it holds then
must equal what an undisturbed run makes.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from doubles import QUICK, SHORT, open_small, small_snapshot, small_tasks
from gate_here import run_here
from killable_host import compete
from processes import ends

from orca_desk.inventory.bundled import mini_teacher
from orca_desk.library.database import Library
from orca_desk.library.records import iterate_records
from orca_desk.library.runs import list_runs
from orca_desk.library.trainings import list_trainings, training_events
from orca_desk.parity import gate
from orca_desk.processes.asking import Runner
from orca_desk.steps.experiment.results import results
from orca_desk.steps.instruct.generate import generate
from orca_desk.steps.train.training import train

NEVER = 0
HOST = [sys.executable, str(Path(__file__).parents[1] / "support" / "killable_host.py")]
pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's"),
]


def kill_after(lines: int, victim: str, kind: str, folder: Path, model: Path) -> tuple[list[str], int]:
    """Start a host, kill it or its worker after so many `lines` of its job; return those, and its status."""
    host = subprocess.Popen([*HOST, kind, str(folder), str(model)], stdout=subprocess.PIPE, text=True)
    with host:
        said = []
        for line in host.stdout:
            if line.startswith("comparing"):  # a file, before the job: its worker may not be there yet
                continue
            said.append(line)
            if len(said) == lines:
                kill(host.pid, victim)
    return said, host.returncode


def kill(host: int, victim: str) -> None:
    """Kill a host or its workers, without warning."""
    workers = psutil.Process(host).children()
    for process in workers if victim == "worker" else [psutil.Process(host)]:
        process.send_signal(signal.SIGKILL)
    if victim == "host":
        assert all(ends(worker.pid) for worker in workers), "a worker outlived its host"


def committed(said: list[str]) -> int:
    """Return how many answers there were, earlier hosts' included, when this host was last heard."""
    return max((int(line.rsplit(" ", 1)[1]) for line in said if line.startswith("asking")), default=0)


def records(folder: Path) -> dict[str, str]:
    """Read the responses in a library by their records' ids, past the lock, as after a power cut."""
    path = folder / "library.db"
    if not path.exists():
        return {}
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = db.execute("SELECT id, response FROM records").fetchall()
    db.close()
    assert len(rows) == len(dict(rows))
    return dict(rows)


def test_generation_survives_being_killed_at_any_time(tmp_path, tiny_llama):
    with open_small(tmp_path / "whole") as library:
        runner = Runner(model=tiny_llama.gguf, batch=2, threads=1, context=512)
        generate(library, runner, small_tasks(), sampling=SHORT)
        expected = {one.record.id: one.record.response for one in iterate_records(library)}
    chance, folder, before, status = random.Random(1), tmp_path / "killed", 0, -1
    while status:
        lines, victim = chance.randint(1, 6), chance.choice(["host", "worker"])
        said, status = kill_after(lines, victim, "generate", folder, tiny_llama.gguf)
        now = records(folder)
        assert len(now) >= max(before, committed(said)), f"lost after {lines} lines of the {victim}"
        assert now.items() <= expected.items()
        before = len(now)
    assert records(folder) == expected
    with Library.open(folder) as library:
        assert [run.status for run in list_runs(library)] == ["done"]


def test_a_tournament_survives_being_killed_at_any_time(tmp_path):
    """Who gets more answers is a function of the answers: it asks for the same ones, and decides the same."""
    with Library.open(tmp_path / "whole", samples=True) as library:
        whole = compete(library, mini_teacher())
    chance, folder, killed, status = random.Random(3), tmp_path / "killed", 0, -1
    while status:
        lines, victim = chance.randint(4, 12), ("host", "worker")[killed % 2]
        _, status = kill_after(lines if killed < 3 else NEVER, victim, "tournament", folder, mini_teacher())
        killed += status != 0
    assert killed > 2
    expected = records(tmp_path / "whole")
    assert records(folder) == expected
    assert len(expected) == whole.spent.answers < 2 * 3 * 20
    with Library.open(folder) as library:
        assert [run.status for run in list_runs(library)] == ["done"]
        again = compete(library, mini_teacher())
        assert (again.decisions, again.taught.new) == (whole.decisions, 0)


def test_training_survives_being_killed_at_any_time(tmp_path, tiny_llama, monkeypatch):
    monkeypatch.setattr(gate, "run_worker", run_here)  # whoever is killed has its workers
    with open_small(tmp_path / "whole") as library:
        whole = train(library, tiny_llama.folder, small_snapshot(library), settings=QUICK)
        expected = curves(library)
    chance, folder, killed, status = random.Random(2), tmp_path / "killed", 0, -1
    while status:
        lines, victim = chance.randint(1, 6), ("worker", "host")[killed % 2]
        _, status = kill_after(lines if killed < 3 else NEVER, victim, "train", folder, tiny_llama.folder)
        killed += status != 0
    assert killed > 2
    with Library.open(folder) as library:
        (training,) = list_trainings(library)
        assert training.run.status == "done"
        assert curves(library) == expected
        for name in ("adapter_model.safetensors", "adapter_config.json"):
            assert (training.adapter / name).read_bytes() == (whole.adapter / name).read_bytes()
        assert training.adapter_gguf.read_bytes() == whole.adapter_gguf.read_bytes()


def curves(library: Library) -> list[tuple[int, float]]:
    """Return the losses of the one training in a library, by step."""
    (training,) = list_trainings(library)
    return [(one["step"], one["loss"]) for one in training_events(library, training.id, "metrics")]


def test_an_experiment_survives_being_killed_at_any_time(tmp_path, tiny_llama):
    chance = random.Random(4)
    for lines in (chance.randint(3, 9), chance.randint(3, 9), NEVER):
        _, status = kill_after(lines, "host", "experiment", tmp_path / "killed", tiny_llama.folder)
        assert status == (0 if lines == NEVER else -signal.SIGKILL)
    with Library.open(tmp_path / "killed") as library:
        runs = list_runs(library)
        kinds = [run.kind for run in runs]
        assert (kinds.count("experiment"), kinds.count("train"), kinds.count("evaluate")) == (1, 1, 4)
        assert {run.status for run in runs} == {"done"}
        found = results(library, "experiment-1")
        assert (found.finished, found.done, found.parts, len(found.shares)) == (True, 5, 5, 2 * 2 * 3)
