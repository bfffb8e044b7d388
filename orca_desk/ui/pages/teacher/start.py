"""With what a run of the teacher is started: kept over restarts, and to be started again."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from orca_desk.library.database import Library
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.method.records import Sampling
from orca_desk.processes.asking import Runner
from orca_desk.steps.defaults import chosen_batch, chosen_threads, default_sampling
from orca_desk.steps.instruct.generate import Generated, generate
from orca_desk.steps.instruct.preview import Outlook, Preview, outlook, preview
from orca_desk.ui.jobs import Tools


@dataclass(frozen=True, kw_only=True)
class TeachStart:
    """Which teacher, which tasks, how. A limit of 0 is none; 0 for batch, context or threads: chosen."""

    model: str = ""
    family: str | None = None
    tag: str | None = None
    text: str = ""
    limit: int = 0
    strategy: str | None = None
    samples: int = 1
    sampling: Sampling = field(default_factory=Sampling)
    batch: int = 0
    context: int = 0
    threads: int = 0

    @classmethod
    def usual(cls, library: Library) -> "TeachStart":
        """Return the first values: what the user chose in the settings for all pages."""
        return cls(
            sampling=default_sampling(library),
            batch=chosen_batch(library) or 0,
            threads=chosen_threads(library) or 0,
        )

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "TeachStart":
        """Read what `as_json` wrote."""
        sampling = stored["sampling"]
        known = {name: value for name, value in stored.items() if name in cls.__dataclass_fields__}
        return cls(**known | {"sampling": Sampling(**sampling | {"stop": tuple(sampling["stop"])})})

    def as_json(self) -> dict[str, Any]:
        """Return it as the library keeps it."""
        return asdict(self)

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

    @property
    def tasks(self) -> TaskFilter:
        """The tasks: training ones alone, as the held-out ones are for the test."""
        return TaskFilter(
            split="train", family=self.family, tag=self.tag, text=self.text or None, limit=self.limit or None
        )

    def look(self, library: Library) -> Outlook:
        """Count what it would do."""
        return outlook(
            library,
            self.runner,
            self.tasks,
            strategy=self.strategy,
            samples=self.samples,
            sampling=self.sampling,
        )

    def preview_work(self, library: Library) -> Callable[[Tools], Preview]:
        """Return the work of a job that previews five."""

        def work(tools: Tools) -> Preview:
            assert self.runner
            return preview(
                library,
                self.runner,
                self.tasks,
                strategy=self.strategy,
                sampling=self.sampling,
                on_answer=tools.tell,
                progress=tools.progress,
                control=tools.control,
            )

        return work

    def generate_work(self, library: Library) -> Callable[[Tools], Generated]:
        """Return the work of a job that answers all."""

        def work(tools: Tools) -> Generated:
            assert self.runner
            return generate(
                library,
                self.runner,
                list(iterate_tasks(library, self.tasks)),
                strategy=self.strategy,
                samples=self.samples,
                sampling=self.sampling,
                progress=tools.progress,
                control=tools.control,
                on_arrival=tools.tell,
            )

        return work
