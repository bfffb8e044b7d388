"""The best of several answers: of equal ones one, and of those to a task under a strategy the first few.

Best of k by grade, then shortest, at most so many per task: rejection sampling as in RAFT (2504.11343) and
the several solutions per problem of Orca-Math (2402.14830). Of two correct answers the shorter one teaches a
small student more (2502.12143).
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from orca_desk.method.fitness import RecordBasis, Unfit

_RANKS = {basis: rank for rank, basis in enumerate(RecordBasis)}
CHARACTERS_PER_TOKEN = 4  # of English, to compare an answer whose tokens were not counted


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A record that is fit on its own.

    `content` is the same for records that teach the same; `group` for answers to one task under one strategy.
    """

    id: str
    basis: RecordBasis
    content: str
    group: Hashable
    tokens: int | None
    characters: int | None = None

    @property
    def rank(self) -> tuple[int, float, str]:
        """What contenders are ordered by: the best come first."""
        return _RANKS[self.basis], self.length, self.id

    @property
    def length(self) -> float:
        """The length in tokens, maybe estimated."""
        return length_in_tokens(self.tokens, self.characters)


def length_in_tokens(tokens: int | None, characters: int | None) -> float:
    """Return the length of an answer in tokens: an estimate from its characters if not counted."""
    return tokens if tokens is not None else (characters or 0) / CHARACTERS_PER_TOKEN


def beaten(contenders: Iterable[Contender], *, per_task: int | None) -> dict[str, Unfit]:
    """Return the ids of those that are left out, with the reason.

    Of equal ones, a kept one stays, or else the one whose id comes first. What the user kept is never beaten
    by the others of its task, but counts among them.
    """
    chosen: dict[str, Contender] = {}
    left_out: dict[str, Unfit] = {}
    for one in sorted(contenders, key=lambda each: (each.basis != RecordBasis.KEPT, each.id)):
        if one.content in chosen:
            left_out[one.id] = Unfit.DUPLICATE
        else:
            chosen[one.content] = one
    if per_task is None:
        return left_out
    groups: defaultdict[Hashable, list[Contender]] = defaultdict(list)
    for one in chosen.values():
        groups[one.group].append(one)
    for group in groups.values():
        if len(group) > per_task:
            group.sort(key=lambda each: each.rank)
            left_out.update(
                {one.id: Unfit.NOT_BEST for one in group[per_task:] if one.basis != RecordBasis.KEPT}
            )
    return left_out
