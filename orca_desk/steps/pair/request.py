"""What the user asks of a measurement: which teacher, families and strategies; stored on the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orca_desk.library.database import Library
from orca_desk.method.pairing import Basis, ChoiceRule
from orca_desk.method.records import Sampling
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.defaults import chosen_batch, chosen_threads
from orca_desk.steps.pair.graders import make_grader
from orca_desk.steps.pair.probe_tasks import MOST_TASKS
from orca_desk.steps.pair.probed import Probed
from orca_desk.steps.pair.replacing import require_permission
from orca_desk.steps.pair.standing import Budget
from orca_desk.steps.pair.tournament import OnStanding, tournament, untold
from orca_desk.steps.stored_request import StoredRequest
from orca_desk.steps.teaching import OnArrival, unwatched


@dataclass(frozen=True, kw_only=True)
class ProbeRequest(StoredRequest):
    """Which strategies a teacher tries on how many tasks of which families; None means all of them.

    `per_family` is the most tasks that a family gets, `answers`, `tokens` and `minutes` the budget (None: no
    limit). `by` says what answers are judged by (`Basis`), for "judge" with the model `judge` and its prompt
    ("": the default one). `replace` allows it to replace pairings that rest on firmer grounds
    (`pairings_at_stake`). 0 for batch, context or threads: automatic.
    """

    model: str
    families: list[str] | None = None
    strategies: list[str] | None = None
    per_family: int = MOST_TASKS
    samples: int = 1
    answers: int | None = None
    tokens: int | None = None
    minutes: float | None = None
    by: str = Basis.REFERENCE
    judge: str = ""
    judge_prompt: str = ""
    margin: float = ChoiceRule.margin
    confidence: float = ChoiceRule.confidence
    sampling: Sampling = field(default_factory=Sampling)
    batch: int = 0
    context: int = 0
    threads: int = 0
    replace: bool = False

    @property
    def budget(self) -> Budget:
        """Limit of the measurement."""
        seconds = None if self.minutes is None else self.minutes * 60
        return Budget(answers=self.answers, tokens=self.tokens, seconds=seconds)

    @classmethod
    def usual(cls, library: Library, model: Path) -> "ProbeRequest":
        """Return the request that measures everything, run as the user's defaults in Settings say."""
        return cls(model=str(model), batch=chosen_batch(library) or 0, threads=chosen_threads(library) or 0)

    @classmethod
    def values_of(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        """See StoredRequest. Earlier versions stored neither the sampling nor the basis."""
        Basis(stored.get("by", Basis.REFERENCE))
        return super().values_of(stored) if "sampling" in stored else dict(stored)

    def probe(
        self,
        library: Library,
        *,
        progress: Progress = silent,
        control: JobControl | None = None,
        on_arrival: OnArrival = unwatched,
        on_standing: OnStanding = untold,
    ) -> Probed:
        """Measure and pair.

        Raises UserError as `tournament` does, for a basis without its judge, and for pairings that it may not
        `replace`.
        """
        if not self.replace:
            require_permission(library, self.families, Basis(self.by))
        return tournament(
            library,
            self._runner(self.model),
            families=self.families,
            strategies=self.strategies,
            per_family=self.per_family,
            samples=self.samples,
            sampling=self.sampling,
            rule=ChoiceRule(margin=self.margin, confidence=self.confidence),
            budget=self.budget,
            grader=make_grader(
                library,
                self.by,
                judge=self._runner(self.judge) if self.judge else None,
                prompt=self.judge_prompt,
            ),
            progress=progress,
            control=control,
            on_arrival=on_arrival,
            on_standing=on_standing,
            request=self.to_json(),
        )

    def _runner(self, model: str) -> Runner:
        return Runner(
            model=Path(model),
            batch=self.batch or None,
            context=self.context or None,
            threads=self.threads or None,
        )
