"""Checks before a training starts: the lengths of its records, likely problems, memory and time."""

import hashlib
import statistics
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.snapshots import (
    Snapshot,
    get_snapshot,
    snapshot_characters,
    snapshot_records,
    snapshot_strategies,
)
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.library.trainings import list_trainings, training_events
from orca_desk.method.erasure import revealed_strategies
from orca_desk.method.records import TrainingRecord
from orca_desk.models.fits import Fit, training_fit
from orca_desk.models.model_file import ModelFile
from orca_desk.student.settings import TrainSettings

FEW_RECORDS = 100
FEW_FAMILIES = 3
FEW_STRATEGIES = 2
COUNTED_CHARACTERS = 5_000_000  # some seconds of tokenising; with more text, a sample of records is measured
SAMPLE = 2000  # records
SPEEDS = 200  # newest steps of an earlier training


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """The records' lengths in tokens, as the trainer will render them; sorted.

    `share` is the share of the records that were measured; below 1, the lengths are those of a sample.
    """

    tokens: "array[int]"
    share: float

    @property
    def total(self) -> float:
        """The tokens of all records; an estimate if only a sample was measured."""
        return sum(self.tokens) / self.share

    def longer_than(self, limit: int) -> float:
        """Return how many records have more than `limit` tokens; an estimate for a sample."""
        return sum(length > limit for length in self.tokens) / self.share


@dataclass(frozen=True, kw_only=True)
class TrainingSpeed:
    """Tokens per second of an earlier training on the same base: the first decile, the median, the last."""

    training: str
    low: float
    median: float
    high: float


@dataclass(frozen=True, kw_only=True)
class SnapshotFacts:
    """What matters of a snapshot for training one base model on it.

    `overlap` counts the records whose task, or whose exact question, is held out now. `reveals` names the
    strategies that the student's instruction quotes. `lengths` is None without a base, `speed` without an
    earlier training on it. `unreadable` says why the base's tokenizer cannot be used.
    """

    snapshot: Snapshot
    strategies: tuple[str, ...]
    overlap: int
    reveals: tuple[str, ...]
    lengths: Lengths | None
    unreadable: str
    speed: TrainingSpeed | None


@dataclass(frozen=True, kw_only=True)
class UnusableTokenizer:
    """The base's tokenizer cannot be used, so the trainer would refuse to start."""

    reason: str
    is_fatal: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class LongRecords:
    """`count` of `records` have more than `limit` tokens; an estimate where `is_estimate`.

    `limit` is the model's context where `by_model`, or else the setting's. `context` is 0 if it is unknown.
    """

    count: int
    records: int
    limit: int
    longest: int
    context: int
    by_model: bool
    is_estimate: bool
    truncation: str

    @property
    def is_fatal(self) -> bool:
        """Whether the trainer would refuse to start."""
        return self.truncation == "refuse"


@dataclass(frozen=True, kw_only=True)
class HeldOutOverlap:
    """The questions of `count` records are now held out for evaluation."""

    count: int
    is_fatal: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class RevealedStrategies:
    """The student's instruction quotes these strategies."""

    strategies: tuple[str, ...]
    is_fatal: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class FewRecords:
    """The snapshot has only `records` records."""

    records: int
    is_fatal: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class LittleVariety:
    """The snapshot has too few families or strategies for the student to learn a choice."""

    families: int
    strategies: int
    is_fatal: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class NoValidation:
    """No validation loss will be measured, so the best checkpoint cannot be chosen."""

    is_fatal: ClassVar[bool] = False


Concern = (
    UnusableTokenizer
    | LongRecords
    | HeldOutOverlap
    | RevealedStrategies
    | FewRecords
    | LittleVariety
    | NoValidation
)


@dataclass(frozen=True, kw_only=True)
class TrainingTime:
    """An estimate: how many steps, and between `low` and `high` seconds; both 0 if the speed is unknown."""

    steps: int
    low: float
    high: float


def snapshot_facts(
    library: Library, snapshot_id: str, base: ModelFile | None, *, lengths: Lengths | None = None
) -> SnapshotFacts:
    """Read a snapshot to check a training of `base` on it. Takes seconds.

    `lengths` of an earlier call with the same snapshot and base are not measured again. Raises UserError
    for an unknown snapshot.
    """
    snapshot = get_snapshot(library, snapshot_id)
    unreadable = ""
    if base is not None and lengths is None:
        try:
            lengths = token_lengths(library, snapshot, base.path)
        except UserError as error:
            unreadable = str(error)
    return SnapshotFacts(
        snapshot=snapshot,
        strategies=snapshot_strategies(library, snapshot_id),
        overlap=heldout_overlap(library, snapshot_id),
        reveals=tuple(revealed_strategies(snapshot.instruction, current_strategies(library).values())),
        lengths=lengths,
        unreadable=unreadable,
        speed=earlier_speed(library, base.path) if base else None,
    )


def token_lengths(library: Library, snapshot: Snapshot, base: Path) -> Lengths:
    """Return the lengths of a snapshot's records, rendered for the student in the folder `base`.

    Measures all records, or an evenly spread sample if the text is long. Raises UserError when the
    folder's tokenizer or chat template cannot be used.
    """
    from orca_desk.prompts.hf import HFTokenizer
    from orca_desk.prompts.renderer import Renderer

    characters = snapshot_characters(library, snapshot.id)
    step = 1 if characters <= COUNTED_CHARACTERS else max(1, snapshot.records // SAMPLE)
    renderer = Renderer(HFTokenizer.load(base))
    chosen = islice(snapshot_records(library, snapshot.id), 0, None, step)
    lengths = sorted(len(renderer.example(one.system, one.user, one.assistant).ids) for one in chosen)
    return Lengths(tokens=array("l", lengths), share=len(lengths) / max(1, snapshot.records))


def heldout_overlap(library: Library, snapshot_id: str) -> int:
    """Count the records of a snapshot whose task is held out now, by its id or by its words."""
    heldout = list(_heldout(library))
    ids, texts = {task for task, _ in heldout}, {text for _, text in heldout}
    return sum(_is_among(record, ids, texts) for record in snapshot_records(library, snapshot_id))


def earlier_speed(library: Library, base: Path) -> TrainingSpeed | None:
    """Return how fast the newest training on the same base was; None if there was none."""
    for training in list_trainings(library):
        if training.base.resolve() == base.resolve():
            events = training_events(library, training.id, "metrics", after_step=1)  # the first step warms up
            rates = sorted(event["tokens_per_second"] for event in events[-SPEEDS:])
            if rates:
                tenth = len(rates) // 10
                return TrainingSpeed(
                    training=training.id,
                    low=rates[tenth],
                    median=statistics.median(rates),
                    high=rates[-1 - tenth],
                )
    return None


def concerns(facts: SnapshotFacts, settings: TrainSettings, *, context: int) -> list[Concern]:
    """Return likely problems of a training with these settings; fatal ones, which prevent the start, first.

    `context` is the base's context length in tokens, 0 if it is unknown.
    """
    found = [*_length_concerns(facts, settings, context), *_content_concerns(facts, settings)]
    return sorted(found, key=lambda concern: not concern.is_fatal)


def estimate_time(facts: SnapshotFacts, settings: TrainSettings, *, context: int) -> TrainingTime | None:
    """Estimate how long the steps will take, at the speed of an earlier training; None without lengths."""
    if facts.lengths is None:
        return None
    limit = _limit(settings, context)
    trained = sum(min(length, limit) for length in facts.lengths.tokens) / facts.lengths.share
    tokens = trained * (1 - settings.eval_fraction) * settings.epochs
    steps = max(settings.epochs, round(tokens / (settings.batch_tokens * settings.accumulation)))
    if facts.speed is None:
        return TrainingTime(steps=steps, low=0.0, high=0.0)
    return TrainingTime(steps=steps, low=tokens / facts.speed.high, high=tokens / facts.speed.low)


def estimate_memory(model: ModelFile, settings: TrainSettings) -> Fit:
    """Return the memory that a training takes, by which the trainer decides too."""
    return training_fit(model, settings)


def _length_concerns(facts: SnapshotFacts, settings: TrainSettings, context: int) -> Iterator[Concern]:
    if facts.unreadable:
        yield UnusableTokenizer(reason=facts.unreadable)
    if facts.lengths is None or not facts.lengths.tokens:
        return
    limit = _limit(settings, context)
    count = facts.lengths.longer_than(limit)
    if count:
        yield LongRecords(
            count=round(count),
            records=facts.snapshot.records,
            limit=limit,
            longest=facts.lengths.tokens[-1],
            context=context,
            by_model=bool(context) and limit == context,
            is_estimate=facts.lengths.share < 1,
            truncation=settings.truncation,
        )


def _content_concerns(facts: SnapshotFacts, settings: TrainSettings) -> Iterator[Concern]:
    families, strategies = len(facts.snapshot.families), len(facts.strategies)
    if facts.overlap:
        yield HeldOutOverlap(count=facts.overlap)
    if facts.reveals:
        yield RevealedStrategies(strategies=facts.reveals)
    if facts.snapshot.records < FEW_RECORDS:
        yield FewRecords(records=facts.snapshot.records)
    if families < FEW_FAMILIES or strategies < FEW_STRATEGIES:
        yield LittleVariety(families=families, strategies=strategies)
    if settings.eval_fraction == 0:
        yield NoValidation()


def _limit(settings: TrainSettings, context: int) -> int:
    return min(settings.max_length, context) if context else settings.max_length


def _heldout(library: Library) -> Iterator[tuple[str, bytes]]:
    for task in iterate_tasks(library, TaskFilter(split="heldout")):
        yield task.id, _words(task.user_text)


def _is_among(record: TrainingRecord, ids: set[str], texts: set[bytes]) -> bool:
    return record.task_id in ids or _words(record.user) in texts


def _words(text: str) -> bytes:
    """Return a fingerprint of a text that ignores case and white space."""
    return hashlib.sha256(" ".join(text.casefold().split()).encode("utf-8", "replace")).digest()[:16]
