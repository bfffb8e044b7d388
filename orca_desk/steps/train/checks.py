"""Before a training starts: how long its records are, what speaks against it, and how long it may take."""

import hashlib
import statistics
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.snapshots import Snapshot, get_snapshot, snapshot_records
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
COUNTED_CHARACTERS = 5_000_000  # some seconds of tokenising; above, a sample of the records stands for all
SAMPLE = 2000  # records
SPEEDS = 200  # of a former training's newest steps
Weight = Literal["bad", "warn", "good"]


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """The records' lengths in tokens, as the trainer will render them; sorted.

    `share` is the share of the records that were measured: below 1 the lengths are a sample's.
    """

    tokens: "array[int]"
    share: float

    @property
    def total(self) -> float:
        """The tokens of all records; an estimate for a sample."""
        return sum(self.tokens) / self.share

    def longer_than(self, limit: int) -> float:
        """Return how many records have more than `limit` tokens; an estimate for a sample."""
        return sum(length > limit for length in self.tokens) / self.share


@dataclass(frozen=True, kw_only=True)
class Speed:
    """Tokens a second of a former training on the same base: the middle, and a low and a high tenth."""

    training: str
    low: float
    middle: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a snapshot is, seen from one base model.

    `overlap` counts records whose task, or whose very question, is held out now. `reveals` names strategies
    that the student's instruction quotes. `lengths` and `speed` are None where there is no base, or no
    former training on it; `unreadable` says why the base's tokenizer could not be used.
    """

    snapshot: Snapshot
    strategies: tuple[str, ...]
    overlap: int
    reveals: tuple[str, ...]
    lengths: Lengths | None
    unreadable: str
    speed: Speed | None


@dataclass(frozen=True, kw_only=True)
class Concern:
    """A sentence on a training that has not started, with its remedy. "bad": it would be refused."""

    weight: Weight
    text: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Span:
    """An estimate of steps, and of seconds from `low` to `high`."""

    steps: int
    low: float
    high: float


def look(
    library: Library, snapshot_id: str, base: ModelFile | None, *, lengths: Lengths | None = None
) -> Facts:
    """Read a snapshot through, for what can be said of training `base` on it. Takes seconds.

    `lengths`, where they are known from an earlier look at the same two, are not measured again. Raises
    UserError when there is no such snapshot.
    """
    snapshot = get_snapshot(library, snapshot_id)
    rows = library.rows(
        "SELECT DISTINCT strategy FROM snapshot_records WHERE snapshot = ? ORDER BY strategy", (snapshot_id,)
    )
    unreadable = ""
    if base is not None and lengths is None:
        try:
            lengths = token_lengths(library, snapshot, base.path)
        except UserError as error:
            unreadable = str(error)
    return Facts(
        snapshot=snapshot,
        strategies=tuple(row["strategy"] for row in rows),
        overlap=heldout_overlap(library, snapshot_id),
        reveals=tuple(revealed_strategies(snapshot.instruction, current_strategies(library).values())),
        lengths=lengths,
        unreadable=unreadable,
        speed=former_speed(library, base.path) if base else None,
    )


def token_lengths(library: Library, snapshot: Snapshot, base: Path) -> Lengths:
    """Return the lengths of a snapshot's records, rendered for the student in the folder `base`.

    All records are measured, or evenly spread ones where there is much text. Raises UserError when the
    folder's tokenizer or chat template cannot be used.
    """
    from orca_desk.prompts.hf import HFTokenizer
    from orca_desk.prompts.renderer import Renderer

    row = library.row(
        "SELECT sum(length(user) + length(assistant)) AS characters FROM snapshot_records WHERE snapshot = ?",
        (snapshot.id,),
    )
    characters = (row["characters"] if row else 0) + snapshot.records * len(snapshot.instruction)
    step = 1 if characters <= COUNTED_CHARACTERS else max(1, snapshot.records // SAMPLE)
    renderer = Renderer(HFTokenizer.load(base))
    chosen = islice(snapshot_records(library, snapshot.id), 0, None, step)
    lengths = sorted(len(renderer.example(one.system, one.user, one.assistant).ids) for one in chosen)
    return Lengths(tokens=array("l", lengths), share=len(lengths) / max(1, snapshot.records))


def heldout_overlap(library: Library, snapshot_id: str) -> int:
    """Count a snapshot's records whose task is held out now, by id or by the same words."""
    heldout = list(_heldout(library))
    ids, texts = {task for task, _ in heldout}, {text for _, text in heldout}
    return sum(_is_among(record, ids, texts) for record in snapshot_records(library, snapshot_id))


def former_speed(library: Library, base: Path) -> Speed | None:
    """Return how fast the newest training on the same base was; None where there was none."""
    for training in list_trainings(library):
        if training.base.resolve() == base.resolve():
            events = training_events(library, training.id, "metrics", after_step=1)  # the first step warms up
            rates = sorted(event["tokens_per_second"] for event in events[-SPEEDS:])
            if rates:
                tenth = len(rates) // 10
                return Speed(
                    training=training.id,
                    low=rates[tenth],
                    middle=statistics.median(rates),
                    high=rates[-1 - tenth],
                )
    return None


def concerns(facts: Facts, settings: TrainSettings, *, context: int) -> list[Concern]:
    """Return what speaks against a training with these settings, the gravest first.

    `context` is the base's, 0 where it is not known.
    """
    found = [*_length_concerns(facts, settings, context), *_content_concerns(facts, settings)]
    return sorted(found, key=lambda concern: concern.weight != "bad")


def estimate_time(facts: Facts, settings: TrainSettings, *, context: int) -> Span | None:
    """Return how long the steps will take by a former training's speed; None where that is not known."""
    if facts.lengths is None:
        return None
    limit = _limit(settings, context)
    kept = sum(min(length, limit) for length in facts.lengths.tokens) / facts.lengths.share
    tokens = kept * (1 - settings.eval_fraction) * settings.epochs
    steps = max(settings.epochs, round(tokens / (settings.batch_tokens * settings.accumulation)))
    if facts.speed is None:
        return Span(steps=steps, low=0.0, high=0.0)
    return Span(steps=steps, low=tokens / facts.speed.high, high=tokens / facts.speed.low)


def estimate_memory(model: ModelFile, settings: TrainSettings) -> Fit:
    """Return the memory that a training takes; "auto" checkpoints only where it would not fit otherwise."""

    def estimate(checkpointing: bool) -> Fit:
        return training_fit(
            model,
            batch_tokens=settings.batch_tokens,
            rank=settings.rank,
            bytes_per_weight=2 if settings.dtype == "bfloat16" else 4,
            checkpointing=checkpointing,
        )

    plain = estimate(settings.gradient_checkpointing == "on")
    return plain if plain.fits or settings.gradient_checkpointing != "auto" else estimate(True)


def _length_concerns(facts: Facts, settings: TrainSettings, context: int) -> Iterator[Concern]:
    if facts.unreadable:
        yield Concern(weight="bad", text="The base's tokenizer cannot be used.", hint=facts.unreadable)
    if facts.lengths is None or not facts.lengths.tokens:
        return
    limit, longest = _limit(settings, context), facts.lengths.tokens[-1]
    count = facts.lengths.longer_than(limit)
    if not count:
        return
    number = f"{round(count):,}" if facts.lengths.share == 1 else f"About {round(count):,} (by a sample)"
    text = f"{number} of {facts.snapshot.records:,} records are longer than {limit:,} tokens"
    fate = {
        "refuse": "the start would be refused",
        "drop": "they are left out",
        "cut": "their end is cut off",
    }
    by_model = bool(context) and limit == context
    yield Concern(
        weight="bad" if settings.truncation == "refuse" else "warn",
        text=f"{text}: {fate[settings.truncation]}.",
        hint=f"The longest has {longest:,}. "
        + (
            "The model takes no more: set truncation to drop or cut."
            if by_model
            else f"Raise max length to {min(longest, context or longest):,}, or choose drop or cut."
        ),
    )


def _content_concerns(facts: Facts, settings: TrainSettings) -> Iterator[Concern]:
    snapshot = facts.snapshot
    if facts.overlap:
        yield Concern(
            weight="warn",
            text=f"{facts.overlap:,} records ask what is held out for evaluation now.",
            hint="The evaluation would look better than it is: freeze a new snapshot, or change the split.",
        )
    if facts.reveals:
        yield Concern(
            weight="warn",
            text=f"The student's instruction quotes the strategy {', '.join(facts.reveals)}.",
            hint="A student that is told the strategy does not learn to choose one: give it a general one.",
        )
    if snapshot.records < FEW_RECORDS:
        yield Concern(
            weight="warn",
            text=f"The snapshot has only {snapshot.records:,} records.",
            hint="A student learns little from so few; some hundreds in each family are better.",
        )
    if len(snapshot.families) < FEW_FAMILIES or len(facts.strategies) < 2:
        families = _amount(len(snapshot.families), "family", "families")
        strategies = _amount(len(facts.strategies), "strategy", "strategies")
        yield Concern(
            weight="warn",
            text=f"The snapshot has {families} of tasks and {strategies}.",
            hint="To learn which strategy a task wants, the student must see several of both.",
        )
    if settings.eval_fraction == 0:
        yield Concern(
            weight="warn",
            text="No evaluation loss will be measured.",
            hint="Then the last adapter is kept, not the best: set the eval fraction above 0.",
        )


def _limit(settings: TrainSettings, context: int) -> int:
    return min(settings.max_length, context) if context else settings.max_length


def _amount(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _heldout(library: Library) -> Iterator[tuple[str, bytes]]:
    for task in iterate_tasks(library, TaskFilter(split="heldout")):
        yield task.id, _words(task.user_text)


def _is_among(record: TrainingRecord, ids: set[str], texts: set[bytes]) -> bool:
    return record.task_id in ids or _words(record.user) in texts


def _words(text: str) -> bytes:
    """Return a fingerprint of a text that case and white space do not change."""
    return hashlib.sha256(" ".join(text.casefold().split()).encode("utf-8", "replace")).digest()[:16]
