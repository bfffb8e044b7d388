"""The formats of an export: what each can hold, and what it asks of a row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from orca_desk.formats.writers.data_row import DataRow
from orca_desk.formats.writers.shapes import (
    BatchOptions,
    as_alpaca,
    as_batch_request,
    as_kto,
    as_lm_eval,
    as_messages,
    as_preference,
    as_prompt_completion,
    as_prompt_completion_chat,
    as_sharegpt,
)

FormatName = Literal[
    "jsonl", "csv", "parquet", "messages", "sharegpt", "alpaca", "prompt-completion",
    "prompt-completion-chat", "preference", "kto", "mlx", "lm-eval", "openai-batch",
]  # fmt: skip
Container = Literal["jsonl", "csv", "parquet"]
Missing = Literal["no-answer", "no-label", "turns"]  # why a format has no place for a row
Loss = Literal["system", "joined"]  # what of a row that is written the format leaves out or changes


@dataclass(frozen=True, kw_only=True)
class DataFormat:
    """One format.

    `shape` makes the values of a row; None: the columns of its table, as they are. `containers` are the files
    that it can be in, the usual one first. `system`, `turns` and `context` say whether it keeps system
    messages, earlier turns and a context apart from the question. `trains`: its rows are made to be trained
    on, so that held-out ones stay out of it. `answered`: a row without an answer has no place.
    `folder`: it is always a folder.
    """

    name: FormatName
    shape: Callable[[DataRow], dict[str, Any]] | None
    containers: tuple[Container, ...] = ("jsonl", "parquet")
    system: bool = True
    turns: bool = True
    context: bool = False
    trains: bool = True
    answered: bool = True
    labelled: bool = False
    paired: bool = False
    folder: bool = False

    def missing(self, row: DataRow) -> Missing | None:
        """Return why a row has no place in this format; None where it has one."""
        if self.answered and not (row.answer or "").strip():
            return "no-answer"
        if row.turns and not self.turns:
            return "turns"
        if self.labelled and row.label is None:
            return "no-label"
        return None

    def losses(self, row: DataRow) -> tuple[Loss, ...]:
        """Return what is lost of a row that has a place."""
        lost: list[Loss] = []
        if row.system and not self.system:
            lost.append("system")
        if row.context and not self.context:
            lost.append("joined")
        return tuple(lost)


_ALL = (
    *(
        DataFormat(name=one, shape=None, containers=(one,), context=True, trains=False, answered=False)
        for one in ("jsonl", "csv", "parquet")
    ),
    DataFormat(name="messages", shape=as_messages),
    DataFormat(name="sharegpt", shape=as_sharegpt),
    DataFormat(
        name="alpaca", shape=as_alpaca, containers=("jsonl", "csv", "parquet"),
        system=False, turns=False, context=True,
    ),
    DataFormat(
        name="prompt-completion", shape=as_prompt_completion, containers=("jsonl", "csv", "parquet"),
        system=False, turns=False,
    ),
    DataFormat(name="prompt-completion-chat", shape=as_prompt_completion_chat),
    DataFormat(name="preference", shape=as_preference, paired=True),
    DataFormat(name="kto", shape=as_kto, labelled=True),
    DataFormat(name="mlx", shape=as_messages, containers=("jsonl",), folder=True),
    DataFormat(
        name="lm-eval", shape=as_lm_eval, containers=("jsonl",),
        system=False, turns=False, context=True, trains=False, folder=True,
    ),
    DataFormat(
        name="openai-batch", shape=partial(as_batch_request, options=BatchOptions()), containers=("jsonl",),
        context=True, trains=False, answered=False,
    ),
)  # fmt: skip
DATA_FORMATS: Mapping[FormatName, DataFormat] = {one.name: one for one in _ALL}
