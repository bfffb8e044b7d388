"""A base in 4 bits, by bitsandbytes itself where it is installed."""

from pathlib import Path

import pytest
import torch
from tiny_models import TinyModel
from torch import nn
from training_records import Going, make_records, quick, write_records

from orca_desk.errors import UserError
from orca_desk.student.accelerator import four_bits
from orca_desk.student.accelerator.four_bits import FourBitLinear, pack_linears
from orca_desk.student.train import train

CPU = torch.device("cpu")


def test_without_bitsandbytes_a_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(four_bits.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="needs bitsandbytes, which is not installed"):
        pack_linears(nn.Sequential(nn.Linear(64, 64)), CPU)


def test_a_packed_layer_is_near_the_original_and_passes_gradients_on() -> None:
    pytest.importorskip("bitsandbytes")
    torch.manual_seed(0)
    body = nn.Sequential(nn.Linear(64, 96), nn.Linear(96, 32, bias=False))
    x = torch.randn(5, 64, requires_grad=True)
    before = body(x)
    (wanted,) = torch.autograd.grad(before.sum(), x)
    assert pack_linears(body, CPU) == 2
    assert all(isinstance(layer, FourBitLinear) for layer in body)
    after = body(x)
    (got,) = torch.autograd.grad(after.sum(), x)
    for one, other in ((after, before), (got, wanted)):
        assert torch.nn.functional.cosine_similarity(one.flatten(), other.flatten(), dim=0) > 0.97


@pytest.mark.parametrize("dropout", [0.0, 0.1])  # with it, PEFT's own layers compute
def test_a_student_in_four_bits_learns(dropout: float, tiny_llama: TinyModel, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    events = []
    outcome = train(
        base=tiny_llama.folder,
        records=write_records(tmp_path / "records.jsonl", make_records(24)),
        out=tmp_path / "run",
        settings=quick(base_bits="4", dropout=dropout),
        emit=events.append,
        control=Going(),
    )
    assert outcome.base_loss is not None
    assert outcome.best_loss is not None
    assert outcome.best_loss < outcome.base_loss / 2
    report = next(event for event in events if event["event"] == "report")
    assert report["parameters"] > 100_000  # packed weights count as many as they were
