"""What the user asks of the teacher: which model, which tasks, how. Stored with the run, to resume it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.samples import own_families
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.method.records import Sampling, Split
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.defaults import chosen_batch, chosen_threads, default_sampling
from orca_desk.steps.instruct.generate import Generated, generate
from orca_desk.steps.instruct.preview import PreviewAnswer, TeachPreview, Workload, preview, workload
from orca_desk.steps.stored_request import StoredRequest
from orca_desk.steps.teaching import OnArrival, unwatched


@dataclass(frozen=True, kw_only=True)
class GenerateRequest(StoredRequest):
    """Which teacher, which tasks, how. A `limit` of 0 means none; 0 for the other numbers: automatic.

    `own`: without a family, only the user's own families, and not those of sample tasks (`own_families`).
    """

    model: str = ""
    split: Split = "train"
    family: str | None = None
    own: bool = True
    tag: str | None = None
    text: str = ""
    limit: int = 0
    strategy: str | None = None
    samples: int = 1
    stop_early: bool = False
    sampling: Sampling = field(default_factory=Sampling)
    batch: int = 0
    context: int = 0
    threads: int = 0

    @classmethod
    def usual(cls, library: Library) -> "GenerateRequest":
        """Return the request that the user's defaults in Settings make."""
        return cls(
            sampling=default_sampling(library),
            batch=chosen_batch(library) or 0,
            threads=chosen_threads(library) or 0,
        )

    @classmethod
    def values_of(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        """See StoredRequest. An earlier version took the families of sample tasks too."""
        return {"own": False, **super().values_of(stored)}

    @property
    def runner(self) -> Runner | None:
        """How the model is run; None without a model."""
        if not self.model:
            return None
        return Runner(
            model=Path(self.model),
            batch=self.batch or None,
            context=self.context or None,
            threads=self.threads or None,
        )

    def tasks(self, library: Library) -> TaskFilter:
        """Return the tasks to answer: training tasks by default, since held-out ones are for evaluation."""
        return TaskFilter(
            split=self.split,
            family=self.family,
            families=own_families(library) if self.own and self.family is None else None,
            tag=self.tag,
            text=self.text or None,
            limit=self.limit or None,
        )

    def count(self, library: Library) -> Workload:
        """Count what a run would do."""
        return workload(
            library,
            self.runner,
            self.tasks(library),
            strategy=self.strategy,
            samples=self.samples,
            sampling=self.sampling,
        )

    def preview(
        self,
        library: Library,
        *,
        on_answer: Callable[[PreviewAnswer], None],
        progress: Progress = silent,
        control: JobControl | None = None,
    ) -> TeachPreview:
        """Answer five tasks and store nothing. Raises UserError as `preview` does."""
        return preview(
            library,
            self._teacher(),
            self.tasks(library),
            strategy=self.strategy,
            sampling=self.sampling,
            on_answer=on_answer,
            progress=progress,
            control=control,
        )

    def generate(
        self,
        library: Library,
        *,
        progress: Progress = silent,
        control: JobControl | None = None,
        on_arrival: OnArrival = unwatched,
    ) -> Generated:
        """Answer every task and store the records. Raises UserError as `generate` does."""
        return generate(
            library,
            self._teacher(),
            list(iterate_tasks(library, self.tasks(library))),
            strategy=self.strategy,
            samples=self.samples,
            stop_early=self.stop_early,
            sampling=self.sampling,
            progress=progress,
            control=control,
            on_arrival=on_arrival,
            request=self.to_json(),
        )

    def _teacher(self) -> Runner:
        if self.runner is None:
            raise UserError("No teacher is chosen.", "Choose a GGUF model.")
        return self.runner
