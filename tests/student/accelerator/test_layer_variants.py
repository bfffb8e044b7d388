"""The ways to compute a model's layers: measured, compared, and chosen by what they save."""

from typing import Any

import pytest
import torch
from tiny_models import TinyModel
from training_records import quick

from orca_desk.errors import UserError
from orca_desk.student.accelerator import liger, variants
from orca_desk.student.accelerator.packing import RowRoom
from orca_desk.student.accelerator.variants import (
    BUCKETS,
    VariantRace,
    race_variants,
    row_block,
    row_room,
)
from orca_desk.student.base import read_base
from orca_desk.student.torch import engine

CPU = torch.device("cpu")
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA or ROCm device")


def test_the_variant_that_saves_most_over_the_training_is_taken() -> None:
    race = VariantRace(seconds={"plain": 0.2, "liger": 0.19, "compiled": 0.1}, failures={}, compiling=60.0)
    assert race.fastest(batches=10, layers=2) == "liger"
    assert race.fastest(batches=10_000, layers=2) == "compiled"


def test_on_the_cpu_layers_are_computed_as_they_are(tiny_llama: TinyModel) -> None:
    base = read_base(tiny_llama.folder)
    found = race_variants(base, quick(), [60] * 20, device=CPU, dtype="float32", attention="rows")
    assert list(found.seconds) == ["plain"]
    assert found.failures == {"liger": "needs CUDA or ROCm", "compiled": "no GPU for it"}


def test_a_variant_with_other_gradients_is_out(
    tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(body: torch.nn.Module, variant: str) -> None:
        if variant == "compiled":
            body.get_decoder().layers[0].self_attn.scaling *= 3  # type: ignore[operator]

    monkeypatch.setattr(variants, "apply_variant", spoil)
    base = read_base(tiny_llama.folder)
    found = race_variants(base, quick(compile="on"), [60] * 20, device=CPU, dtype="float32", attention="rows")
    assert "computes other gradients" in found.failures["compiled"]


@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_a_gradient_of_another_length_is_another_gradient(factor: float) -> None:
    gradient = torch.randn(500, generator=torch.Generator().manual_seed(0))
    variants.require_alike(gradient * 1.1, gradient, "bfloat16")
    with pytest.raises(UserError, match=r"computes other gradients \(apart by 50\.0%\)"):
        variants.require_alike(gradient * factor, gradient, "bfloat16")


def test_layers_alone_are_computed_uncompiled_meanwhile() -> None:
    class Doubling(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * 2

    body = torch.nn.Sequential(Doubling())
    compiled = []

    def counting(graph: torch.fx.GraphModule, _: list[torch.Tensor]) -> Any:
        compiled.append(graph)
        return graph.forward

    body[0].compile(backend=counting)
    attention = torch.compile(torch.tanh, backend=counting)
    with variants.uncompiled(body):
        body(torch.ones(1, 4))
        assert not compiled
        attention(torch.ones(1, 4))
    assert len(compiled) == 1
    body(torch.ones(1, 4))
    assert len(compiled) == 2


def test_layers_are_not_compiled_for_rows_that_are_split(tiny_llama: TinyModel) -> None:
    reason = variants._out_of_question("compiled", quick(compile="on"), torch.device("cuda"), "split", 1e9)
    assert reason == "no two rows are split alike, and each would be compiled"


def test_a_run_with_liger_is_not_resumed_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liger.importlib.util, "find_spec", lambda name: None)
    plan = {"threads": 1, "products": "blas", "variant": "liger"}
    with pytest.raises(UserError, match="began with Liger Kernel, which is no longer installed"):
        engine.resume(plan)


@pytest.mark.filterwarnings("ignore")  # torch warns of what its own compiler does
@pytest.mark.parametrize(
    ("device", "backend"),
    [("cpu", "aot_eager"), pytest.param("cuda", "inductor", marks=[pytest.mark.slow, GPU])],
)
def test_compiled_layers_have_the_gradients_of_those_as_they_are(
    device: str, backend: str, tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With gradient checkpointing. On a CPU, whose layers are never compiled, all but the machine's code."""
    from torch._dynamo.utils import counters

    compile_ = torch.nn.Module.compile
    monkeypatch.setattr(
        torch.nn.Module, "compile", lambda self, **named: compile_(self, backend=backend, **named)
    )
    monkeypatch.setattr(variants, "LAYERS", 1)
    counters["stats"].clear()
    base = read_base(tiny_llama.folder)
    settings = quick(compile="on", batch_tokens=120)
    found = race_variants(
        base,
        settings,
        [60] * 2,
        device=torch.device(device),
        dtype="float32",
        attention="rows",
        checkpoints=True,
    )
    assert "compiled" in found.seconds, found.failures
    assert counters["stats"]["unique_graphs"] > 0  # not given up


def test_rows_for_compiled_layers_have_few_lengths() -> None:
    assert row_block("plain", 4096, "varlen") == 128
    assert 4096 % row_block("compiled", 4096, "varlen") == 0
    assert -(-4096 // row_block("compiled", 4096, "varlen")) <= BUCKETS
    assert row_block("compiled", 100, "varlen") == 128
    assert row_block("plain", 4096, "flex") == row_block("compiled", 4096, "varlen")


def test_rows_for_compiled_layers_have_room_for_usual_records() -> None:
    assert row_room("plain", [300] * 50, 4096) == RowRoom()
    assert row_room("compiled", [300] * 50, 4096) == RowRoom(records=16, longest=512)
    assert row_room("compiled", [300, 1500], 4096).longest == 2048
