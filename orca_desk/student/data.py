"""Turns a snapshot's records into token ids with a loss mask, and splits off records for evaluation."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.method.thoughts import split_thoughts
from orca_desk.method.turns import conversation_text, turns_of
from orca_desk.prompts.renderer import Renderer
from orca_desk.student.settings import TrainSettings, Truncation

FIELDS = ("id", "system", "user", "assistant")


@dataclass(frozen=True, kw_only=True)
class Example:
    """A record as the trainer sees it.

    `ids` are its tokens; `mask[i]` tells whether ids[i] is trained (the answer and its end of turn; not its
    thoughts where they are masked). Records with the same question, but for case and white space, share a
    `group`.
    """

    id: str
    group: str
    ids: tuple[int, ...]
    mask: tuple[bool, ...]

    @property
    def trained(self) -> int:
        """How many tokens are trained; nothing precedes the first token, so it is never predicted."""
        return sum(self.mask[1:])


@dataclass(frozen=True, kw_only=True)
class DataReport:
    """How the records were used: counts of records and tokens, and the longest record in tokens.

    Of `records`, `empty` have no answer (nor, where thoughts are masked, one after them) and `dropped` are
    too long (or nothing of their answer is left within the limit); both are left out. `truncated` are used
    without their end. `limit` is the longest that is used whole, in tokens.
    """

    records: int
    training: int
    evaluation: int
    empty: int
    too_long: int
    dropped: int
    truncated: int
    limit: int
    longest: int
    tokens: int
    trained_tokens: int

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class ExampleSets:
    """Examples for training and for the validation loss, in snapshot order."""

    training: tuple[Example, ...]
    evaluation: tuple[Example, ...]
    report: DataReport


def prepare(path: Path, renderer: Renderer, settings: TrainSettings, *, context: int) -> ExampleSets:
    """Read, render and split the records of a JSONL file for a model with `context` positions.

    Raises UserError for an unreadable record, for records that are too long where the settings refuse them,
    and when there is no token to train.
    """
    limit = min(settings.max_length, context)
    records = list(read_records(path))
    masked = settings.thoughts == "mask"
    rendered = [
        render(record, renderer, mask_thoughts=masked)
        for record in records
        if _has_answer(record["assistant"], without_thoughts=masked)
    ]
    fitting, cut = fit(rendered, limit, settings.truncation)
    training, evaluation = split(fitting, settings.eval_fraction, settings.seed)
    trained = sum(example.trained for example in training)
    if not trained:
        raise UserError(
            f"None of the {len(records)} records in {path} would train any token.",
            "Add records with answers, or allow longer ones with max_length.",
        )
    report = DataReport(
        records=len(records),
        training=len(training),
        evaluation=len(evaluation),
        empty=len(records) - len(rendered),
        too_long=sum(len(example.ids) > limit for example in rendered),
        dropped=len(rendered) - len(fitting),
        truncated=cut,
        limit=limit,
        longest=max(len(example.ids) for example in rendered),
        tokens=sum(len(example.ids) for example in training),
        trained_tokens=trained,
    )
    return ExampleSets(training=training, evaluation=evaluation, report=report)


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a JSONL file: objects with the texts id, system, user and assistant.

    A record may have `turns` before its user message.

    Raises UserError, with the line number, for a line that is not such a record.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _record(line, f"{path}, line {number}")
    except FileNotFoundError:
        raise UserError(f"{path} does not exist.", "Freeze a snapshot first.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: {error}.", "Write the snapshot again.") from None


def render(record: dict[str, Any], renderer: Renderer, *, mask_thoughts: bool = False) -> Example:
    """Return the record's ids and mask, made by the one renderer."""
    turns = turns_of(record.get("turns", ()))
    rendered = renderer.example(
        record["system"], record["user"], record["assistant"], turns=turns, mask_thoughts=mask_thoughts
    )
    group = group_of(conversation_text(turns, record["user"]))
    return Example(id=record["id"], group=group, ids=rendered.ids, mask=rendered.mask)


def _has_answer(text: str, *, without_thoughts: bool) -> bool:
    return bool((split_thoughts(text)[1] if without_thoughts else text).strip())


def group_of(question: str) -> str:
    """Return the group of a question: the same for texts that differ only by case and white space."""
    return hashlib.sha256(" ".join(question.casefold().split()).encode("utf-8", "replace")).hexdigest()


def fit(examples: list[Example], limit: int, policy: Truncation) -> tuple[list[Example], int]:
    """Return the examples of at most `limit` tokens, and how many of them were cut.

    Drops cut examples that have no trained token left. Raises UserError when the policy is "refuse" and an
    example is too long.
    """
    long = [example for example in examples if len(example.ids) > limit]
    if long and policy == "refuse":
        longest = max(len(example.ids) for example in long)
        raise UserError(
            f"{len(long)} of {len(examples)} records are longer than {limit} tokens "
            f"(the longest has {longest}; the first is {long[0].id}).",
            f"Raise max_length to {longest} if the model allows it, or drop or cut them (truncation).",
        )
    if policy == "drop":
        return [example for example in examples if len(example.ids) <= limit], 0
    kept = [replace(example, ids=example.ids[:limit], mask=example.mask[:limit]) for example in examples]
    useful = [example for example in kept if example.trained]
    before = {example.id: len(example.ids) for example in long}
    return useful, sum(example.id in before for example in useful)


def split(
    examples: list[Example], fraction: float, seed: int
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Return (training, evaluation) examples, with about `fraction` of the questions for evaluation.

    All records of a question are on one side. The choice depends only on the questions and the seed, not on
    their order. With a fraction above 0 and at least two questions, at least one is for evaluation.
    """
    held = held_out_groups((example.group for example in examples), fraction, seed)
    training = tuple(example for example in examples if example.group not in held)
    return training, tuple(example for example in examples if example.group in held)


def held_out_groups(groups: Iterable[str], fraction: float, seed: int) -> set[str]:
    """Return the groups that are held out of training for the validation loss; see `split`."""
    ranked = sorted(set(groups), key=lambda group: hashlib.sha256(f"{seed}:{group}".encode()).digest())
    count = round(fraction * len(ranked))
    if fraction > 0 and len(ranked) > 1:
        count = max(count, 1)
    return set(ranked[:count])


def _record(line: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise UserError(f"{where} is not JSON: {error}.", "Write the snapshot again.") from None
    if not isinstance(value, dict) or any(not isinstance(value.get(name), str) for name in FIELDS):
        raise UserError(
            f"{where} is not a training record.", f"It must be an object with the texts {', '.join(FIELDS)}."
        )
    try:
        turns = turns_of(value.get("turns", ()))
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{where}: its earlier turns are damaged: {error}.", "Write the snapshot again."
        ) from None
    return {**{name: value[name] for name in FIELDS}, "turns": turns}
