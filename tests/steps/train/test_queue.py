"""The trainings that were started and have not ended."""

from dataclasses import dataclass
from pathlib import Path

from orca_desk.steps.train.queue import TrainingQueue
from orca_desk.steps.train.request import TrainingRequest
from orca_desk.student.settings import TrainSettings


@dataclass(eq=False)
class FakeJob:
    """A job whose state the test sets."""

    is_over: bool = False
    is_waiting: bool = True


def request(seed: int = 0) -> TrainingRequest:
    return TrainingRequest(base=Path("base"), snapshot="abc", settings=TrainSettings(seed=seed))


def test_a_request_is_held_until_its_job_ends():
    queue, job = TrainingQueue[FakeJob](), FakeJob()
    queue.add(job, request())
    assert queue.holds(request())
    assert not queue.holds(request(seed=1))
    job.is_over = True
    assert not queue.holds(request())
    queue.add(FakeJob(), request())
    assert queue.holds(request())


def test_a_waiting_job_is_shown_only_while_no_other_is():
    queue, first, second = TrainingQueue[FakeJob](), FakeJob(), FakeJob()
    queue.add(first, request())
    queue.add(second, request(seed=1))
    assert queue.next_to_show(is_showing=False) is first
    assert queue.next_to_show(is_showing=True) is None
    second.is_waiting = False
    assert queue.next_to_show(is_showing=True) is second
    assert queue.next_to_show(is_showing=False) is None


def test_a_job_that_ended_unshown_is_returned_once():
    queue, job = TrainingQueue[FakeJob](), FakeJob()
    queue.add(job, request())
    assert queue.ended_unshown() == []
    job.is_over = True
    assert queue.next_to_show(is_showing=False) is None
    assert queue.ended_unshown() == [job]
    assert queue.ended_unshown() == []
