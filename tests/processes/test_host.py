"""The protocol between host and worker, with a scripted worker that does what real ones do at worst."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from processes import ends

from orca_desk.errors import UserError
from orca_desk.processes.host import run_worker
from orca_desk.processes.keeping import KeptWorker
from orca_desk.processes.process import (
    SHORT_SPIN,
    WorkerCrashError,
    WorkerProcess,
    explain_death,
    worker_environment,
)
from orca_desk.processes.progress import JobControl, Meter, Update
from orca_desk.workers.runtime import NICER

SCRIPT = [sys.executable, str(Path(__file__).parents[1] / "support" / "scripted_worker.py")]


def play(script: str, **options) -> list[dict]:
    """Run the scripted worker and return all its events."""
    seen: list[dict] = []
    job = {"script": script} | options.pop("job", {})
    on_events = options.pop("on_events", seen.extend)
    run_worker("scripted", job, on_events=on_events, command=SCRIPT, **options)
    return seen


@pytest.fixture(autouse=True)
def leaves_nothing_behind() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before
    with pytest.raises(ChildProcessError):  # no zombie either
        os.waitpid(-1, os.WNOHANG)


def test_every_request_is_answered_once_and_in_order():
    events = play("echo", requests=({"value": index} for index in range(500)))
    assert [event["value"] for event in events] == list(range(500))


@pytest.mark.skipif(not hasattr(os, "nice"), reason="this system has no nice values")
def test_a_worker_stands_behind_the_host_and_its_session_too():
    (told,) = play("priority")
    assert told["process"] == min(19, os.nice(0) + NICER)
    assert told["session"] in (NICER, None)


def test_a_worker_without_requests_ends():
    assert play("echo") == []


def test_requests_are_pulled_only_as_the_worker_asks_for_them():
    pulled, ahead = 0, []

    def requests() -> Iterator[dict]:
        nonlocal pulled
        for index in range(100):
            pulled += 1
            yield {"value": index}

    def watch(events: list[dict]) -> None:
        ahead.append(pulled - events[-1]["value"])

    play("echo", job={"ahead": 4}, requests=requests(), on_events=watch)
    assert max(ahead) <= 2 * 4 + 1  # those taken while the events were on their way, and a few


def asked_of(first: int, count: int) -> list[dict[str, int]]:
    return [{"value": first + number} for number in range(count)]


def test_a_worker_that_is_kept_answers_further_rounds():
    with KeptWorker() as keep:
        rounds = [play("rounds", requests=asked_of(10 * n, n), keep=keep) for n in (3, 20, 1)]
        other = play("rounds", requests=asked_of(0, 2), keep=keep, job={"other": True})
        last = play("rounds", requests=asked_of(5, 1))  # one that is not kept ends with its requests
    assert [[event["value"] for event in one] for one in rounds] == [
        [30, 31, 32],
        [200 + n for n in range(20)],
        [10],
    ]
    assert [{event["round"] for event in one} for one in rounds] == [{0}, {1}, {2}]
    processes = [{event["pid"] for event in one} for one in (*rounds, other, last)]
    assert processes[0] == processes[1] == processes[2] and len(set().union(*processes)) == 3


def test_a_round_that_is_stopped_ends_the_worker_and_the_next_gets_another():
    control = JobControl()
    with KeptWorker() as keep:
        (first,) = play("rounds", requests=asked_of(0, 1), keep=keep)
        seen: list[dict] = []

        def stop(events: list[dict]) -> None:
            seen.extend(events)
            control.stop()

        endless = ({"value": number} for number in count())
        play("rounds", requests=endless, keep=keep, on_events=stop, control=control)
        assert seen and {event["pid"] for event in seen} == {first["pid"]}
        (again,) = play("rounds", requests=asked_of(7, 1), keep=keep)
    assert again["value"] == 7 and again["pid"] != first["pid"]


@pytest.mark.skipif(os.name != "posix", reason="this system has no signals")
def test_a_kept_worker_that_died_between_two_rounds_is_replaced():
    with KeptWorker() as keep:
        (first,) = play("rounds", requests=asked_of(0, 1), keep=keep)
        os.kill(first["pid"], signal.SIGKILL)
        os.waitid(os.P_PID, first["pid"], os.WEXITED | os.WNOWAIT)
        (again,) = play("rounds", requests=asked_of(7, 1), keep=keep)
    assert again["value"] == 7 and again["pid"] != first["pid"]


def test_a_worker_that_was_paused_at_the_end_of_a_round_goes_on_with_the_next():
    control = JobControl()
    with KeptWorker() as keep:
        play(
            "rounds", requests=asked_of(0, 1), keep=keep, on_events=lambda _: control.pause(), control=control
        )
        control.resume()
        assert [event["value"] for event in play("rounds", requests=asked_of(4, 2), keep=keep)] == [4, 5]


def test_noise_on_stdout_goes_to_the_log_and_not_between_the_events(tmp_path):
    log = tmp_path / "deep" / "worker.log"
    assert [event["event"] for event in play("noisy", log=log)] == ["one", "two"]
    text = log.read_text()
    assert all(f"{who} noise" in text for who in ("python", "native", "child"))


def test_events_of_many_threads_arrive_whole():
    events = play("many")
    for number in range(4):
        assert [e["index"] for e in events if e["thread"] == number] == list(range(200))


def test_giant_lines_pass_in_both_directions():
    assert len(play("giant", job={"size": 20_000_000})[0]["text"]) == 20_000_000
    assert play("measure", job={"text": "z" * 5_000_000})[0]["length"] == 5_000_000


def test_a_users_error_arrives_as_such():
    with pytest.raises(UserError) as caught:
        play("user_error")
    assert (caught.value.message, caught.value.hint) == ("The file is not there.", "Choose another.")
    with pytest.raises(UserError, match="not enough memory"):
        play("memory")
    with pytest.raises(UserError, match="no space left for checkpoint"):
        play("full_disk")


def test_a_bug_arrives_with_its_trace():
    with pytest.raises(WorkerCrashError, match="ZeroDivisionError: a bug"):
        play("bug")


def test_a_silent_exit_is_explained_by_the_last_output():
    with pytest.raises(WorkerCrashError, match=r"code 7[\s\S]*about to go"):
        play("quit_silently")


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize(
    ("signal_name", "words"),
    [("SIGKILL", "memory"), ("SIGSEGV", "native code"), ("SIGILL", "processor"), ("SIGABRT", "damaged")],
)
def test_a_death_is_explained_and_what_came_before_is_kept(signal_name, words):
    seen: list[dict] = []
    with pytest.raises(UserError, match=words):
        play("die", job={"signal": signal_name}, on_events=seen.extend)
    assert seen == [{"event": "alive"}]


def test_a_windows_death_is_explained():
    assert "0xc0000005" in str(explain_death("teach", 0xC0000005, ""))


def test_pause_resume_and_stop_reach_the_worker():
    control, seen = JobControl(), []

    def on_events(events: list[dict]) -> None:
        seen.extend(event["state"] for event in events)
        {"run": control.pause, "pause": control.resume}.get(seen[-1], control.stop)()
        if len(seen) > 2:
            control.stop()

    assert not run_worker(
        "scripted", {"script": "patient"}, on_events=on_events, control=control, command=SCRIPT
    )
    assert seen == ["run", "pause", "run", "stop"]


def test_a_paused_worker_answers_nothing_and_a_stop_ends_it():
    control, seen = JobControl(), []

    def on_events(events: list[dict]) -> None:
        seen.extend(event["event"] for event in events)
        control.stop() if "waiting" in seen else control.pause()

    play("echo", requests=({"value": index} for index in count()), on_events=on_events, control=control)
    assert seen.index("waiting") == len(seen) - 1


def test_a_worker_that_does_not_stop_is_killed():
    control = JobControl()
    events: list[dict] = []

    def on_events(batch: list[dict]) -> None:
        events.extend(batch)
        control.stop()

    play("hang", on_events=on_events, control=control, seconds_to_stop=0.1)
    assert ends(events[0]["pid"])


def test_a_job_that_was_stopped_before_it_began_does_not_begin():
    control = JobControl()
    control.stop()
    control.resume()
    assert play("bug", control=control) == []


@pytest.mark.parametrize("where", ["on_events", "requests"])
def test_a_failure_of_the_host_ends_the_worker(where):
    def fail(*_: object) -> None:
        raise OSError("disk full")

    options = {"on_events": fail} if where == "on_events" else {"requests": (fail() for _ in "x")}
    script = "hang" if where == "on_events" else "echo"
    with pytest.raises(OSError, match="disk full"):
        play(script, **options)


def test_the_worker_ends_with_its_host_also_inside_native_code():
    code = (
        "import sys; from orca_desk.processes.host import run_worker\n"
        "run_worker('scripted', {'script': 'hang'}, command=sys.argv[1:],"
        " on_events=lambda events: print(events[0]['pid'], flush=True))"
    )
    host = subprocess.Popen([sys.executable, "-c", code, *SCRIPT], stdout=subprocess.PIPE)
    with host:
        worker = int(host.stdout.readline())
        host.kill()
    assert ends(worker)


@pytest.mark.skipif(os.name != "posix", reason="Windows sends Ctrl-C to consoles, not to processes")
def test_ctrl_c_in_the_terminal_is_not_for_the_worker():
    with WorkerProcess("scripted", {"script": "patient"}, command=SCRIPT) as worker:
        while not worker.events():
            pass
        os.kill(worker.pid, signal.SIGINT)
        worker.send({"control": "stop"})
        while worker.events() is not None:
            pass
        worker.check()


def test_a_workers_threads_do_not_spin_for_long_unless_the_user_says_so(monkeypatch):
    monkeypatch.delenv("GOMP_SPINCOUNT", raising=False)
    assert worker_environment()["GOMP_SPINCOUNT"] == SHORT_SPIN["GOMP_SPINCOUNT"]
    monkeypatch.setenv("GOMP_SPINCOUNT", "17")
    assert worker_environment()["GOMP_SPINCOUNT"] == "17"


def test_the_host_loads_no_model_code():
    code = (
        "import sys, orca_desk.steps.demo.walk, orca_desk.steps.chat.session\n"
        "print(sys.modules.keys() & {'torch', 'transformers', 'peft', 'llama_cpp', 'mlx'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_an_update_tells_the_time_left():
    updates: list[Update] = []
    meter = Meter(updates.append, stage="s", total=10, unit="tasks")
    meter.advance(5)
    assert (updates[0].done, updates[0].seconds_left) == (0, None)
    assert updates[1].done == 5
    assert Update(stage="s", done=4, total=10, rate=2).seconds_left == 3


def test_what_an_earlier_call_did_counts_but_not_for_the_rate():
    updates: list[Update] = []
    meter = Meter(updates.append, stage="s", total=10, unit="tasks", already=4)
    assert (updates[0].done, updates[0].rate) == (4, None)
    meter.advance(0)
    assert updates[1].rate is None
    meter.advance(6)
    assert updates[2].done == 10 and updates[2].rate
