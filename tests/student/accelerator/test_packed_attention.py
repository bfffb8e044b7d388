"""Attention within packed records: each kernel that this machine can run against its definition."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orca_desk.student.accelerator import race
from orca_desk.student.accelerator.attention import RowLayout, attend, block_mask, is_suitable
from orca_desk.student.accelerator.packing import BLOCK, Kernel, RowRoom
from orca_desk.student.accelerator.race import AttentionShape, race_kernels

CPU = torch.device("cpu")
uncompiled = pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA or ROCm device")


def _starts(lengths: list[int]) -> Any:
    total = -(-sum(lengths) // BLOCK) * BLOCK
    return np.unique([0, *np.cumsum(lengths), total])


def _states(count: int, *, kv_heads: int = 2) -> list[torch.Tensor]:
    random = torch.Generator().manual_seed(count)
    return [torch.randn(1, heads, count, 16, generator=random) for heads in (4, kv_heads, kv_heads)]


def _by_definition(
    states: list[torch.Tensor], starts: Any, *, window: int = 0, cap: float = 0.0
) -> torch.Tensor:
    """The dense way: every token against every token, and what it must not see set to nothing."""
    q, k, v = (state[0].double() for state in states)
    k, v = (state.repeat_interleave(len(q) // len(state), 0) for state in (k, v))
    scores = q @ k.transpose(1, 2) * 16**-0.5
    if cap:
        scores = cap * torch.tanh(scores / cap)
    place = torch.arange(scores.shape[-1])
    record = torch.from_numpy(np.repeat(np.arange(len(starts) - 1), np.diff(starts)))
    seen = (place[None] <= place[:, None]) & (record[None] == record[:, None])
    if window:
        seen &= place[:, None] - place[None] < window
    return (scores.masked_fill(~seen, -torch.inf).softmax(-1) @ v)[None].float()


@uncompiled
@pytest.mark.parametrize("window", [0, 1, 7, 200])
@pytest.mark.parametrize("cap", [0.0, 2.0])
def test_flex_attention_is_attention_within_records(window: int, cap: float) -> None:
    starts = _starts([50, 3, 120, 60, 300, 5])
    states = _states(int(starts[-1]))
    mixed = attend(*states, RowLayout.of(starts, "flex", CPU), scale=16**-0.5, window=window, cap=cap)
    torch.testing.assert_close(
        mixed, _by_definition(states, starts, window=window, cap=cap), rtol=1e-4, atol=1e-5
    )


def test_split_attention_and_its_gradients_are_attention_within_records() -> None:
    starts = _starts([50, 3, 120])
    states = [state.requires_grad_() for state in _states(int(starts[-1]))]
    upstream = torch.randn(1, 4, int(starts[-1]), 16, generator=torch.Generator().manual_seed(9))
    mixed = attend(*states, RowLayout.of(starts, "split", CPU), scale=16**-0.5)
    wanted = _by_definition(states, starts)
    torch.testing.assert_close(mixed, wanted, rtol=1e-4, atol=1e-5)
    for got, expected in zip(
        torch.autograd.grad(mixed, states, upstream),
        torch.autograd.grad(wanted, states, upstream),
        strict=True,
    ):
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 200), min_size=1, max_size=8), st.sampled_from([0, 1, 40, 128, 300]))
def test_the_blocks_are_those_that_a_dense_mask_has(lengths: list[int], window: int) -> None:
    starts = _starts(lengths)
    mask = block_mask(RowLayout.of(starts, "split", CPU), window)
    total = int(starts[-1])
    place = torch.arange(total)
    record = torch.from_numpy(np.repeat(np.arange(len(starts) - 1), np.diff(starts)))
    seen = (place[None] <= place[:, None]) & (record[None] == record[:, None])
    if window:
        seen &= place[:, None] - place[None] < window
    blocks = seen.unflatten(0, (-1, BLOCK)).unflatten(2, (-1, BLOCK)).transpose(1, 2).flatten(2)
    full = blocks.all(-1)
    partial = blocks.any(-1) & ~full
    assert torch.equal(mask.kv_num_blocks[0, 0], partial.sum(1).int())
    assert torch.equal(mask.full_kv_num_blocks[0, 0], full.sum(1).int())
    for row in range(total // BLOCK):
        listed = mask.kv_indices[0, 0, row, : int(partial[row].sum())]
        assert sorted(listed.tolist()) == partial[row].nonzero().flatten().tolist()


def test_the_race_names_a_kernel_that_is_right_and_why_the_others_are_out() -> None:
    shape = AttentionShape(heads=4, kv_heads=2, size=16)
    found = race_kernels(shape, [50, 3, 120], device=CPU, dtype=torch.float32)
    assert found.fastest == "split"
    assert set(found.failures) == {"varlen", "flex"}
    assert all(found.failures.values())


def leaking(*arguments: Any, **named: Any) -> torch.Tensor:
    return attend(*arguments, **named) * 1.1


def crooked(*arguments: Any, **named: Any) -> torch.Tensor:
    mixed = attend(*arguments, **named)
    return mixed + 0.1 * (mixed - mixed.detach())


@pytest.mark.parametrize(
    ("kernel", "reason"),
    [(leaking, "is wrong by"), (crooked, "its gradient of queries is wrong by")],
    ids=["results", "gradients"],
)
def test_a_kernel_that_computes_something_else_is_out(
    monkeypatch: pytest.MonkeyPatch, kernel: Any, reason: str
) -> None:
    monkeypatch.setattr(race, "attend", kernel)
    found = race_kernels(
        AttentionShape(heads=4, kv_heads=2, size=16), [50, 60], device=CPU, dtype=torch.float32
    )
    assert found.fastest == "rows"
    assert reason in found.failures["split"]


def test_a_kernel_that_fails_without_a_text_is_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> torch.Tensor:
        raise AssertionError

    monkeypatch.setattr(race, "attend", fails)
    found = race_kernels(
        AttentionShape(heads=4, kv_heads=2, size=16), [50, 60], device=CPU, dtype=torch.float32
    )
    assert found.failures["split"] == "AssertionError"


def test_rounding_to_16_bits_is_no_error() -> None:
    shape = AttentionShape(heads=4, kv_heads=2, size=64)
    found = race_kernels(shape, [200, 3, 120], device=CPU, dtype=torch.bfloat16)
    assert found.fastest == "split", found.failures


@uncompiled
@pytest.mark.parametrize(("window", "cap"), [(0, 0.0), (40, 0.0), (0, 2.0)])
def test_what_kernels_are_compared_with_is_attention_within_records(window: int, cap: float) -> None:
    starts = _starts([50, 3, 120])
    states = [state.requires_grad_() for state in _states(int(starts[-1]))]
    upstream = torch.randn(1, 4, int(starts[-1]), 16, generator=torch.Generator().manual_seed(9))
    wanted = _by_definition(states, starts, window=window, cap=cap)
    shape = AttentionShape(heads=4, kv_heads=2, size=16, cap=cap)
    for got, expected in zip(
        race._plain([*states, upstream], starts, shape, window),
        [wanted, *torch.autograd.grad(wanted, states, upstream)],
        strict=True,
    ):
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


def test_without_a_suitable_kernel_records_have_rows_of_their_own() -> None:
    shape = AttentionShape(heads=4, kv_heads=2, size=16, windows=(0, 32), cap=50.0)
    assert race_kernels(shape, [50, 60], device=CPU, dtype=torch.float32).fastest == "rows"


def test_apples_gpu_has_no_kernel_for_packed_rows() -> None:
    kernels: tuple[Kernel, ...] = ("varlen", "flex", "split")
    assert not any(is_suitable(kernel, torch.device("mps"), torch.float16) for kernel in kernels)


@GPU
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_a_gpu_has_a_kernel_for_packed_rows(dtype: torch.dtype) -> None:
    shape = AttentionShape(heads=8, kv_heads=4, size=64)
    found = race_kernels(shape, [500, 300, 90], device=torch.device("cuda:0"), dtype=dtype)
    assert found.fastest != "rows"


def test_rows_are_laid_out_alike_where_layers_are_compiled() -> None:
    """Layers are compiled again for each other number of records and longest record."""
    room = RowRoom(records=32, longest=256)
    layouts = [RowLayout.of(_starts([90] * count), "varlen", CPU, room) for count in (3, 17, 30)]
    assert {layout.starts.shape for layout in layouts} == {(33,)}
    assert {layout.longest for layout in layouts} == {256}
    assert layouts[0].starts.tolist()[:4] == [0, 90, 180, 270]
    assert set(layouts[0].starts.tolist()[4:]) == {384}


def test_a_kernel_that_must_be_compiled_is_not_tried_for_a_short_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(race, "is_suitable", lambda kernel, *_, **__: kernel in ("split", "flex"))
    shape = AttentionShape(heads=4, kv_heads=2, size=16)
    found = race_kernels(shape, [50, 60], device=CPU, dtype=torch.float32, is_long=False)
    assert found.fastest == "split"
    assert found.failures["flex"] == "the training is too short to compile it"
