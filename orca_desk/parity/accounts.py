"""The two accounts of the same prompts, one by llama.cpp and one by torch, and their files."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from orca_desk.files import atomic_writer
from orca_desk.student.safetensors_files import Floats

END = -1  # in place of a token id: the answer ended here, with whichever of the model's end tokens
Ids = tuple[int, ...]


class _Account:
    """A dataclass of ragged lists of numbers and of `logits`, stored in an npz file."""

    def save(self, path: Path) -> None:
        """Write the account, all or nothing."""
        arrays: dict[str, Any] = {}
        for name, value in vars(self).items():
            if name == "logits":
                arrays[name] = value
            else:
                arrays[name] = np.array([item for row in value for item in row])
                arrays[f"{name}.lengths"] = np.array([len(row) for row in value], np.int64)
        with atomic_writer(path) as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            fields = {name: arrays[name] for name in arrays.files if name == "logits"}
            for name in arrays.files:
                if f"{name}.lengths" in arrays.files:
                    ends = np.cumsum(arrays[f"{name}.lengths"])[:-1]
                    fields[name] = tuple(tuple(row.tolist()) for row in np.split(arrays[name], ends))
        return cls(**fields)


@dataclass(frozen=True, kw_only=True)
class Served(_Account):
    """llama.cpp's account: the prompts' ids, its greedy answers, and logits [prompts, vocabulary].

    An answer that the model ended has END as its last token. The logits are those of each answer's first
    token.
    """

    prompts: tuple[Ids, ...]
    tokens: tuple[Ids, ...]
    logits: Floats


@dataclass(frozen=True, kw_only=True)
class Reference(_Account):
    """torch's account of `Served`: its own ids of the prompts, and for every served token its own choice.

    `gaps` holds how far each served token's logit is below the best one; 0 where both are the same.
    """

    prompts: tuple[Ids, ...]
    best: tuple[Ids, ...]
    gaps: tuple[tuple[float, ...], ...]
    logits: Floats


def judge(rows: Floats, tokens: Sequence[int], ends: Collection[int]) -> tuple[Ids, tuple[float, ...]]:
    """Return torch's own choices and how far the served `tokens` are behind them.

    `rows` [tokens, vocabulary] are the logits from which each token would be chosen; `ends` are the ids
    that end an answer, all of which count as END.
    """
    best, gaps = [], []
    for row, token in zip(rows, tokens, strict=True):
        top = int(row.argmax())
        served = row[list(ends)].max() if token == END else row[token]
        best.append(END if top in ends else top)
        gaps.append(float(row[top] - served))
    return tuple(best), tuple(gaps)
