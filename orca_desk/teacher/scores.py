"""Log-probabilities of tokens, from a decode's logits."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from orca_desk.teacher.requests import TokenScore


def score(logits: NDArray[np.float32], tokens: Sequence[int], best: int) -> list[TokenScore]:
    """Score `tokens[i]` by the logits of its place, [len(tokens), vocabulary], with the `best` likeliest.

    A token that ties with the likeliest has its log-probability exactly.
    """
    rows = np.arange(len(tokens))
    highest = logits.max(axis=1, keepdims=True)
    total = np.exp(logits - highest).sum(axis=1, keepdims=True, dtype=np.float64)
    norms = (highest + np.log(total))[:, 0]
    own = logits[rows, tokens] - norms
    top = _likeliest(logits, min(best, logits.shape[1]))
    values = np.take_along_axis(logits, top, axis=1) - norms[:, None]
    return [
        TokenScore(token, value, tuple(zip(places, others, strict=True)))
        for token, value, places, others in zip(
            tokens, own.tolist(), top.tolist(), values.tolist(), strict=True
        )
    ]


def _likeliest(logits: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Return the ids of the `count` highest logits of each row, best first, [rows, count]."""
    if count < 2:
        first: NDArray[np.intp] = logits.argmax(axis=1)
        return first[:, None][:, :count]
    if count < logits.shape[1]:
        some = np.argpartition(-logits, count - 1, axis=1)[:, :count]
    else:
        some = np.broadcast_to(np.arange(count), logits.shape)
    order = np.argsort(-np.take_along_axis(logits, some, axis=1), axis=1, kind="stable")
    best: NDArray[np.intp] = np.take_along_axis(some, order, axis=1)
    return best
