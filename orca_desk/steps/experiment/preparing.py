"""The records of each arm, as snapshots derived from one.

All trained arms have the same records, in the same order: one that a rewriting arm cannot rewrite is left out
of every arm, and counted. Best-of-k and first-of-k have one record for each task with several answers, and
are compared with each other alone.

What is held equal between arms is the records, the epochs and the number of steps. Records of different
length would otherwise fill a batch of `batch_tokens` in different numbers, and an arm with short answers
would take far fewer steps; so each arm's batches hold about as many records as those of the erased arm.
Trained tokens differ, as they must: they are reported.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from orca_desk.library.arm_records import SampledRecord, origins, several_samples
from orca_desk.library.database import Library
from orca_desk.library.derived import derive_snapshot
from orca_desk.library.snapshots import get_snapshot, snapshot_records
from orca_desk.method.arms import (
    REWRITING,
    SAMPLED,
    Arm,
    SampledAnswer,
    answer_only,
    best_of,
    explanation_after,
    first_of,
    shuffled_reasoning,
)
from orca_desk.method.grading.answers import as_read
from orca_desk.method.records import TrainingRecord
from orca_desk.processes.progress import JobControl, Meter, Progress
from orca_desk.steps.experiment.plan import ExperimentPlan
from orca_desk.steps.experiment.state import ArmRecords, ExperimentState, LeftOut
from orca_desk.steps.train.lengths import token_lengths

STAGE = "making the records of the arms"


def prepare_arms(
    library: Library, plan: ExperimentPlan, *, progress: Progress, control: JobControl
) -> ExperimentState:
    """Derive the snapshot of each arm, and return what they are made of.

    The same plan makes the same snapshots. Raises UserError where nothing is left of an arm, and
    StoppedError when the job was stopped.
    """
    source = _Source(library, plan)
    usable, left_out = source.usable(control)
    meter = Meter(progress, stage=STAGE, total=None, unit="records")
    absent: list[Arm] = []
    made: dict[Arm, ArmRecords] = {}
    for arm in plan.trained:
        rewritten = 0
        if arm in SAMPLED and not source.samples():
            absent.append(arm)
            continue

        def records(arm: Arm = arm) -> Iterator[TrainingRecord]:
            nonlocal rewritten
            for before, after in source.records_of(arm, usable):
                control.require_running()
                rewritten += after.assistant.strip() != as_read(before.assistant).strip()
                meter.advance(1)
                yield after

        name = f"{source.name}: {arm}"
        snapshot = derive_snapshot(library, plan.snapshot, name, records(), _note(arm, plan, left_out))
        lengths = token_lengths(library, snapshot, plan.base)
        made[arm] = ArmRecords(
            snapshot=snapshot.id,
            records=snapshot.records,
            rewritten=rewritten,
            tokens=lengths.total / max(1, snapshot.records),
            batch_tokens=plan.settings.batch_tokens,
        )
    reference = made.get(Arm.ERASED) or next(iter(made.values()), None)
    if reference is not None:
        made = {arm: _with_equal_steps(one, reference, plan) for arm, one in made.items()}
    return ExperimentState(arms=made, left_out=left_out, absent=tuple(absent))


def _with_equal_steps(arm: ArmRecords, reference: ArmRecords, plan: ExperimentPlan) -> ArmRecords:
    """Return an arm with batches of as many records as the reference has."""
    share = arm.tokens / reference.tokens if reference.tokens else 1.0
    return replace(arm, batch_tokens=max(1, round(plan.settings.batch_tokens * share)))


def _note(arm: Arm, plan: ExperimentPlan, left_out: LeftOut) -> dict[str, Any]:
    return {
        "arm": str(arm),
        "families": plan.families and list(plan.families),
        "records": plan.records,
        "left_out": vars(left_out),
    }


class _Source:
    """The snapshot of a plan, and what arms make of its records."""

    def __init__(self, library: Library, plan: ExperimentPlan) -> None:
        snapshot = get_snapshot(library, plan.snapshot)
        self.name = snapshot.name
        self._library, self._plan = library, plan
        self._origins = origins(library, plan.snapshot)
        self._samples: dict[str, list[SampledRecord]] | None = None
        self._makers: dict[Arm, Callable[[TrainingRecord], TrainingRecord | None]] = {
            Arm.ERASED: lambda record: record,
            Arm.NOT_ERASED: self._not_erased,
            Arm.ANSWER_ONLY: lambda one: _answering(one, answer_only(one.assistant)),
            Arm.EXPLANATION_AFTER: lambda one: _answering(one, explanation_after(one.assistant)),
            Arm.SHUFFLED: lambda one: _answering(
                one, shuffled_reasoning(one.assistant, one.teacher_record_id)
            ),
            Arm.BEST: lambda one: self._sampled(one, best_of),
            Arm.FIRST: lambda one: self._sampled(one, first_of),
        }

    def usable(self, control: JobControl) -> tuple[set[str], LeftOut]:
        """Return the records that every arm can be trained on, and count the others."""
        rewriting = [arm for arm in REWRITING if arm in self._plan.arms]
        found: set[str] = set()
        no_answer = unknown = beyond = 0
        for record in self._in_families():
            control.require_running()
            if self._plan.records is not None and len(found) >= self._plan.records:
                beyond += 1
            elif Arm.NOT_ERASED in self._plan.arms and record.teacher_record_id not in self._origins:
                unknown += 1
            elif any(self._makers[arm](record) is None for arm in rewriting):
                no_answer += 1
            else:
                found.add(record.id)
        return found, LeftOut(no_answer=no_answer, unknown=unknown, beyond=beyond)

    def records_of(self, arm: Arm, usable: set[str]) -> Iterator[tuple[TrainingRecord, TrainingRecord]]:
        """Yield the records of an arm in order, each with the one that it was made of."""
        seen: set[str] = set()
        for record in self._in_families():
            if record.id not in usable or (arm in SAMPLED and record.task_id in seen):
                continue
            seen.add(record.task_id)
            made = self._makers[arm](record)
            if made is not None:
                yield record, made

    def samples(self) -> dict[str, list[SampledRecord]]:
        """Return the answers to each task that has several."""
        if self._samples is None:
            found = several_samples(self._library, self._plan.snapshot)
            self._samples = {answers[0].task_id: answers for answers in found}
        return self._samples

    def _in_families(self) -> Iterator[TrainingRecord]:
        families = self._plan.families
        for record in snapshot_records(self._library, self._plan.snapshot):
            origin = self._origins.get(record.teacher_record_id)  # a family may have been renamed since
            if families is None or (origin.family if origin else record.family) in families:
                yield record

    def _not_erased(self, record: TrainingRecord) -> TrainingRecord | None:
        return replace(record, system=self._origins[record.teacher_record_id].system, id="")

    def _sampled(
        self, record: TrainingRecord, choose: Callable[[list[SampledAnswer]], SampledAnswer]
    ) -> TrainingRecord | None:
        answers = self.samples().get(record.task_id, [])
        if not answers or answers[0].strategy != record.strategy:
            return None
        texts = {one.record: one.response for one in answers}
        chosen = choose(
            [
                SampledAnswer(record=one.record, sample=one.sample, correct=one.correct, length=one.length)
                for one in answers
            ]
        )
        return replace(record, teacher_record_id=chosen.record, assistant=texts[chosen.record], id="")


def _answering(record: TrainingRecord, answer: str | None) -> TrainingRecord | None:
    """Return a record with another answer; one that stays as it is remains the same record."""
    if answer is None:
        return None
    unchanged = answer.strip() == as_read(record.assistant).strip()
    return record if unchanged else replace(record, assistant=answer, id="")
