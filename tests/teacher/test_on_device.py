"""Models on a real device, where llama.cpp was built for one: the same answers as on the CPU.

Without a graphics processor, a build with Vulkan runs them on Mesa's lavapipe: set GGML_VK_VISIBLE_DEVICES=0.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_adapters import make_adapter

from orca_desk.machine.devices import Listed
from orca_desk.method.records import Sampling
from orca_desk.prompts.messages import Message
from orca_desk.student.export import export_adapter
from orca_desk.teacher.batch import choose_batch
from orca_desk.teacher.context import Context
from orca_desk.teacher.devices import listed_devices
from orca_desk.teacher.engine import Completion, Engine, Request
from orca_desk.teacher.native import MemoryRanOutError
from orca_desk.teacher.offload import layout_of, place

TEACHER = Path("models/mini-teacher/mini-teacher.gguf")
QUESTIONS = ("Who is taller, Ann or Tom?", "What is 3 plus 4?", "Where is the cup?", "Is snow black?")


@pytest.fixture(scope="module")
def devices() -> tuple[Listed, ...]:
    found = listed_devices()
    if not found:
        pytest.skip("llama.cpp has no device beside the CPU")
    return found[:1]


def answers(engine: Engine) -> dict[str, tuple[int, ...]]:
    """Return the greedy answers to all questions."""
    requests = []
    for question in QUESTIONS:
        prompt = engine.renderer.prompt([Message("system", ""), Message("user", question)])
        requests.append(
            Request(
                key=question,
                ids=prompt.ids,
                prefix=prompt.prefix,
                sampling=Sampling(temperature=0.0, max_tokens=16),
                ends=engine.renderer.ends,
            )
        )
    return {one.key: one.ids for one in engine.generate(requests) if isinstance(one, Completion)}


@pytest.fixture(scope="module")
def on_cpu() -> dict[str, tuple[int, ...]]:
    with Engine(TEACHER, batch=4, context=256, devices=()) as engine:
        return answers(engine)


def limited(devices: Sequence[Listed], layers: int) -> list[Listed]:
    """Return the device with just enough free memory for so many layers in a context of 1024 tokens."""
    layout = layout_of(TEACHER)
    asked = {"wanted": 1024, "enough": 1024, "cache": "F16", "outputs": 12}
    for free in range(0, 512 * 2**20, 2**16):
        if place(layout, ["it"], [free], **asked).layers == layers:
            return [replace(devices[0], free=free)]
    raise AssertionError(f"no memory fits {layers} layers")


@pytest.mark.parametrize("layers", [7, 3, 0])
def test_a_device_answers_as_the_cpu_does_with_all_some_or_no_layers(devices, on_cpu, layers):
    with Engine(TEACHER, batch=4, context=256, devices=limited(devices, layers)) as engine:
        assert engine.place == (
            "CPU" if layers == 0 else f"{devices[0].name} ({devices[0].description}), {layers} of 7 layers"
        )
        assert answers(engine) == on_cpu


def test_memory_that_runs_out_on_a_device_leaves_no_question_unanswered(devices, on_cpu, monkeypatch):
    real, count = Context.decode, iter(range(10**6))

    def decode(self, *rows) -> bool:
        if next(count) in (2, 3, 6):
            raise MemoryRanOutError("The memory ran out.")
        return real(self, *rows)

    with Engine(TEACHER, batch=4, context=256, devices=limited(devices, 7)) as engine:
        monkeypatch.setattr(Context, "decode", decode)
        assert answers(engine) == on_cpu
        assert len(engine.less) > 0
        assert engine.context == 256


def test_the_batch_is_measured_once_for_a_device(devices, monkeypatch, tmp_path):
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(tmp_path))
    with Engine(TEACHER, context=64, devices=devices) as engine:
        batch = engine.batch
    assert batch in (8, 16, 32, 64, 128)
    monkeypatch.setattr("orca_desk.teacher.building.measure_batch", None)
    with Engine(TEACHER, context=64, devices=devices) as engine:
        assert engine.batch == batch


def test_two_engines_share_weights_on_a_device(devices, on_cpu):
    with (
        Engine(TEACHER, batch=4, context=256, devices=devices) as first,
        Engine(TEACHER, batch=4, context=256, devices=devices, beside=first) as second,
    ):
        assert first.place == second.place != "CPU"
        assert answers(second) == on_cpu


def test_an_adapter_on_a_device_computes_what_it_does_on_the_cpu(devices, tmp_path):
    student = Path("models/mini-student")
    adapter = tmp_path / "adapter.gguf"
    export_adapter(make_adapter(tmp_path / "adapter", student), student, adapter)
    model, ids = student / "mini-student.gguf", list(range(20, 60))
    found = {}
    for where in ((), devices):
        with Engine(model, batch=4, context=256, devices=where, adapter=adapter) as engine:
            assert (engine.place == "CPU") == (not where)
            found[len(where)] = engine.logits(ids)
    with Engine(model, batch=4, context=256, devices=()) as engine:
        plain = engine.logits(ids)
    assert np.abs(found[1] - found[0]).max() < np.abs(found[0] - plain).max() / 20


def test_the_smallest_batch_that_is_nearly_fastest_is_chosen():
    assert choose_batch({8: 100.0, 16: 190.0, 32: 260.0, 64: 265.0, 128: 250.0}) == 32
    assert choose_batch({8: 100.0}) == 8
