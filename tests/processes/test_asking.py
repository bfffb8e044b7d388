"""Prompts put to a model whose worker dies in the middle, with a scripted worker."""

import os
import sys
from pathlib import Path

import pytest

from orca_desk.method.records import Sampling
from orca_desk.processes.asking import Answer, Prompt, Runner, ask
from orca_desk.processes.process import NativeCrashError
from orca_desk.processes.progress import JobControl, Update

SCRIPT = [sys.executable, str(Path(__file__).parents[1] / "support" / "scripted_worker.py")]
PROMPTS = [Prompt(key=f"{n}", system="", user="Why?", sampling=Sampling()) for n in range(10)]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="this system has no signals")


def ask_all(
    monkeypatch, enough: list[str], device: str = "auto", *, dies_loading: bool = False
) -> tuple[list[Answer], list[str]]:
    """Put all prompts to a worker that dies unless it runs where is `enough`; return answers and messages."""
    monkeypatch.setenv("ORCA_DESK_DEVICE", device)
    monkeypatch.setattr("orca_desk.processes.process.worker_command", lambda name: SCRIPT)
    job = {"script": "crowded_device", "enough": enough, "dies_loading": dies_loading, "model": "m"}
    monkeypatch.setattr(Runner, "as_job", lambda runner: job)
    answers: list[Answer] = []
    updates: list[Update] = []
    finished = ask(
        "teach",
        Runner(model=Path("m")),
        PROMPTS,
        on_outcomes=answers.extend,
        stage="asking",
        progress=updates.append,
        control=JobControl(),
    )
    assert finished
    return answers, [update.message for update in updates]


def test_no_prompt_is_lost_or_put_twice_when_a_driver_ends_the_worker(monkeypatch):
    answers, messages = ask_all(monkeypatch, enough=["CUDA0 (50%)"])
    assert sorted(answer.key for answer in answers) == sorted(prompt.key for prompt in PROMPTS)
    assert [answer.engine for answer in answers] == ["CUDA0 (100%)"] * 3 + ["CUDA0 (50%)"] * 7
    assert messages[1].endswith("tokens/s on CUDA0 (100%)")
    assert messages[-1].endswith("tokens/s on CUDA0 (50%) (with less, as its memory ran out)")


def test_a_device_whose_driver_keeps_dying_is_left(monkeypatch):
    answers, messages = ask_all(monkeypatch, enough=["CPU"])
    assert sorted(answer.key for answer in answers) == sorted(prompt.key for prompt in PROMPTS)
    assert {answer.engine for answer in answers} == {"CUDA0 (100%)", "CUDA0 (50%)", "CPU"}
    assert "on the CPU (with less, as its memory ran out)" in messages[-1]


def test_a_device_whose_driver_dies_while_the_model_is_loaded_is_left(monkeypatch):
    answers, messages = ask_all(monkeypatch, enough=["CPU"], dies_loading=True)
    assert sorted(answer.key for answer in answers) == sorted(prompt.key for prompt in PROMPTS)
    assert {answer.engine for answer in answers} == {"CPU"}
    assert "on the CPU (with less, as its memory ran out)" in messages[-1]


@pytest.mark.parametrize("dies_loading", [False, True], ids=["answering", "loading"])
def test_a_worker_that_dies_on_the_cpu_is_not_started_again(monkeypatch, dies_loading):
    with pytest.raises(NativeCrashError, match="crashed in native code"):
        ask_all(monkeypatch, enough=[], device="cpu", dies_loading=dies_loading)
