"""The divergence of an adapter from its base, against a plain computation of both models' distributions."""

from pathlib import Path

import numpy as np
import pytest
from tiny_adapters import make_adapter
from tiny_models import TinyModel

from orca_desk.method.forgetting import PromptDivergence
from orca_desk.prompts.messages import Message
from orca_desk.student.export import export_adapter
from orca_desk.teacher.divergence import divergences, kl_divergence
from orca_desk.teacher.engine import Engine

TALKS = [[Message("system", ""), Message("user", text)] for text in ("Hello there.", "Why does it rain?")]


def adapter(model: TinyModel, folder: Path, strength: float) -> Path:
    made = make_adapter(folder / f"adapter-{strength}", model.folder, strength=strength)
    export_adapter(made, model.folder, folder / f"{strength}.gguf")
    return folder / f"{strength}.gguf"


def measure(model: TinyModel, lora: Path, *, stop_after: int | None = None) -> dict[int, PromptDivergence]:
    seen: dict[int, PromptDivergence] = {}
    with (
        Engine(model.gguf, threads=1, context=256, batch=4) as base,
        Engine(model.gguf, threads=1, context=256, batch=1, adapter=lora, beside=base) as tuned,
    ):
        proceed = lambda: stop_after is None or len(seen) < stop_after  # noqa: E731
        for place, found in divergences(base, tuned, TALKS, tokens=12, proceed=proceed):
            seen[place] = found
    return seen


def test_an_adapter_that_changes_nothing_has_no_divergence(tiny_llama, tmp_path):
    found = measure(tiny_llama, adapter(tiny_llama, tmp_path, 0.0))
    assert sorted(found) == [0, 1]
    for one in found.values():
        assert one.tokens >= 1
        assert one.nats == pytest.approx(0.0, abs=1e-4 * one.tokens)
        assert one.changed == 0


def test_a_stronger_adapter_is_farther_away(tiny_llama, tmp_path):
    weak = measure(tiny_llama, adapter(tiny_llama, tmp_path, 0.1))
    strong = measure(tiny_llama, adapter(tiny_llama, tmp_path, 1.0))
    for place in weak:
        assert weak[place].tokens == strong[place].tokens  # the base's own answer, whatever the adapter
    assert 0 < sum(one.nats for one in weak.values()) < sum(one.nats for one in strong.values())


def test_a_stop_leaves_the_rest_out(tiny_llama, tmp_path):
    assert sorted(measure(tiny_llama, adapter(tiny_llama, tmp_path, 0.5), stop_after=1)) == [0]


def test_the_divergence_is_that_of_the_definition():
    chosen = np.random.default_rng(0)
    ours, theirs = (chosen.normal(size=(3, 50)).astype(np.float32) * 4 for _ in range(2))
    p, q = (np.exp(one.astype(np.float64)) / np.exp(one.astype(np.float64)).sum(1, keepdims=True)
            for one in (ours, theirs))  # fmt: skip
    assert kl_divergence(ours, theirs) == pytest.approx((p * np.log(p / q)).sum(1))
    assert kl_divergence(ours, ours).tolist() == [0.0, 0.0, 0.0]
