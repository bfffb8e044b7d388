"""Packed batches: records one after the other in a single row, without padding between them.

An accelerator has attention for such rows that skips everything outside a record (`attention`), so packing
costs no dense mask there and spares all padding. On a CPU rows of similar length are faster
(`orca_desk.student.packing`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from orca_desk.student.data import Example
from orca_desk.student.packing import TrainingBatch

Kernel = Literal["varlen", "flex", "split"]  # see `attention`
BLOCK = 128  # rows have a multiple of this length: FlexAttention's block, and few shapes to compile for


@dataclass(frozen=True)
class RowRoom:
    """For how many records, of how many tokens, rows are laid out, so that they are laid out alike.

    Compiled layers are compiled again for each other row; where nothing is compiled, there is no need.
    """

    records: int = 0
    longest: int = 0


@dataclass(frozen=True, kw_only=True)
class PackedBatch(TrainingBatch):
    """A row of records: `ids` [1, n].

    `starts` [records + 1] are the places where records begin, and the end of the row; `places` [1, n] are
    the tokens' places within their records. What fills the row up to a multiple of BLOCK counts as a record
    of its own, of which nothing is trained. `room` is what it is laid out for at least.
    """

    kernel: Kernel
    room: RowRoom
    starts: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]


def pack(
    examples: Sequence[Example], kernel: Kernel, block: int = BLOCK, room: RowRoom | None = None
) -> PackedBatch:
    """Lay the examples out in one row, filled up to a multiple of `block` tokens, itself one of BLOCK."""
    lengths = [len(example.ids) for example in examples]
    used = sum(lengths)
    total = -(-used // block) * block
    starts = np.cumsum([0, *lengths, *([total - used] if total > used else [])]).astype(np.int64)
    ids = np.zeros((1, total), np.int64)
    trained = np.zeros(total, bool)
    for start, example in zip(starts, examples, strict=False):
        ids[0, start : start + len(example.ids)] = example.ids
        # Nothing of its own record precedes a first token, so it is never predicted.
        trained[start + 1 : start + len(example.mask)] = example.mask[1:]
    targets = np.flatnonzero(trained)
    return PackedBatch(
        ids=ids,
        positions=targets - 1,
        targets=ids[0, targets],
        tokens=used,
        kernel=kernel,
        room=room or RowRoom(),
        starts=starts,
        places=(np.arange(total) - np.repeat(starts[:-1], np.diff(starts)))[None],
    )
