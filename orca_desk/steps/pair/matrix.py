"""Families by strategies: what was measured, and which strategy each family is paired with."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from orca_desk.library.database import Library
from orca_desk.library.pairings import (
    StoredPairing,
    Undecided,
    current_pairings,
    earlier_evidence,
    latest_evidence,
    undecided_families_of,
)
from orca_desk.library.samples import own_families, sample_families
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import FamilyCount, TaskFilter, count_tasks, families
from orca_desk.method.evidence import Basis, Evidence
from orca_desk.method.strategies import Strategy


@dataclass(frozen=True, kw_only=True)
class PairingMatrix:
    """The latest evidence of one `basis` by (family, strategy), and the pairing of each family that has one.

    Evidence of another basis measures something else, so it is in another matrix: `bases` names those with
    any. `earlier` tells where the evidence is of an instruction that the strategy no longer has. `undecided`
    are the families whose newest measurement by this basis chose nothing. `tasks` counts each family's
    training tasks with a reference answer, `train` all of them. `left_out` are the families of sample tasks
    beside own ones, which all families does not mean.
    """

    basis: Basis = Basis.REFERENCE
    bases: tuple[Basis, ...] = ()
    families: tuple[str, ...] = ()
    tasks: Mapping[str, int] = field(default_factory=dict)
    train: Mapping[str, int] = field(default_factory=dict)
    strategies: tuple[Strategy, ...] = ()
    evidence: Mapping[tuple[str, str], Evidence] = field(default_factory=dict)
    pairings: Mapping[str, StoredPairing] = field(default_factory=dict)
    undecided: Mapping[str, Undecided] = field(default_factory=dict)
    earlier: frozenset[tuple[str, str]] = frozenset()
    left_out: frozenset[str] = frozenset()

    def measurable(self, basis: Basis) -> tuple[str, ...]:
        """Return the families with a task to measure strategies on: by reference, with a reference answer."""
        return tuple(family for family in self.families if self.task_count(family, basis))

    def task_count(self, family: str, basis: Basis) -> int:
        """Return how many training tasks a family has for a measurement by this basis."""
        counts = self.tasks if basis == Basis.REFERENCE else self.train
        return counts.get(family, 0)

    def probe_size(
        self,
        families: Collection[str],
        strategies: Collection[str],
        per_family: int,
        *,
        samples: int = 1,
        basis: Basis = Basis.REFERENCE,
    ) -> int:
        """Return how many answers a probe needs at most, among them those that the library already has."""
        tasks = sum(min(per_family, self.task_count(family, basis)) for family in families)
        return tasks * len(strategies) * samples


def pairing_matrix(library: Library, basis: Basis | None = None) -> PairingMatrix:
    """Read the matrix of a library: the one of `basis`, or of the first basis that has evidence."""
    found = families(library)
    by_basis = {one: latest_evidence(library, one) for one in Basis}
    bases = tuple(one for one, evidence in by_basis.items() if evidence)
    shown = basis or next(iter(bases), Basis.REFERENCE)
    return PairingMatrix(
        basis=shown,
        bases=bases,
        families=tuple(one.family for one in found),
        tasks={one.family: _answerable(library, one) for one in found},
        train={one.family: one.train for one in found},
        strategies=tuple(current_strategies(library).values()),
        evidence=by_basis[shown],
        pairings=current_pairings(library),
        undecided=undecided_families_of(library, shown),
        earlier=earlier_evidence(library, shown),
        left_out=frozenset(() if own_families(library) is None else sample_families(library)),
    )


def _answerable(library: Library, family: FamilyCount) -> int:
    """Return how many training tasks of a family have a reference answer."""
    if not family.unanswered:
        return family.train
    return count_tasks(library, TaskFilter(family=family.family, split="train", has_answer=True))
