"""Runs: how each way for a job to end is recorded."""

import errno
from datetime import UTC, datetime, timedelta

import pytest

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.runs import create_run, end_run, get_run
from orca_desk.machine.clock import asleep_seconds
from orca_desk.processes.progress import Update, silent
from orca_desk.steps import recorder
from orca_desk.steps.recorder import find_or_create_run, record_run, request_to_resume


@pytest.fixture
def library(tmp_path):
    with Library.open(tmp_path) as library:
        yield library


def work(library: Library, error: BaseException | None = None, *, stop: bool = False) -> str:
    """Run a job that ends in this way; return its run."""
    run = find_or_create_run(library, "generate", {"of": "this"})
    with record_run(library, run, progress=silent) as recorder:
        recorder.report(Update(stage="s", done=3, total=9, unit="tasks"))
        recorder.outcome = "Three were done."
        if error:
            raise error
        recorder.finished = not stop
    return run


def test_a_finished_job_is_recorded_with_its_outcome(library):
    run = get_run(library, work(library))
    assert (run.status, run.outcome, run.done, run.total) == ("done", "Three were done.", 3, 9)


@pytest.mark.parametrize("slept", [3600.0, 1.0])
def test_the_time_in_which_the_computer_slept_is_not_that_of_a_run(library, monkeypatch, slept):
    clock = [100.0]
    monkeypatch.setattr(recorder, "asleep_seconds", lambda: clock[0])
    run = find_or_create_run(library, "generate", {"of": "this"})
    with record_run(library, run, progress=silent):
        library.write(  # as a run of two hours
            lambda db: db.execute(
                "UPDATE runs SET started_at = ?",
                ((datetime.now(UTC) - timedelta(hours=2)).isoformat(),),
            )
        )
        clock[0] += slept
    left_out = slept if slept >= recorder.NAP else 0
    assert get_run(library, run).seconds == pytest.approx(7200 - left_out, abs=60)


def test_a_clock_tells_how_long_the_computer_slept() -> None:
    assert asleep_seconds() == pytest.approx(asleep_seconds(), abs=1)


def test_a_job_of_several_stages_saves_progress_in_its_own_unit(library):
    run = find_or_create_run(library, "train", {"of": "this"})
    with record_run(library, run, progress=silent) as recorder:
        recorder.unit = "steps"
        for stage, done, unit in (
            ("convert", 1, "files"),
            ("train", 60, "steps"),
            ("check", 4, "comparisons"),
        ):
            recorder.report(Update(stage=stage, done=done, total=60, unit=unit))
    with record_run(library, run, progress=silent) as recorder:
        recorder.unit = "steps"
        recorder.report(Update(stage="check", done=1, total=4, unit="comparisons"))
    kept = get_run(library, run)
    assert (kept.done, kept.total, kept.unit) == (60, 60, "steps")


def test_an_unfinished_job_resumes_its_run_and_a_finished_one_starts_another(library):
    first = work(library, stop=True)
    assert get_run(library, first).status == "cancelled"
    assert work(library) == first
    assert work(library) != first


@pytest.mark.parametrize(
    ("error", "raised", "status", "words"),
    [
        (UserError("No file.", "Choose one."), UserError, "failed", "No file. Choose one."),
        (ZeroDivisionError(), ZeroDivisionError, "failed", "ZeroDivisionError"),
        (KeyboardInterrupt(), KeyboardInterrupt, "cancelled", "Interrupted"),
        (OSError(errno.ENOSPC, "full", "x.jsonl"), UserError, "failed", "no space left for x.jsonl"),
        (OSError(errno.EROFS, "read-only"), UserError, "failed", "cannot be written"),
        (OSError(errno.EBADF, "bad"), OSError, "failed", "bad"),
    ],
)
def test_a_failure_is_recorded_and_raised(library, error, raised, status, words):
    with pytest.raises(raised):
        work(library, error)
    run = get_run(library, find_or_create_run(library, "generate", {"of": "this"}))
    assert run.status == status
    assert words in run.outcome


def test_only_an_unfinished_run_of_the_same_kind_is_resumed_by_its_request(library):
    run = create_run(library, "generate", {"of": "this"}, {"limit": 3})
    with pytest.raises(UserError, match="already running"):
        request_to_resume(library, run.id, "generate")
    end_run(library, run.id, "cancelled", "")
    assert request_to_resume(library, run.id, "generate") == {"limit": 3}
    with pytest.raises(UserError, match="cannot be resumed here"):
        request_to_resume(library, run.id, "probe")
    end_run(library, run.id, "done", "")
    with pytest.raises(UserError, match="already finished"):
        request_to_resume(library, run.id, "generate")
    with pytest.raises(UserError, match="no run generate-9"):
        request_to_resume(library, "generate-9", "generate")
