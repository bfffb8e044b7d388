"""The ways to compute a model's layers: measured, compared, and chosen by what they save."""

import shutil

import pytest
import torch
from tiny_models import TinyModel
from training_records import quick

from orca_desk.student.accelerator import variants
from orca_desk.student.accelerator.packing import RowRoom
from orca_desk.student.accelerator.variants import (
    BUCKETS,
    VariantRace,
    race_variants,
    row_block,
    row_room,
)
from orca_desk.student.base import read_base

CPU = torch.device("cpu")


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
    found = race_variants(
        base, quick(compile="on"), [60] * 20, device=CPU, dtype="float32", attention="split"
    )
    assert "computes other gradients" in found.failures["compiled"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch warns of what its own compiler does
@pytest.mark.skipif(not (shutil.which("g++") or shutil.which("clang++")), reason="needs a C++ compiler")
def test_compiled_layers_have_the_gradients_of_those_as_they_are(
    tiny_llama: TinyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch._inductor import config

    monkeypatch.setattr(config, "compile_threads", 1)  # no processes that outlive the test
    base = read_base(tiny_llama.folder)
    found = race_variants(base, quick(compile="on"), [60] * 2, device=CPU, dtype="float32", attention="split")
    assert "compiled" in found.seconds, found.failures


def test_rows_for_compiled_layers_have_few_lengths() -> None:
    assert row_block("plain", 4096) == 128
    assert 4096 % row_block("compiled", 4096) == 0
    assert -(-4096 // row_block("compiled", 4096)) <= BUCKETS
    assert row_block("compiled", 100) == 128


def test_rows_for_compiled_layers_have_room_for_usual_records() -> None:
    assert row_room("plain", [300] * 50, 4096) == RowRoom()
    assert row_room("compiled", [300] * 50, 4096) == RowRoom(records=16, longest=512)
    assert row_room("compiled", [300, 1500], 4096).longest == 2048
