"""Attention by blocks of queries computes what torch's own computes."""

import pytest
import torch
from torch import Tensor, nn

from orca_desk.student.torch import row_attention
from orca_desk.student.torch.row_attention import RowAttention

SIZE, SCALE = 16, 0.3


def _states(tokens: int, heads: int, kv_heads: int, dtype: torch.dtype) -> list[Tensor]:
    random = torch.Generator().manual_seed(tokens)
    shapes = [(2, tokens, count * SIZE) for count in (heads, kv_heads, kv_heads, heads)]
    return [torch.randn(shape, generator=random).to(dtype).requires_grad_() for shape in shapes]


def _reference(q: Tensor, k: Tensor, v: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    def by_heads(states: Tensor) -> Tensor:
        return states.unflatten(-1, (-1, SIZE)).transpose(1, 2)

    def rotated(states: Tensor) -> Tensor:
        first, second = states.chunk(2, -1)
        return torch.cat((first * cos - second * sin, second * cos + first * sin), -1)

    mixed = nn.functional.scaled_dot_product_attention(
        rotated(by_heads(q)),
        rotated(by_heads(k)),
        by_heads(v),
        is_causal=True,
        scale=SCALE,
        enable_gqa=True,
    )
    return mixed.transpose(1, 2).flatten(2)


# One token; less than a block; a block and a bit; several blocks.
@pytest.mark.parametrize("tokens", [1, 37, 65, 200])
@pytest.mark.parametrize("heads", [(4, 4), (6, 2), (3, 1)])
@pytest.mark.parametrize(("stored", "at_once"), [(0, 2**22), (512, 1), (512, 2**22)])
def test_it_is_that_of_torch(
    tokens: int, heads: tuple[int, int], stored: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_attention, "STORED", stored)
    monkeypatch.setattr(row_attention, "AT_ONCE", at_once)
    q, k, v, upstream = _states(tokens, *heads, torch.float32)
    angles = torch.arange(tokens)[None, :, None] * torch.rand(SIZE // 2)
    cos, sin = angles.cos(), angles.sin()
    mixed = RowAttention.apply(q, k, v, cos, sin, SCALE, SIZE)
    wanted = _reference(q, k, v, cos[:, None], sin[:, None])
    torch.testing.assert_close(mixed, wanted, rtol=1e-4, atol=1e-5)
    gradients = torch.autograd.grad(mixed, (q, k, v), upstream)
    expected = torch.autograd.grad(wanted, (q, k, v), upstream)
    torch.testing.assert_close(gradients, expected, rtol=1e-4, atol=1e-4)


def test_in_bfloat16_it_is_as_near_to_float32_as_that_of_torch() -> None:
    q, k, v = (each.detach() for each in _states(150, 6, 2, torch.bfloat16)[:3])
    angles = torch.arange(150)[None, :, None] * torch.rand(SIZE // 2)
    cos, sin = angles.cos().bfloat16(), angles.sin().bfloat16()
    exact = _reference(q.float(), k.float(), v.float(), cos[:, None].float(), sin[:, None].float())
    own = _reference(q, k, v, cos[:, None], sin[:, None])
    ours = RowAttention.apply(q, k, v, cos, sin, SCALE, SIZE)
    assert ours.dtype == torch.bfloat16
    assert float((ours.float() - exact).norm()) < 1.1 * float((own.float() - exact).norm())


def test_products_elsewhere_stay_exact() -> None:
    before = torch.backends.mkldnn.matmul.fp32_precision
    states = [each.detach() for each in _states(20, 2, 2, torch.bfloat16)[:3]]
    angles = torch.zeros(1, 20, SIZE // 2, dtype=torch.bfloat16)
    RowAttention.apply(*states, angles, angles, SCALE, SIZE)
    assert torch.backends.mkldnn.matmul.fp32_precision == before
