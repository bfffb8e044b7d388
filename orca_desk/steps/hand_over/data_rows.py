"""The rows of each table as an export gets them, or why a row is left out."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orca_desk.formats.tasks import task_values
from orca_desk.formats.writers.data_row import DataRow
from orca_desk.library.answers import answer_counts
from orca_desk.library.database import Library
from orca_desk.library.evaluations import list_evaluations
from orca_desk.library.fitness import by_rowids
from orca_desk.library.for_export import (
    EvaluatedAnswer,
    count_questions,
    evaluated_answers,
    graded_answers,
    records_at,
)
from orca_desk.library.records import StoredRecord, count_records, iterate_records
from orca_desk.library.snapshot_store import training_line
from orca_desk.library.snapshots import get_snapshot, snapshot_records
from orca_desk.library.tasks import task_rowids, tasks_at
from orca_desk.method.erasure import erase
from orca_desk.method.fitness import why_never_fit
from orca_desk.method.preferences import preference_pairs
from orca_desk.method.records import Task, TrainingRecord
from orca_desk.method.turns import Turns
from orca_desk.steps.hand_over.request import HandOverRequest
from orca_desk.steps.votes import vote

_CHUNK = 1_000  # rows read at once
_DELETED = "deleted"
_UNPAIRED = "unpaired"
_TURNS = frozenset({"earlier_turns"})


@dataclass(frozen=True, kw_only=True)
class DataRows:
    """The rows of an export: about how many there are, what they are called, and each or why it is left out.

    `left_out` counts what no row stands for.
    """

    total: int
    unit: str
    rows: Iterator[DataRow | str]
    left_out: tuple[tuple[str, int], ...] = ()


def data_rows(library: Library, request: HandOverRequest, rowids: Sequence[int] | None = None) -> DataRows:
    """Return the rows that a request asks for; `rowids` are those of tasks, in order, instead of its filter.

    Raises UserError for an unknown snapshot or evaluation.
    """
    match request.table:
        case "tasks":
            chosen = task_rowids(library, request.tasks) if rowids is None else rowids
            return DataRows(total=len(chosen), unit="tasks", rows=_tasks(library, chosen))
        case "snapshot":
            total = get_snapshot(library, request.of).records
            rows = (_training_row(one) for one in snapshot_records(library, request.of))
            return DataRows(total=total, unit="records", rows=rows)
        case "evaluation":
            answers = map(_evaluated_row, evaluated_answers(library, request.of))
            return DataRows(total=count_questions(library, request.of), unit="answers", rows=answers)
        case "evaluations":
            total = len(list_evaluations(library))
            return DataRows(total=total, unit="evaluations", rows=_evaluation_rows(library))
        case "preferences":
            return _preferences(library, request)
        case _:
            return _records(library, request)


def _tasks(library: Library, rowids: Sequence[int]) -> Iterator[DataRow | str]:
    for start in range(0, len(rowids), _CHUNK):
        for task in tasks_at(library, rowids[start : start + _CHUNK]):
            yield _DELETED if task is None else task_row(task)


def task_row(task: Task) -> DataRow:
    """Return a task as a row of an export."""
    beside = {
        "id": task.id,
        "family": task.family,
        "answer_kind": task.answer_kind,
        "tags": list(task.tags),
        "split": task.split,
        "strategy": task.strategy,
    }
    facts = task_values(task)
    return DataRow(
        facts=facts,
        beside=beside,
        sparse=frozenset(facts),
        id=task.id,
        family=task.family,
        user=task.user_text,
        query=task.query,
        context=task.context,
        turns=task.turns,
        answer=task.answer,
        kind=task.answer_kind,
        held_out=task.split == "heldout",
    )


def _records(library: Library, request: HandOverRequest) -> DataRows:
    wanted = by_rowids(library, request.records, vote=vote)
    is_training = request.table == "training"
    checked = is_training or request.data_format.trains

    def rows() -> Iterator[DataRow | str]:
        for stored in iterate_records(library, wanted):
            if checked and (reason := why_never_fit(stored.facts)):
                yield reason.value
            elif is_training:
                row = _training_row(erase(stored.current, request.instruction))
                yield replace(row, label=stored.verdict.correct if stored.verdict else None)
            else:
                yield record_row(stored)

    return DataRows(total=count_records(library, wanted), unit="records", rows=rows())


def _training_row(record: TrainingRecord) -> DataRow:
    beside = {
        "id": record.id,
        "family": record.family,
        "strategy": record.strategy,
        "task_id": record.task_id,
    }
    facts = json.loads(training_line(record))  # what the trainer reads
    facts.pop("turns", None)
    return DataRow(
        facts=facts | {"earlier_turns": _turns(record.turns)},
        sparse=_TURNS,
        beside=beside,
        turns=record.turns,
        id=record.id,
        family=record.family,
        user=record.user,
        answer=record.assistant,
        system=record.system,
    )


def record_row(stored: StoredRecord) -> DataRow:
    """Return a teacher record as a row of an export."""
    record, made = stored.current, stored.record.provenance
    model = made.imported.model if made.imported else made.model_sha256
    beside = {
        "id": record.id,
        "family": record.family,
        "strategy": record.strategy,
        "model": model,
        "finish_reason": made.finish_reason,
    }
    facts: dict[str, Any] = {
        "id": record.id,
        "task_id": record.task_id,
        "family": record.family,
        "strategy": record.strategy,
        "strategy_version": record.strategy_version,
        "sample": record.sample,
        "system": record.system,
        "earlier_turns": _turns(record.turns),
        "user": record.user,
        "response": record.response,
        "correct": stored.verdict.correct if stored.verdict else None,
        "leaked": bool(stored.leaks),
        "decision": stored.decision,
        "edited": stored.edited is not None,
        "held_out": stored.held_out,
        "model": model,
        "quantisation": made.quantisation,
        "engine": made.engine,
        "prompt_tokens": made.prompt_tokens,
        "completion_tokens": made.completion_tokens,
        "finish_reason": made.finish_reason,
        "created_at": made.created_at,
        "imported_from": made.imported.file if made.imported else None,
    }
    return DataRow(
        facts=facts,
        sparse=_TURNS,
        beside=beside,
        id=record.id,
        family=record.family,
        user=record.user,
        answer=record.response,
        turns=record.turns,
        system=record.system,
        label=stored.verdict.correct if stored.verdict else None,
        held_out=stored.held_out,
    )


def _preferences(library: Library, request: HandOverRequest) -> DataRows:
    wanted = by_rowids(library, request.records, vote=vote)
    pairs, alone = preference_pairs(graded_answers(library, wanted))

    def rows() -> Iterator[DataRow | str]:
        for start in range(0, len(pairs), _CHUNK):
            chunk = pairs[start : start + _CHUNK]
            found = records_at(library, [n for pair in chunk for n in (pair.chosen, pair.rejected)])
            for pair in chunk:
                yield _pair_row(found[pair.chosen], found[pair.rejected], request.instruction)

    return DataRows(
        total=len(pairs), unit="pairs", rows=rows(), left_out=((_UNPAIRED, alone),) if alone else ()
    )


def _pair_row(chosen: StoredRecord, rejected: StoredRecord, instruction: str) -> DataRow:
    """Return two answers to one question as a row, with the instructions of both erased."""
    good, bad = erase(chosen.current, instruction), rejected.current
    beside = {
        "id": good.id,
        "family": good.family,
        "task_id": good.task_id,
        "chosen_strategy": good.strategy,
        "rejected_strategy": bad.strategy,
        "chosen_record": chosen.record.id,
        "rejected_record": bad.id,
    }
    return DataRow(
        facts={
            **beside, "system": good.system, "earlier_turns": _turns(good.turns), "user": good.user,
            "chosen": good.assistant, "rejected": bad.response,
        },
        sparse=_TURNS,
        beside=beside,
        id=good.id,
        family=good.family,
        user=good.user,
        answer=good.assistant,
        turns=good.turns,
        system=good.system,
        rejected=bad.response,
    )  # fmt: skip


def _evaluated_row(one: EvaluatedAnswer) -> DataRow:
    facts = dict(vars(one))
    facts["earlier_turns"] = _turns(facts.pop("turns"))
    return DataRow(
        facts=facts,
        sparse=_TURNS,
        beside={"id": one.task_id, "family": one.family},
        id=one.task_id,
        family=one.family,
        user=one.question,
        turns=one.turns,
        answer=one.reference,
        held_out=True,
    )


def _evaluation_rows(library: Library) -> Iterator[DataRow]:
    """Yield the evaluations, oldest first, each with how many of its answers are correct."""
    counts = answer_counts(library)
    for one in reversed(list_evaluations(library)):
        found = counts.get(one.id)
        facts = {
            "id": one.id,
            "name": one.name,
            "status": one.run.status,
            "created_at": one.run.created_at,
            "model": one.model.name,
            "adapter": one.adapter.name if one.adapter else None,
            "system_kind": one.system_kind,
            "system": one.system,
            "questions": found.questions if found else 0,
            "answered": found.answered if found else 0,
            "graded": found.graded if found else 0,
            "correct_answers": found.correct if found else 0,
        }
        yield DataRow(facts=facts, id=one.id, family="evaluations", user=one.id)


def _turns(turns: Turns) -> list[dict[str, str]]:
    return [{"role": role, "content": text} for role, text in turns]
