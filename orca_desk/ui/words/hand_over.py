"""Exports of data in words: the formats, and what became of an export. Commands and pages share them."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from orca_desk.counting import counted
from orca_desk.formats.writers.data_formats import FormatName
from orca_desk.steps.hand_over.handed_over import HandedOver
from orca_desk.steps.hand_over.request import DataTable
from orca_desk.steps.hand_over.wording import LEFT_OUT, LOSSES, NOTES


class DataFormatWords(NamedTuple):
    """The name of a format in a list, and what it is for."""

    name: str
    about: str


FORMAT_WORDS: Mapping[FormatName, DataFormatWords] = {
    "jsonl": DataFormatWords("JSON Lines, all columns", "Everything that the table knows, one row per line."),
    "csv": DataFormatWords("CSV, all columns", "For spreadsheets. Tags are joined by commas."),
    "parquet": DataFormatWords("Parquet, all columns", "For data tools and the Hugging Face Hub."),
    "messages": DataFormatWords(
        "Messages (OpenAI chat)", "What most trainers read: lists of role and content."
    ),
    "sharegpt": DataFormatWords("ShareGPT", "Conversations between human and gpt."),
    "alpaca": DataFormatWords(
        "Alpaca", "Instruction, input and output. It holds no system message and no earlier turns."
    ),
    "prompt-completion": DataFormatWords(
        "Prompt and completion", "Two texts. It holds no system message and no earlier turns."
    ),
    "prompt-completion-chat": DataFormatWords(
        "Prompt and completion, as messages", "As TRL reads conversations: two lists of messages."
    ),
    "preference": DataFormatWords(
        "Preference pairs (DPO)", "A correct and an incorrect answer to the same question."
    ),
    "kto": DataFormatWords("Labelled answers (KTO)", "Every graded answer, with whether it is correct."),
    "mlx": DataFormatWords(
        "MLX folder", "For mlx_lm: one question in 20 goes to valid.jsonl, held-out tasks to test.jsonl."
    ),
    "lm-eval": DataFormatWords(
        "lm-eval task folder", "Questions with references, and the YAML that lm-eval runs them by."
    ),
    "openai-batch": DataFormatWords(
        "OpenAI batch", "A request for each question, to be answered by a model elsewhere. No answers."
    ),
}  # fmt: skip
UNITS: Mapping[DataTable, str] = {
    "tasks": "task",
    "teacher": "teacher record",
    "training": "training record",
    "snapshot": "record",
    "preferences": "preference pair",
    "evaluation": "answer",
    "evaluations": "evaluation",
}
STOPPED = "The export was stopped. Nothing was written."


def left_out_text(left_out: Mapping[str, int]) -> str:
    """Return what was left out as a list: "10 held out for evaluation, 2 without an answer"."""
    return ", ".join(f"{count:,} {LEFT_OUT.get(reason, reason)}" for reason, count in left_out.items())


def handed_over_sentence(made: HandedOver, *, folder: bool = False) -> str:
    """Return what was written where: "Wrote 40 tasks to tasks.jsonl."; `folder` names the whole path."""
    place = str(made.path) if folder else made.path.name
    what = counted(made.written, UNITS[made.table])
    among = [f"{made.splits[one]:,} in {one}" for one in ("train", "valid", "test") if one in made.splits]
    splits = f" ({', '.join(among)})" if len(made.files) > 1 and len(among) > 1 else ""
    return f"Wrote {what} to {place}{splits}."


def handed_over_notes(made: HandedOver) -> Iterator[str]:
    """Yield what a user should know of an export beside its number of rows."""
    if made.left_out:
        yield f"Left out: {left_out_text(made.left_out)}."
    for loss, count in made.losses.items():
        yield f"{counted(count, UNITS[made.table])} {LOSSES[loss]}."
    for note in made.notes:
        yield NOTES[note]


def file_stem(name: str) -> str:
    """Return a user's name for something as the beginning of a file's name."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60]


def suggested_name(table: DataTable, name: FormatName, folder: Path, of: str = "") -> Path:
    """Return a free path in `folder` for an export."""
    stem = "-".join(
        part for part in (of or table, "" if name in ("jsonl", "csv", "parquet") else name) if part
    )
    ending = {"csv": ".csv", "parquet": ".parquet", "mlx": "", "lm-eval": ""}.get(name, ".jsonl")
    path, number = folder / f"{stem}{ending}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}{ending}"
    return path
