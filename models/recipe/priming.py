"""First weights that already know how to look things up: where training would otherwise stall.

Copying from context takes two attention layers that are of no use without each other, and a model of
this size finds the pair by chance only after hundreds of thousands of samples. So it starts from it
(in the spirit of mimetic initialisation, arXiv 2305.09828):

- in the first layer head h looks h + 1 tokens back, through a component that all embeddings share;
- in later layers a token looks for those whose preceding tokens resemble itself (layer 2), or resemble
  its own preceding tokens or itself (further layers), and passes on what it finds unchanged;
- the output head starts as the embedding: what is passed on is what is said.

All of it is free to change in training.
"""

import torch
from torch import Tensor

from models.recipe.model import ROPE_THETA, Block, Llama

SHARED = 4.0  # the component that all embeddings share
SHARP = 1.6  # how sharply the first layer looks back
FAST, SLOW = 4, 0.02  # rotary pairs that tell neighbours apart; speed below which they hardly turn
COPY = 1.5
MATCH = 2.25


@torch.no_grad()
def prime(model: Llama) -> None:
    """Set the first weights of `model` in place; draws from torch's global generator."""
    width = model.shape.width
    model.embedding.weight.normal_()
    model.embedding.weight[:, 0] = SHARED
    model.head.weight.copy_(model.embedding.weight * 0.1)
    model.head.weight[:, 0] = 0
    first, *rest = model.blocks
    gathered = _look_back(first)
    total = torch.stack(gathered).sum(0)
    for depth, block in enumerate(rest):
        own = gathered if depth == 0 else [torch.eye(width), *[total] * (model.shape.heads - 1)]
        _match_and_copy(block, own)
    for block in model.blocks:
        block.down.weight.zero_()


def open_new_block(block: Block) -> None:
    """Make a block change nothing, so that a trained model can grow by it."""
    with torch.no_grad():
        block.out.weight.zero_()
        block.down.weight.zero_()


def _speeds(head: int) -> Tensor:
    return ROPE_THETA ** (-torch.arange(0, head, 2) / head)


def _look_back(block: Block) -> list[Tensor]:
    """Make head h attend h + 1 tokens back; return what each head adds to the stream, as a matrix."""
    shape = block.shape
    query, key, value = block.qkv.weight.view(3, shape.heads, shape.head, shape.width)
    out = block.out.weight.view(shape.width, shape.heads, shape.head)
    speed, half = _speeds(shape.head)[:FAST], shape.head // 2
    query.mul_(0.1)
    key.mul_(0.1)
    query[:, :, 0], key[:, :, 0], value[:, :, 0] = 0, 0, 0
    for head in range(shape.heads):
        query[head, :FAST, 0] = SHARP
        key[head, :FAST, 0] = SHARP * ((head + 1) * speed).cos()
        key[head, half : half + FAST, 0] = SHARP * ((head + 1) * speed).sin()
    out.normal_(std=shape.width**-0.5)
    return [out[:, head] @ value[head] for head in range(shape.heads)]


def _match_and_copy(block: Block, own: list[Tensor]) -> None:
    """Make head h attend where the stream resembles own[h] of this token's, and copy what is there."""
    shape = block.shape
    query, key, value = block.qkv.weight.view(3, shape.heads, shape.head, shape.width)
    out = block.out.weight.view(shape.width, shape.heads, shape.head)
    steady = (_speeds(shape.head) < SLOW).float().repeat(2)[:, None]
    basis = torch.linalg.qr(torch.randn(shape.width, shape.width))[0]
    value.copy_(basis.view(shape.heads, shape.head, shape.width))
    out.copy_(COPY * value.permute(2, 0, 1))
    for head in range(shape.heads):
        match = torch.randn(shape.head, shape.width) * steady * MATCH * shape.width**-0.5
        match[:, 0] = 0
        key[head] = match
        query[head] = match @ own[head]
