"""`orca-desk library queue` lists what waits in the desktop, also while another process has the library."""

import json
from pathlib import Path

from click.testing import CliRunner, Result
from new_library import new_library

from orca_desk.cli import commands
from orca_desk.library.runs import create_run, end_run
from orca_desk.library.waiting import WaitingJob, store_waiting, waiting_jobs
from orca_desk.steps.evaluate.plan import Candidate, Plan, request_of

FIRST = WaitingJob(title="Evaluate base", page="evaluate", target={"start": {"of": 1}})
SECOND = WaitingJob(title="Training", page="training", target={"start": {}})


def queue(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(commands, ["library", "queue", "--library", str(folder), *words])


def test_the_queue_is_listed_while_the_library_is_open(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    with new_library(folder) as library:
        assert queue(folder).output == "No job is waiting.\n"
        store_waiting(library, [FIRST, SECOND])
        assert queue(folder).output.splitlines() == ["  1  Evaluate base", "  2  Training"]
        assert json.loads(queue(folder, "--json").output)[0] == {
            "title": "Evaluate base",
            "page": "evaluate",
            "target": {"start": {"of": 1}},
        }


def test_what_waits_behind_an_evaluation_is_listed(tmp_path: Path) -> None:
    folder, model = tmp_path / "own", tmp_path / "a.gguf"
    plan = Plan(
        candidates=tuple(Candidate(name=name, model=model) for name in ("base", "tuned")), families=("sums",)
    )
    with new_library(folder) as library:
        run = create_run(library, "evaluate", {}, request_of(plan, plan.candidates[0]))
        assert queue(folder).output == f"     Evaluate tuned (comes back with {run.id})\n"
        store_waiting(library, [SECOND])
        listed = json.loads(queue(folder, "--json").output)
        assert [one["title"] for one in listed] == ["Evaluate tuned", "Training"]
        assert listed[0]["target"] == {"resume": run.id}
        end_run(library, run.id, "done", "")
        assert queue(folder).output == "  1  Training\n"


def test_jobs_are_taken_off_the_queue(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    with new_library(folder) as library:
        store_waiting(library, [FIRST, SECOND])
    refused = queue(folder, "--remove", "3")
    assert isinstance(refused.exception, Exception) and "no job 3" in str(refused.exception)
    assert queue(folder, "--remove", "1").output == "  1  Training\n"
    with new_library(folder) as library:
        assert waiting_jobs(library) == [SECOND]
    assert queue(folder, "--clear").output == "No job is waiting.\n"
