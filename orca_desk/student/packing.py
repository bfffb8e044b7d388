"""Batches and steps: records of similar length, padded on the right.

On a CPU this is faster than packing records into one row, where attention would need a dense T x T mask: a
causal batch of rows needs none. A record sees neither another record (which has its own row) nor its padding
(which comes after it), so its logits are its own. Records of similar length share a batch, so there is little
padding.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orca_desk.student.data import Example
from orca_desk.student.settings import TrainSettings

POOL = 32  # batches whose records are sorted by length together: enough for little padding


@dataclass(frozen=True, kw_only=True)
class TrainingBatch:
    """Rows of records: `ids` [rows, longest] padded with 0.

    `positions` [n] are the indices, in the flattened rows, of the states that predict a trained token, and
    `targets` [n] are those tokens. `tokens` counts all tokens without padding.
    """

    ids: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]
    tokens: int


@dataclass(frozen=True, kw_only=True)
class TrainingStep:
    """One optimizer step: the batches (lists of record indices) whose gradients it sums."""

    epoch: int
    batches: list[list[int]]
    ends_epoch: bool


def schedule_steps(
    lengths: Sequence[int], settings: TrainSettings, *, packs: bool = False
) -> Iterator[TrainingStep]:
    """Yield every step of the run: a pure function of the records' lengths, the settings and `packs`."""
    for epoch in range(settings.epochs):
        batches = plan(lengths, settings.batch_tokens, seed=settings.seed, epoch=epoch, packs=packs)
        steps = windows(batches, settings.accumulation)
        for index, window in enumerate(steps):
            yield TrainingStep(epoch=epoch + 1, batches=window, ends_epoch=index == len(steps) - 1)


def plan(
    lengths: Sequence[int],
    batch_tokens: int,
    *,
    seed: int | None = None,
    epoch: int = 0,
    packs: bool = False,
) -> list[list[int]]:
    """Return batches as lists of indices into `lengths`, each index in exactly one of them.

    A batch takes at most `batch_tokens`, unless a single record is longer: rows times the longest length, or
    where the engine `packs` records into one row, the sum of their lengths. With a seed,
    records are shuffled and sorted by length within pools of POOL batches, then the batches are shuffled: a
    pure function of the arguments. Without one, all are in order of length.
    """
    if seed is None:
        return _cut(sorted(range(len(lengths)), key=lengths.__getitem__), lengths, batch_tokens, packs=packs)
    random = np.random.default_rng([seed, epoch])
    order = [int(index) for index in random.permutation(len(lengths))]
    mean = max(1, sum(lengths) // max(1, len(lengths)))
    size = max(1, POOL * batch_tokens // mean)
    batches: list[list[int]] = []
    for start in range(0, len(order), size):
        pool = sorted(order[start : start + size], key=lengths.__getitem__)
        batches += _cut(pool, lengths, batch_tokens, packs=packs)
    return [batches[index] for index in random.permutation(len(batches))]


def windows(batches: Sequence[list[int]], accumulation: int) -> list[list[list[int]]]:
    """Group an epoch's batches into steps of `accumulation` batches; the last may have fewer."""
    starts = range(0, len(batches), accumulation)
    return [list(batches[start : start + accumulation]) for start in starts]


def collate(examples: Sequence[Example]) -> TrainingBatch:
    """Lay the examples out as rows of one batch."""
    width = max(len(example.ids) for example in examples)
    ids = np.zeros((len(examples), width), np.int64)
    trained = np.zeros((len(examples), width), bool)
    for row, example in enumerate(examples):
        ids[row, : len(example.ids)] = example.ids
        trained[row, : len(example.mask)] = example.mask
    rows, columns = np.nonzero(trained[:, 1:])
    return TrainingBatch(
        ids=ids,
        positions=rows * width + columns,
        targets=ids[rows, columns + 1],
        tokens=sum(len(example.ids) for example in examples),
    )


def _cut(order: Sequence[int], lengths: Sequence[int], batch_tokens: int, *, packs: bool) -> list[list[int]]:
    """Cut indices in order of length into batches, longest first so that the last one is the small one."""
    batches: list[list[int]] = []
    taken = 0
    for index in reversed(order):
        # Rows are as long as the first record of their batch, which is its longest.
        needed = lengths[index] if packs or not batches else lengths[batches[-1][0]]
        if batches and taken + needed <= batch_tokens:
            batches[-1].append(index)
            taken += needed
        else:
            batches.append([index])
            taken = lengths[index]
    return batches
