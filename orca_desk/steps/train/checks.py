"""Checks before a training starts: what prevents it, and what is likely to go wrong."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from orca_desk.errors import UserError
from orca_desk.inventory.bundled import mini_student
from orca_desk.inventory.trainable import trainable_layers
from orca_desk.library.database import Library
from orca_desk.library.snapshots import Snapshot, get_snapshot, snapshot_records, snapshot_strategies
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.machine import usable_cores
from orca_desk.method.erasure import revealed_strategies
from orca_desk.method.records import TrainingRecord
from orca_desk.method.turns import text_to_compare
from orca_desk.models.fits import export_fit
from orca_desk.models.model_file import ModelFile
from orca_desk.models.rounding import bits_of
from orca_desk.steps.train.estimates import TrainingSpeed, earlier_speeds, length_limit
from orca_desk.steps.train.lengths import Lengths, token_lengths
from orca_desk.student.engines import choose_engine, why_not_mlx
from orca_desk.student.settings import TrainSettings

ALL_LAYERS = "all-linear"
DEFAULT_RATE = TrainSettings().learning_rate
MINI_RATE = 5e-3  # for the mini student: so small a model needs it, and the demo uses it
TOO_HIGH = 10  # times the usual learning rate
FEW_RECORDS = 100
FEW_FAMILIES = 3
FEW_STRATEGIES = 2


@dataclass(frozen=True, kw_only=True)
class SnapshotFacts:
    """What matters of a snapshot for training one base model on it.

    `overlap` counts the records whose task, or whose exact question, is held out now. `reveals` names the
    strategies that the student's instruction quotes. `lengths` is None without a base; `speeds` are those of
    earlier trainings on it, by engine. `unreadable` says why the base's tokenizer cannot be used, `unsound`
    why its weights cannot be trained. `layers` are the names of those that an adapter can change. `rounded`
    is set for a GGUF file whose weights are quantised, `check` where the check at the end needs too much
    memory.
    """

    snapshot: Snapshot
    strategies: tuple[str, ...]
    overlap: int
    reveals: tuple[str, ...]
    lengths: Lengths | None
    unreadable: str
    unsound: str
    layers: frozenset[str]
    speeds: Mapping[str, TrainingSpeed]
    rounded: "RoundedWeights | None" = None
    check: "LargeCheck | None" = None

    def speed(self, settings: TrainSettings) -> TrainingSpeed | None:
        """Return the speed of an earlier training with the engine that these settings mean here."""
        return self.speeds.get(choose_engine(settings))


@dataclass(frozen=True, kw_only=True)
class UnusableTokenizer:
    """The base's tokenizer cannot be used, so the trainer would refuse to start."""

    reason: str
    is_fatal: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class UnsoundBase:
    """The base's weights and configuration do not agree, so the trainer would refuse to start."""

    reason: str
    is_fatal: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class RoundedWeights:
    """The base's weights were rounded to `bits` bits, as `quantisation`; a file of them `unpacks` first."""

    bits: int
    quantisation: str
    unpacks: bool
    is_fatal: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class LargeCheck:
    """The check at the end, which holds the student in float32, needs more memory than is available now."""

    needed: int
    available: int
    is_fatal: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class UnknownTargets:
    """The settings name layers that the model does not have; it has `layers`."""

    targets: tuple[str, ...]
    layers: tuple[str, ...]
    is_fatal: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class UnusableEngine:
    """The library that the settings name cannot compute this training here, so it would not start."""

    reason: str
    remedy: str
    is_fatal: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class HighLearningRate:
    """The learning rate is many times the usual one for this base, at which a training tends to do harm."""

    rate: float
    usual: float
    is_fatal: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class ManyThreads:
    """The settings ask for more threads than this machine has cores; as many as `cores` are used."""

    threads: int
    cores: int
    is_fatal: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class EmptyAnswers:
    """`count` records have no answer, so they are left out."""

    count: int
    is_fatal: ClassVar[bool] = False


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
    """No validation loss will be measured, so the best checkpoint cannot be chosen.

    Either none is wanted, or (`by_records`) all records ask the same question, which is needed for training.
    `stops_early`: a stop rule is set, which then never acts.
    """

    by_records: bool = False
    stops_early: bool = False
    is_fatal: ClassVar[bool] = False


Concern = (
    UnusableTokenizer
    | UnsoundBase
    | RoundedWeights
    | LargeCheck
    | UnknownTargets
    | UnusableEngine
    | LongRecords
    | EmptyAnswers
    | HighLearningRate
    | ManyThreads
    | HeldOutOverlap
    | RevealedStrategies
    | FewRecords
    | LittleVariety
    | NoValidation
)


def snapshot_facts(
    library: Library, snapshot_id: str, base: ModelFile | None, *, lengths: Lengths | None = None
) -> SnapshotFacts:
    """Read a snapshot to check a training of `base` on it. Takes seconds.

    `lengths` of an earlier call with the same snapshot and base are not measured again. Raises UserError
    for an unknown snapshot.
    """
    snapshot = get_snapshot(library, snapshot_id)
    unreadable = unsound = ""
    layers: frozenset[str] = frozenset()
    if base is not None and lengths is None:
        try:
            lengths = token_lengths(library, snapshot, base.path)
        except UserError as error:
            unreadable = str(error)
    if base is not None:
        try:
            layers = trainable_layers(base.path)
        except UserError as error:
            unsound = str(error)
    return SnapshotFacts(
        snapshot=snapshot,
        strategies=snapshot_strategies(library, snapshot_id),
        overlap=heldout_overlap(library, snapshot_id),
        reveals=tuple(revealed_strategies(snapshot.instruction, current_strategies(library).values())),
        lengths=lengths,
        unreadable=unreadable,
        unsound=unsound,
        layers=layers,
        speeds=earlier_speeds(library, base.path) if base else {},
        rounded=_rounding(base),
        check=_check(base),
    )


def heldout_overlap(library: Library, snapshot_id: str) -> int:
    """Count the records of a snapshot whose task is held out now, by its id or by its words."""
    heldout = list(_heldout(library))
    ids, texts = {task for task, _ in heldout}, {text for _, text in heldout}
    return sum(_is_among(record, ids, texts) for record in snapshot_records(library, snapshot_id))


def usual_rate(base: Path) -> float:
    """Return a learning rate that suits the base."""
    return MINI_RATE if base.resolve() == mini_student().resolve() else DEFAULT_RATE


def concerns(
    facts: SnapshotFacts, settings: TrainSettings, *, context: int, rate: float = DEFAULT_RATE
) -> list[Concern]:
    """Return likely problems of a training with these settings; fatal ones, which prevent the start, first.

    `context` is the base's context length in tokens, 0 if it is unknown; `rate` a learning rate that
    suits the base (see `usual_rate`).
    """
    found = [
        *_base_concerns(facts, settings),
        *_length_concerns(facts, settings, context),
        *_setting_concerns(settings, rate),
        *_content_concerns(facts, settings),
    ]
    return sorted(found, key=lambda concern: not concern.is_fatal)


def _rounding(base: ModelFile | None) -> RoundedWeights | None:
    bits = bits_of(base.rounded_from) if base else 0
    if not base or not bits:
        return None
    return RoundedWeights(bits=bits, quantisation=base.rounded_from, unpacks=base.kind == "gguf")


def _check(base: ModelFile | None) -> LargeCheck | None:
    fit = export_fit(base) if base else None
    return LargeCheck(needed=fit.needed, available=fit.available) if fit and not fit.fits else None


def _base_concerns(facts: SnapshotFacts, settings: TrainSettings) -> Iterator[Concern]:
    if facts.unreadable:
        yield UnusableTokenizer(reason=facts.unreadable)
    if facts.unsound:
        yield UnsoundBase(reason=facts.unsound)
    if facts.rounded:
        yield facts.rounded
    if facts.check:
        yield facts.check
    unknown = tuple(name for name in settings.target_names if name not in {*facts.layers, ALL_LAYERS})
    if facts.layers and unknown:
        yield UnknownTargets(targets=unknown, layers=tuple(sorted(facts.layers)))


def _setting_concerns(settings: TrainSettings, usual: float) -> Iterator[Concern]:
    if settings.engine == "mlx" and (refusal := why_not_mlx(settings)):
        yield UnusableEngine(reason=refusal.message, remedy=refusal.hint)
    if settings.learning_rate > TOO_HIGH * usual:
        yield HighLearningRate(rate=settings.learning_rate, usual=usual)
    if settings.threads > usable_cores():
        yield ManyThreads(threads=settings.threads, cores=usable_cores())


def _length_concerns(facts: SnapshotFacts, settings: TrainSettings, context: int) -> Iterator[Concern]:
    if facts.lengths is None:
        return
    if facts.lengths.empty:
        yield EmptyAnswers(count=round(facts.lengths.empty / facts.lengths.share))
    limit = length_limit(settings, context)
    count = facts.lengths.longer_than(limit)
    if count:
        yield LongRecords(
            count=round(count),
            records=facts.snapshot.records,
            limit=limit,
            longest=facts.lengths.longest,
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
        yield NoValidation(stops_early=settings.early_stop > 0)
    elif facts.lengths is not None and len(set(facts.lengths.groups)) == 1:
        yield NoValidation(by_records=True, stops_early=settings.early_stop > 0)


def _heldout(library: Library) -> Iterator[tuple[str, bytes]]:
    for task in iterate_tasks(library, TaskFilter(split="heldout")):
        yield task.id, _words(task.compared_text)


def _is_among(record: TrainingRecord, ids: set[str], texts: set[bytes]) -> bool:
    return record.task_id in ids or _words(text_to_compare(record.turns, record.user)) in texts


def _words(text: str) -> bytes:
    """Return a fingerprint of a text that ignores case and white space."""
    return hashlib.sha256(" ".join(text.casefold().split()).encode("utf-8", "replace")).digest()[:16]
