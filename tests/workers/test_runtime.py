"""The worker's end of a job: control words, and exceptions as events."""

import errno
import threading

import pytest

from orca_desk.errors import UserError
from orca_desk.workers.runtime import WorkerControl, failure_event


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ((), "run"),
        (("pause",), "pause"),
        (("pause", "resume"), "run"),
        (("stop",), "stop"),
        (("stop", "resume", "pause"), "stop"),
        (("nonsense",), "run"),
    ],
)
def test_control_words_change_the_state_and_a_stop_is_final(words: tuple[str, ...], state: str) -> None:
    control = WorkerControl()
    for word in words:
        control.receive(word)
    assert control.state == state


@pytest.mark.parametrize(("word", "continues"), [("resume", True), ("stop", False)])
def test_a_paused_worker_waits_for_the_next_word(word: str, continues: bool) -> None:
    control = WorkerControl()
    control.receive("pause")
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(control.proceed()), daemon=True)
    thread.start()
    assert answers == []
    control.receive(word)
    thread.join(10)
    assert answers == [continues]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (UserError("The file is damaged.", "Download it again."), "The file is damaged."),
        (MemoryError(), "not enough memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "not enough memory"),
        (OSError(errno.ENOSPC, "No space left on device", "checkpoint"), "no space left"),
    ],
)
def test_what_the_user_can_fix_is_sent_as_a_sentence(error: Exception, message: str) -> None:
    event = failure_event(error)
    assert event["event"] == "error" and message in event["message"] and event["hint"]


def test_a_bug_is_sent_with_its_trace() -> None:
    event = failure_event(ZeroDivisionError("a bug"))
    assert event["event"] == "crash" and "ZeroDivisionError: a bug" in event["trace"]
