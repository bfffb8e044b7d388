"""Which of a library's records a snapshot takes: the fit ones, and of them a mix."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from orca_desk import __version__
from orca_desk.library.base_answers import questions_of, rates_in
from orca_desk.library.fitness import JudgedRecord, judge, require_checked
from orca_desk.library.overlaps import LibraryOverlaps, OverlapPair, library_overlaps
from orca_desk.method.best import length_in_tokens
from orca_desk.method.fitness import Unfit
from orca_desk.method.mixing import Mix, MixCandidate, mix
from orca_desk.method.snapshot_rules import SnapshotRules
from orca_desk.yielding import yielding


@dataclass(frozen=True, kw_only=True)
class CellCount:
    """How many records of a family under a strategy are `fit`, and how many of them were `taken`."""

    family: str
    strategy: str
    fit: int
    taken: int


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The rows that were taken, in the order of the records' ids, and the account of the choice.

    `considered` counts all records that the rules' families and runs have, but for samples that they leave
    out. `overlaps` are the pairs among the fit records, `held_out` the number of questions that they were
    compared with (0: not compared), those of the files named `benchmarks` among them.
    `unlimited` of those taken escaped a limit in tokens, as theirs were not counted.
    """

    rowids: tuple[int, ...]
    considered: int
    left_out: dict[Unfit, int]
    cells: tuple[CellCount, ...]
    mix: Mix
    overlaps: tuple[OverlapPair, ...]
    held_out: int
    unlimited: int = 0
    benchmarks: tuple[str, ...] = ()

    @property
    def records(self) -> int:
        """The number of records taken."""
        return len(self.rowids)

    @property
    def families(self) -> dict[str, int]:
        """The number of records taken per family, in the order of their names."""
        counts: Counter[str] = Counter()
        for cell in self.cells:
            counts[cell.family] += cell.taken
        return {family: n for family, n in counts.items() if n}

    @property
    def account(self) -> dict[str, Any]:
        """What is known of the choice on the day it is made, and could not be told from the records later."""
        return {
            "made_with": f"Orca Desk {__version__}",
            "considered": self.considered,
            "not_limited_in_tokens": self.unlimited,
            "cells": [asdict(cell) for cell in self.cells],
            "mix": {
                "groups": [asdict(group) for group in self.mix.groups],
                "limited_by": self.mix.limited_by,
                "long_answers": self.mix.long,
                "tokens_not_counted": self.mix.uncounted,
                "long_over_tokens": dict(self.mix.long_over),
                "not_measured": self.mix.unmeasured,
                "asked_once": self.mix.asked_once,
            },
            "overlap": {
                "compared_with": self.held_out,
                "benchmarks": list(self.benchmarks),
                "pairs": [pair.to_json() for pair in self.overlaps],
            },
        }


def select(
    db: sqlite3.Connection,
    rules: SnapshotRules,
    *,
    instruction: str,
    overlaps: LibraryOverlaps | None = None,
) -> Selection:
    """Go over all records once, without their texts, and choose by `rules`.

    `overlaps` are those found before, so that they need not be found again. Call `prepare_facts` before.
    Raises UserError as `require_checked` does.
    """
    judged = judge(db, rules, families=rules.families, runs=rules.runs, own_only=rules.own_only)
    require_checked(judged)
    left_out = Counter(one.standing.reason for one in judged if one.standing.reason)
    fit = [one for one in judged if one.standing.reason is None]
    if rules.overlap != "allow" and (overlaps is None or overlaps.near != rules.near):
        overlaps = library_overlaps(db, near=rules.near)
    if rules.overlap == "allow":
        overlaps = None
    candidates, pairs = _candidates(db, fit, rules, instruction, overlaps)
    mixed = mix(candidates, rules)
    left_out.update(mixed.left_out.values())
    taken = set(mixed.taken)
    return Selection(
        rowids=mixed.taken,
        considered=len(judged),
        left_out=dict(left_out.most_common()),
        cells=_cells(fit, taken),
        mix=mixed,
        overlaps=pairs,
        held_out=overlaps.held_out if overlaps else 0,
        benchmarks=overlaps.benchmarks if overlaps else (),
        unlimited=sum(one.n in taken and one.tokens is None for one in fit) if rules.limit_tokens else 0,
    )


def _candidates(
    db: sqlite3.Connection,
    fit: Sequence[JudgedRecord],
    rules: SnapshotRules,
    instruction: str,
    overlaps: LibraryOverlaps | None,
) -> tuple[list[MixCandidate], tuple[OverlapPair, ...]]:
    learnable = rules.learnable
    rates = rates_in(db, model=learnable.base, system=instruction) if learnable else {}
    pairs = overlaps.pairs if overlaps else {}
    questions = questions_of(db, [one.n for one in fit]) if learnable or pairs else {}
    met: dict[str, OverlapPair] = {}
    candidates = []
    for one in yielding(fit):
        question = questions.get(one.n, "")
        if pair := pairs.get(question):
            met[question] = pair
        candidates.append(
            MixCandidate(
                n=one.n,
                question=question,
                family=one.family,
                strategy=one.strategy,
                tokens=length_in_tokens(one.tokens, one.uncounted),
                counted=one.tokens is not None,
                rate=rates.get(question),
                overlap=pair.kind if pair else None,
            )
        )
    return candidates, tuple(met.values())


def _cells(fit: Sequence[JudgedRecord], taken: set[int]) -> tuple[CellCount, ...]:
    all_fit = Counter((one.family, one.strategy) for one in fit)
    inside = Counter((one.family, one.strategy) for one in fit if one.n in taken)
    return tuple(
        CellCount(family=family, strategy=strategy, fit=n, taken=inside[family, strategy])
        for (family, strategy), n in sorted(all_fit.items())
    )
