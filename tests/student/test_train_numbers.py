"""The numbers of training: they are those of plain transformers and PEFT, and no record sees another."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from tiny_models import TinyModel
from training_records import make_records, quick

from orca_desk.errors import UserError
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.renderer import Renderer
from orca_desk.student.data import Example, render
from orca_desk.student.packing import collate
from orca_desk.student.torch.kernels import replace_forwards
from orca_desk.student.torch.loss import NEAR, SAME, require_own_logits, summed_loss
from orca_desk.student.torch.matmul import MatmulLibrary, faster_library, matmul, use_library
from orca_desk.student.torch.model import adapter_parameters, add_adapter, load_base


@pytest.fixture(params=["llama", "qwen2"])
def folder(request: Any, tiny_llama: TinyModel, tiny_qwen: TinyModel) -> Path:
    return {"llama": tiny_llama, "qwen2": tiny_qwen}[request.param].folder


def _examples(folder: Path, count: int = 6) -> list[Example]:
    renderer = Renderer(HFTokenizer.load(folder))
    return [render(record, renderer) for record in make_records(count)]


def _adapted(folder: Path, *, fast: bool, **changes: Any) -> PeftModel:
    """Return the model with an adapter that already changes something."""
    settings = quick(**{"dtype": "float32"} | changes)
    model = add_adapter(load_base(folder, settings.dtype), settings)
    random = torch.Generator().manual_seed(5)
    for parameter in adapter_parameters(model).values():
        parameter.data = torch.randn(parameter.shape, generator=random) * 0.1
    if fast:
        replace_forwards(model)
    return model.eval()


def _plain_loss(model: PeftModel, example: Example) -> torch.Tensor:
    """The reference: labels into the whole model, one record at a time, summed by torch."""
    ids = torch.tensor([example.ids])
    labels = ids.masked_fill(~torch.tensor([example.mask]), -100)
    logits = model(input_ids=ids).logits[0, :-1]
    return torch.nn.functional.cross_entropy(logits, labels[0, 1:], reduction="sum", ignore_index=-100)


def _gradients(model: PeftModel) -> dict[str, torch.Tensor]:
    return {name: p.grad for name, p in adapter_parameters(model).items() if p.grad is not None}


@pytest.fixture(params=["blas", "onednn"])
def library(request: Any) -> Iterator[MatmulLibrary]:
    use_library(request.param)
    yield request.param
    use_library("blas")


@pytest.mark.parametrize("targets", ["all-linear", "q_proj,v_proj", "down_proj,up_proj"])
def test_loss_and_gradients_are_those_of_transformers_and_peft(
    folder: Path, targets: str, library: MatmulLibrary
) -> None:
    examples = _examples(folder)
    plain = _adapted(folder, fast=False, targets=targets, rslora=True)
    expected = sum((_plain_loss(plain, example) for example in examples), torch.zeros(()))
    expected.backward()
    fast = _adapted(folder, fast=True, targets=targets, rslora=True)
    loss = summed_loss(fast, collate(examples))
    loss.backward()
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=0)
    wanted, got = _gradients(plain), _gradients(fast)
    assert wanted.keys() == got.keys() == adapter_parameters(fast).keys()
    for name, gradient in wanted.items():
        torch.testing.assert_close(got[name], gradient, rtol=1e-4, atol=1e-4 * float(gradient.abs().max()))


def test_products_take_any_strides(library: MatmulLibrary) -> None:
    random = torch.Generator().manual_seed(1)
    x, y = torch.randn(50, 12, generator=random), torch.randn(50, 7, generator=random)
    w = torch.randn(7, 12, generator=random)
    for left, right in ((x, w), (y, w.t()), (x.t(), y.t()), (y[:, 2:5].t(), x.t()), (x[:, :4], w[:, :4])):
        wanted = left @ right.T
        added = torch.ones_like(wanted)
        torch.testing.assert_close(matmul(left, right), wanted, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(matmul(left, right, add=added), wanted + 1, rtol=1e-5, atol=1e-5)


def test_the_faster_library_is_named_and_the_one_in_use_stays(library: MatmulLibrary) -> None:
    assert faster_library(rows=64, width=16, out=32, rank=4) in ("blas", "onednn")
    x = torch.full((3, 4), 0.1)
    before = matmul(x, x)
    assert torch.equal(matmul(x, x), before)


def test_bfloat16_gradients_are_near_those_of_float32(folder: Path) -> None:
    examples = _examples(folder)
    gradients = []
    for dtype in ("float32", "bfloat16"):
        model = _adapted(folder, fast=True, dtype=dtype)
        summed_loss(model, collate(examples)).backward()
        gradients.append(torch.cat([g.flatten() for g in _gradients(model).values()]))
    assert torch.nn.functional.cosine_similarity(*gradients, dim=0) > 0.99


def test_the_head_in_chunks_gives_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = _examples(folder)
    results = []
    for chunk in (2**24, 512 * 7):
        monkeypatch.setattr("orca_desk.student.torch.loss.LOGITS_AT_ONCE", chunk)
        model = _adapted(folder, fast=True)
        loss = summed_loss(model, collate(examples))
        loss.backward()
        results.append((loss.detach(), _gradients(model)))
    torch.testing.assert_close(results[0], results[1], rtol=1e-4, atol=1e-4)


def test_a_record_in_a_batch_has_the_logits_it_has_alone(folder: Path) -> None:
    model = _adapted(folder, fast=True)
    examples = _examples(folder)
    batch = collate(examples)
    with torch.no_grad():
        together = model(input_ids=torch.from_numpy(batch.ids)).logits
        for row, example in enumerate(examples):
            alone = model(input_ids=torch.tensor([example.ids])).logits[0]
            torch.testing.assert_close(together[row, : len(example.ids)], alone, rtol=1e-4, atol=1e-4)


def test_changing_a_record_leaves_its_neighbours_losses_alone(folder: Path) -> None:
    """The same through the loss itself: a batch's loss is the sum of what its records lose alone."""
    model = _adapted(folder, fast=True)
    first, second, third = _examples(folder, 3)
    with torch.no_grad():
        alone = [float(summed_loss(model, collate([example]))) for example in (first, second, third)]
        pair = float(summed_loss(model, collate([first, second])))
        other = float(summed_loss(model, collate([first, third])))
    np.testing.assert_allclose([pair, other], [alone[0] + alone[1], alone[0] + alone[2]], rtol=1e-5)


def test_dropout_drops_in_training_alone(folder: Path) -> None:
    model = _adapted(folder, fast=True, dropout=0.5)
    batch = collate(_examples(folder))
    with torch.no_grad():
        still = float(summed_loss(model, batch)), float(summed_loss(model, batch))
        model.train()
        moving = float(summed_loss(model, batch)), float(summed_loss(model, batch))
    assert still[0] == still[1]
    assert moving[0] != moving[1]


def test_the_adapter_is_float32_on_a_bfloat16_base(folder: Path) -> None:
    model = add_adapter(load_base(folder, "bfloat16"), quick())
    replace_forwards(model)
    loss = summed_loss(model, collate(_examples(folder)))
    loss.backward()
    assert {parameter.dtype for parameter in adapter_parameters(model).values()} == {torch.float32}
    assert all(bool(gradient.isfinite().all()) for gradient in _gradients(model).values())
    exact = float(summed_loss(_adapted_fresh(folder), collate(_examples(folder))).detach())
    assert float(loss.detach()) == pytest.approx(exact, rel=0.02)


def _adapted_fresh(folder: Path) -> PeftModel:
    return add_adapter(load_base(folder, "float32"), quick())


def test_gradient_checkpointing_changes_no_gradient(folder: Path) -> None:
    results = []
    for checkpointing in (False, True):
        model = _adapted(folder, fast=True).train()
        if checkpointing:
            model.get_base_model().activation_checkpointing_enable()
        summed_loss(model, collate(_examples(folder))).backward()
        results.append(_gradients(model))
    torch.testing.assert_close(results[0], results[1], rtol=0, atol=0)


def test_a_model_whose_logits_are_capped_is_refused(folder: Path) -> None:
    base = load_base(folder, "bfloat16").eval()
    ids = torch.tensor([_examples(folder)[0].ids])
    with torch.no_grad():
        logits = base(input_ids=ids).logits.float()
    require_own_logits(base, ids, logits, SAME)
    highest = float(logits.abs().max())
    with pytest.raises(UserError, match="cannot train yet"):
        require_own_logits(base, ids, torch.tanh(logits / highest) * highest, SAME)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_layers_that_compute_something_else_are_refused(folder: Path, dtype: str) -> None:
    base = load_base(folder, dtype).eval()
    ids = torch.tensor([_examples(folder)[0].ids])
    with torch.no_grad():
        logits = base(input_ids=ids).logits
    replace_forwards(add_adapter(base, quick()))
    require_own_logits(base, ids, logits, NEAR[dtype])
    base.get_decoder().layers[0].self_attn.scaling *= 3
    with pytest.raises(UserError, match="cannot train yet"):
        require_own_logits(base, ids, logits, NEAR[dtype])
