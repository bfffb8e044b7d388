"""llama.cpp's account of a file, which its worker writes and torch's worker reads, and torch's judgement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from orca_desk.files import atomic_writer
from orca_desk.student.safetensors_files import Floats

END = -1  # in place of a token id: the answer ended here, with whichever of the model's end tokens
Ids = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Served:
    """llama.cpp's account of a file: the prompts' ids, its greedy answers, and logits [prompts, vocabulary].

    An answer that the model ended has END as its last token. The logits are those of each answer's first
    token; `base_logits` are the same without the adapter, and have no rows for a file that holds it. `probes`
    are the ids of `probes.probe_ids`, `ends` those at which llama.cpp itself stops.
    """

    prompts: tuple[Ids, ...]
    probes: tuple[Ids, ...]
    tokens: tuple[Ids, ...]
    ends: Ids
    logits: Floats
    base_logits: Floats

    def save(self, path: Path) -> None:
        """Write the account to an npz file, all or nothing."""
        arrays: dict[str, Any] = {"logits": self.logits, "base_logits": self.base_logits}
        for name, rows in (("prompts", self.prompts), ("probes", self.probes), ("tokens", self.tokens)):
            arrays[name] = np.array([item for row in rows for item in row], np.int64)
            arrays[f"{name}.lengths"] = np.array([len(row) for row in rows], np.int64)
        with atomic_writer(path) as file:
            np.savez(file, **arrays, ends=np.array(self.ends, np.int64))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            ragged = {}
            for name in ("prompts", "probes", "tokens"):
                ends = np.cumsum(arrays[f"{name}.lengths"])[:-1]
                rows = np.split(arrays[name], ends) if len(arrays[f"{name}.lengths"]) else []
                ragged[name] = tuple(tuple(row.tolist()) for row in rows)
            return cls(
                **ragged,
                ends=tuple(arrays["ends"].tolist()),
                logits=arrays["logits"],
                base_logits=arrays["base_logits"],
            )


@dataclass(frozen=True, kw_only=True)
class Judged:
    """torch's own choice at each token of one served answer, and how far the served one is behind it."""

    best: Ids
    gaps: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """torch's account of the prompts: its own ids, and logits [prompts, vocabulary] of each first token.

    `end` is the token that a trained answer ends with. `base_logits` are those without the adapter.
    """

    prompts: tuple[Ids, ...]
    probes: tuple[Ids, ...]
    end: int
    logits: Floats
    base_logits: Floats


def judge(rows: Floats, tokens: Sequence[int], ends: Collection[int]) -> Judged:
    """Return torch's own choices and how far the served `tokens` are behind them.

    `rows` [tokens, vocabulary] are the logits from which each token would be chosen; `ends` are the ids
    that end an answer, all of which count as END. A served answer that goes on after one of them is
    infinitely far behind.
    """
    best, gaps = [], []
    for row, token in zip(rows, tokens, strict=True):
        top = int(row.argmax())
        if token == END:
            gap = float(row[top] - row[list(ends)].max())
        else:
            gap = float("inf") if token in ends else float(row[top] - row[token])
        best.append(END if top in ends else top)
        gaps.append(gap)
    return Judged(best=tuple(best), gaps=tuple(gaps))
