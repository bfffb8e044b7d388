"""How a message is asked: the sampling, columns with their own, and how often, for a vote."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from orca_desk.method.records import Sampling
from orca_desk.steps.chat.column_sampling import NONE, OwnSampling
from orca_desk.steps.chat.voting import check_votes


@dataclass(frozen=True, kw_only=True)
class Asking:
    """How every column is asked; those with `own` sampling use that instead.

    With several `votes` each is asked so often, with one seed after the other, and the answers vote.
    """

    sampling: Sampling
    votes: int = 1
    own: OwnSampling = field(default_factory=lambda: NONE)

    def of(self, column: int) -> Sampling:
        """Return the sampling of a column."""
        return self.own.get(column, self.sampling)

    def samplings(self, columns: int, wanted: Iterable[int]) -> tuple[Sampling, ...]:
        """Return the sampling of each of so many columns.

        Raises UserError if the answers of a `wanted` one cannot vote, at temperature 0.
        """
        found = tuple(map(self.of, range(columns)))
        for column in wanted:
            check_votes(self.votes, found[column])
        return found
