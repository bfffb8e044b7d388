"""Measure which strategy serves each family best: the teacher tries them all on the same few tasks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.pairings import set_pairings
from orca_desk.library.records import RecordFilter, trials
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.method.pairing import Pairing, choose, measure
from orca_desk.method.records import Sampling, Task, digest
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.recorder import find_or_create_run, record_run
from orca_desk.steps.teaching import Ask, OnArrival, Taught, Teacher, identify_asks, teach, unwatched


@dataclass(frozen=True, kw_only=True)
class Probed:
    """The outcome of a probe: the pairing of each family with its evidence; none if it was stopped."""

    run: str
    pairings: Mapping[str, Pairing]
    taught: Taught

    @property
    def finished(self) -> bool:
        """Whether every answer was there, so that the families could be paired."""
        return self.taught.finished


def probe(
    library: Library,
    teacher: Runner,
    *,
    families: Iterable[str] | None = None,
    strategies: Iterable[str] | None = None,
    per_family: int = 20,
    sampling: Sampling | None = None,
    progress: Progress = silent,
    control: JobControl | None = None,
    on_arrival: OnArrival = unwatched,
    request: Mapping[str, Any] | None = None,
) -> Probed:
    """Try `strategies` on `per_family` training tasks of each of `families`, and pair each family.

    `None` means all. The probe takes the tasks with a reference answer whose ids come first: always the same
    ones, yet a random sample, since ids are hashes. The answers are ordinary teacher records, so none is
    generated twice; `on_arrival` gets them as they are stored. The pairings are stored as measured. Raises
    UserError when no family has tasks to measure with, and as `teach` does.
    """
    control = control or JobControl()
    sampling = sampling or Sampling()
    tasks = _tasks(library, families, per_family)
    known = current_strategies(library)
    names = sorted(known) if strategies is None else sorted(set(strategies))
    if unknown := sorted(set(names) - known.keys()):
        raise UserError(
            f"There is no strategy named {', '.join(unknown)}.", f"Choose from: {', '.join(known)}."
        )
    asks = [Ask(task=task, strategy=known[name]) for name in names for task in tasks]
    used = Teacher.of(library, teacher)
    settings = {
        "teacher": used.sha256,
        "tasks": digest([task.id for task in tasks]),
        "strategies": [[name, known[name].version] for name in names],
        "sampling": asdict(sampling),
    }
    run = find_or_create_run(library, "probe", settings, request)
    with record_run(library, run, progress=progress) as recorder:
        taught = teach(
            library,
            asks,
            teacher=used,
            sampling=sampling,
            recorder=recorder,
            control=control,
            on_arrival=on_arrival,
        )
        pairings: dict[str, Pairing] = {}
        if taught.finished:
            identities = tuple(identify_asks(asks, teacher=used, sampling=sampling))
            pairings = choose(measure(trials(library, RecordFilter(ids=identities))))
            set_pairings(library, pairings.values(), source="measured")
        recorder.outcome = taught.to_json(paired=len(pairings))
        recorder.finished = taught.finished
        return Probed(run=run, pairings=pairings, taught=taught)


def _tasks(library: Library, families: Iterable[str] | None, per_family: int) -> Sequence[Task]:
    """Return the training tasks with a reference answer, the first `per_family` of each family by id."""
    wanted = None if families is None else set(families)
    by_family: dict[str, list[Task]] = defaultdict(list)
    for task in iterate_tasks(library, TaskFilter(split="train", has_answer=True)):
        if wanted is None or task.family in wanted:
            by_family[task.family].append(task)
    missing = (wanted or set()) - by_family.keys()
    if missing or not by_family:
        which = f"of {', '.join(sorted(missing))} " if missing else ""
        raise UserError(
            f"No training task {which}has a reference answer, so strategies cannot be compared.",
            "Import tasks with reference answers, or choose the family's strategy yourself.",
        )
    return [
        task
        for family in sorted(by_family)
        for task in sorted(by_family[family], key=lambda one: one.id)[:per_family]
    ]
