"""Families by strategies: what was measured, and which strategy each family is paired with."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from orca_desk.library.database import Library
from orca_desk.library.pairings import StoredPairing, current_pairings, earlier_evidence, latest_evidence
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import FamilyCount, TaskFilter, count_tasks, families
from orca_desk.method.pairing import Evidence
from orca_desk.method.strategies import Strategy


@dataclass(frozen=True, kw_only=True)
class PairingMatrix:
    """The latest evidence by (family, strategy), and the pairing of each family that has one.

    `earlier` tells where that evidence is of an instruction that the strategy no longer has.
    `tasks` counts each family's training tasks with a reference answer: those that a probe can use.
    """

    families: tuple[str, ...] = ()
    tasks: Mapping[str, int] = field(default_factory=dict)
    strategies: tuple[Strategy, ...] = ()
    evidence: Mapping[tuple[str, str], Evidence] = field(default_factory=dict)
    pairings: Mapping[str, StoredPairing] = field(default_factory=dict)
    earlier: frozenset[tuple[str, str]] = frozenset()

    @property
    def measurable(self) -> tuple[str, ...]:
        """The families with a task to measure strategies on."""
        return tuple(family for family in self.families if self.tasks.get(family))

    def probe_size(self, families: Collection[str], strategies: Collection[str], per_family: int) -> int:
        """Return how many answers a probe needs, among them those that the library already has."""
        tasks = sum(min(per_family, self.tasks.get(family, 0)) for family in families)
        return tasks * len(strategies)


def pairing_matrix(library: Library) -> PairingMatrix:
    """Read the matrix of a library."""
    found = families(library)
    return PairingMatrix(
        families=tuple(one.family for one in found),
        tasks={one.family: _answerable(library, one) for one in found},
        strategies=tuple(current_strategies(library).values()),
        evidence=latest_evidence(library),
        pairings=current_pairings(library),
        earlier=earlier_evidence(library),
    )


def _answerable(library: Library, family: FamilyCount) -> int:
    """Return how many training tasks of a family have a reference answer."""
    if not family.unanswered:
        return family.train
    return count_tasks(library, TaskFilter(family=family.family, split="train", has_answer=True))
