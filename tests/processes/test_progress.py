"""Pausing, resuming and stopping a job."""

import signal
import threading

import pytest

from orca_desk.processes.progress import JobControl, StoppedError


def wait_in_thread(control: JobControl) -> "tuple[threading.Thread, list[bool]]":
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(control.proceed()), daemon=True)
    thread.start()
    return thread, answers


@pytest.mark.parametrize(("change", "continues"), [("resume", True), ("stop", False)])
def test_a_paused_job_waits_until_it_is_resumed_or_stopped(change: str, continues: bool) -> None:
    control = JobControl()
    assert control.proceed()
    control.pause()
    thread, answers = wait_in_thread(control)
    assert thread.is_alive() and answers == []
    getattr(control, change)()
    thread.join(10)
    assert answers == [continues]


def test_a_stop_is_final_and_raised_where_it_is_required() -> None:
    control = JobControl()
    control.require_running()
    control.stop()
    control.resume()
    assert control.stopped and not control.proceed()
    with pytest.raises(StoppedError):
        control.require_running()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer signals")
def test_a_signal_handler_stops_the_job_that_its_own_thread_waits_for() -> None:
    control = JobControl()
    control.pause()
    before = signal.signal(signal.SIGALRM, lambda *_: control.stop())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        assert not control.proceed()
    finally:
        signal.signal(signal.SIGALRM, before)
