"""Training on a device: CUDA's, ROCm's or Apple's GPU, and everywhere the CPU listed as one.

All but a GPU's kernels is real on the CPU.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_families import FAMILIES, make_family
from tiny_models import TinyModel
from training_records import Going, make_records, quick, write_records

from orca_desk.errors import FinalError, UserError
from orca_desk.machine.devices import Listed
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.renderer import Renderer
from orca_desk.student.accelerator import choice
from orca_desk.student.accelerator.attention import IMPLEMENTATION
from orca_desk.student.accelerator.packing import pack
from orca_desk.student.data import Example, render
from orca_desk.student.loop import RunControl
from orca_desk.student.packing import collate
from orca_desk.student.settings import TrainSettings
from orca_desk.student.torch.kernels import replace_forwards
from orca_desk.student.torch.loss import packed_arguments, summed_loss
from orca_desk.student.torch.model import adapter_parameters, add_adapter, load_base
from orca_desk.student.train import TrainOutcome, train

STANDIN = Listed(
    name="cpu:0", description="Stand-in", kind="other", total=2**34, free=2**33, address="", shared=False
)


@pytest.fixture(params=[STANDIN.name, "cuda:0", "mps"])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a device that torch can use: each GPU that is there, and the CPU listed as one."""
    monkeypatch.setenv("ORCA_DESK_DEVICE", "auto")
    name: str = request.param
    if name == STANDIN.name:
        monkeypatch.setattr(choice, "listed_devices", lambda: (STANDIN,))
    elif name not in [one.name for one in choice.listed_devices()]:
        pytest.skip(f"this torch finds no device {name}")
    else:
        found = next(one for one in choice.listed_devices() if one.name == name)
        monkeypatch.setattr(choice, "listed_devices", lambda: (found,))
    return name


def _examples(folder: Path, count: int = 5) -> list[Example]:
    renderer = Renderer(HFTokenizer.load(folder))
    return [render(record, renderer) for record in make_records(count)]


def _train(
    base: Path, out: Path, settings: TrainSettings, control: RunControl | None = None, count: int = 14
) -> tuple[TrainOutcome, list[dict[str, Any]]]:
    records = write_records(out.with_suffix(".jsonl"), make_records(count))
    events: list[dict[str, Any]] = []
    outcome = train(
        base=base,
        records=records,
        out=out,
        settings=replace(settings, engine="torch"),  # on a Mac MLX would take its place
        emit=events.append,
        control=control or Going(),
    )
    return outcome, events


def _one(events: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(event for event in events if event["event"] == kind)


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
@pytest.mark.parametrize("name", FAMILIES)
def test_a_packed_record_has_the_logits_it_has_alone(
    name: str, tmp_path: Path, tiny_llama: TinyModel
) -> None:
    folder = make_family(tmp_path / name, name, tiny_llama.folder)
    body = load_base(folder, "float32").eval()
    examples = _examples(folder, 3)
    row = pack(examples, "flex")
    with torch.no_grad():
        alone = [body(input_ids=torch.tensor([example.ids])).logits[0] for example in examples]
        body.set_attn_implementation(IMPLEMENTATION)
        packed = packed_arguments(row, torch.device("cpu"))
        together = body(input_ids=torch.from_numpy(row.ids), use_cache=False, **packed).logits[0]
    for start, logits in zip(row.starts, alone, strict=False):
        got = together[start : start + len(logits)]
        torch.testing.assert_close(got, logits, rtol=1e-3, atol=1e-3 * float(logits.abs().max()))


def test_a_packed_row_has_the_loss_and_gradients_of_a_batch_of_rows(tiny_llama: TinyModel) -> None:
    results = []
    for packed in (False, True):
        model = add_adapter(load_base(tiny_llama.folder, "float32"), quick())
        random = torch.Generator().manual_seed(5)
        for parameter in adapter_parameters(model).values():
            parameter.data = torch.randn(parameter.shape, generator=random) * 0.1
        replace_forwards(model)
        examples = _examples(tiny_llama.folder)
        loss = summed_loss(model, pack(examples, "split") if packed else collate(examples))
        loss.backward()
        results.append([loss.detach(), *(p.grad for p in adapter_parameters(model).values())])
    torch.testing.assert_close(results[1], results[0], rtol=1e-3, atol=1e-4)


def test_a_training_on_a_device_learns_as_on_the_cpu_and_says_what_it_uses(
    device: str, tiny_llama: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome, events = _train(tiny_llama.folder, tmp_path / "device", quick(), count=24)
    report = _one(events, "report")
    assert report["device"] == device
    assert (report["attention"] == "rows") == (device == "mps")  # Apple's GPU has no kernel for packed rows
    assert report["dtype"] == "float32"
    assert report["repeats_exactly"] is True
    monkeypatch.setenv("ORCA_DESK_DEVICE", "cpu")
    cpu, events = _train(tiny_llama.folder, tmp_path / "cpu", quick(), count=24)
    assert _one(events, "report")["device"] == "cpu"
    assert outcome.base_loss == pytest.approx(cpu.base_loss, rel=1e-4)
    assert outcome.best_loss == pytest.approx(cpu.best_loss, rel=0.1)


@pytest.mark.parametrize("dtype", ["float32", pytest.param("float16", marks=pytest.mark.slow)])
def test_a_resumed_training_on_a_device_ends_as_an_uninterrupted_one(
    dtype: str, device: str, tiny_llama: TinyModel, tmp_path: Path
) -> None:
    settings = quick(dtype=dtype, dropout=0.1, epochs=1)
    _train(tiny_llama.folder, tmp_path / "whole", settings)
    _, events = _train(tiny_llama.folder, tmp_path / "cut", settings, Going(3))
    assert "resumed_within" not in _one(events, "report")
    _, events = _train(tiny_llama.folder, tmp_path / "cut", settings)
    assert _one(events, "report")["resumed_within"] <= 1e-3
    whole, cut = (_adapter(tmp_path / name) for name in ("whole", "cut"))
    for name, value in whole.items():
        np.testing.assert_allclose(cut[name], value, rtol=1e-3, atol=1e-5)


def _adapter(out: Path) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return dict(load_file(out / "adapter" / "adapter_model.safetensors"))


def test_a_training_is_not_resumed_where_the_device_computes_another_loss(
    device: str, tiny_llama: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _train(tiny_llama.folder, tmp_path / "run", quick(epochs=1), Going(3))
    from orca_desk.student.torch.engine import TorchEngine

    honest = TorchEngine.evaluate
    monkeypatch.setattr(TorchEngine, "evaluate", lambda self, some: honest(self, some) * 1.1)
    with pytest.raises(FinalError, match="now computes the loss of the same records as"):
        _train(tiny_llama.folder, tmp_path / "run", quick(epochs=1))


def test_a_training_is_not_resumed_without_its_device(
    device: str, tiny_llama: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _train(tiny_llama.folder, tmp_path / "run", quick(epochs=1), Going(3))
    monkeypatch.setattr(choice, "listed_devices", tuple)
    with pytest.raises(UserError, match=f"began on the device {device}, which torch no longer finds"):
        _train(tiny_llama.folder, tmp_path / "run", quick(epochs=1))


def test_a_run_on_the_cpu_stays_there(
    device: str, tiny_llama: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCA_DESK_DEVICE", "cpu")
    _train(tiny_llama.folder, tmp_path / "run", quick(epochs=1), Going(3))
    monkeypatch.setenv("ORCA_DESK_DEVICE", "auto")
    _, events = _train(tiny_llama.folder, tmp_path / "run", quick(epochs=1))
    assert _one(events, "report")["device"] == "cpu"


def test_a_run_begun_before_devices_were_known_is_resumed_on_the_cpu(
    device: str, tiny_llama: TinyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCA_DESK_DEVICE", "cpu")
    _train(tiny_llama.folder, tmp_path / "run", quick(epochs=1), Going(3))
    path = tmp_path / "run" / "run.json"
    plan = json.loads(path.read_text())
    known = {"inputs", "engine", "dtype", "threads", "products", "gradient_checkpointing"}
    path.write_text(json.dumps({name: value for name, value in plan.items() if name in known}))
    outcome, events = _train(tiny_llama.folder, tmp_path / "run", quick(epochs=1))
    assert outcome.ending == "finished"
    assert _one(events, "report")["device"] == "cpu"


def test_an_overflow_in_float16_leaves_no_record_out(tiny_llama: TinyModel, tmp_path: Path) -> None:
    """A scale that is far too large overflows: the same step is taken with a smaller one."""
    from orca_desk.student.torch import engine as engines

    examples = _examples(tiny_llama.folder, 6)
    plan = {**engines.LATER, "dtype": "float16", "threads": 1, "products": "blas"}
    plan |= {"gradient_checkpointing": False, "attention": "split"}

    def step(scale: float) -> dict[str, torch.Tensor]:
        sets = _sets(examples)
        opened = engines.open_engine(tiny_llama.folder, quick(dtype="float16"), plan, sets)
        opened._scale.value = scale
        numbers = opened.take_step([examples], rate=1e-2, clip=1.0)
        assert np.isfinite(numbers.norm)
        assert opened._scale.value < 2.0**20
        return {name: p.detach().clone() for name, p in adapter_parameters(opened.model).items()}

    usual, after_overflow = step(2.0**12), step(2.0**30)
    for name, value in usual.items():
        torch.testing.assert_close(after_overflow[name], value, rtol=0.05, atol=2e-3)


def _sets(examples: list[Example]) -> Any:
    from orca_desk.student.data import ExampleSets

    return ExampleSets(training=tuple(examples), evaluation=(), report=None)  # type: ignore[arg-type]
