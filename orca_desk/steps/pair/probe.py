"""Measure which strategy serves each family best: the teacher tries them all on the same few tasks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.pairings import set_pairings
from orca_desk.library.records import teacher_answers
from orca_desk.library.strategies import current_strategies
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.method.evidence import tried_under_all
from orca_desk.method.pairing import Pairing, Trial, decide, measure
from orca_desk.method.records import Sampling, Task, digest
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.grading import grade_answer
from orca_desk.steps.recorder import find_or_create_run, record_run
from orca_desk.steps.teaching import Ask, OnArrival, Taught, Teacher, identify_ask, teach, unwatched
from orca_desk.yielding import yielding


@dataclass(frozen=True, kw_only=True)
class Probed:
    """The outcome of a probe: the pairing of each family with its evidence; none if it was stopped.

    `fruitless` are the families in which no strategy got a task right, each with its number of tasks: they
    are not paired, and keep the strategy that they had. `left_out` counts the tasks that some strategy left
    without a graded answer: they count for none.
    """

    run: str
    pairings: Mapping[str, Pairing]
    fruitless: Mapping[str, int]
    left_out: int
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
    generated twice; `on_arrival` gets them as they are stored. Strategies are compared on the tasks that were
    answered under all of them. The pairings are stored as measured; a family in which no strategy got a task
    right is not paired. Raises UserError when no family has tasks to measure with, and as `teach` does.
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
        **used.template,
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
        found = Probed(run=run, pairings={}, fruitless={}, left_out=0, taught=taught)
        if taught.finished:
            found = _pair(library, found, tasks, names, _trials(library, asks, used, sampling))
        recorder.outcome = taught.to_json(
            paired=len(found.pairings), fruitless=dict(found.fruitless), left_out=found.left_out
        )
        recorder.finished = taught.finished
        return found


def _trials(library: Library, asks: Sequence[Ask], teacher: Teacher, sampling: Sampling) -> list[Trial]:
    """Return how the teacher's answers do by the references that the tasks have now.

    A record may be older than the probe: its task may have had another reference, or have been another task
    that asked the same. What the user made of an answer is no evidence for a strategy.
    """
    identities = [identify_ask(asked, teacher=teacher, sampling=sampling)[0] for asked in asks]
    answers = teacher_answers(library, identities)
    return [
        Trial(
            task_id=asked.task.id,
            family=asked.task.family,
            strategy=asked.strategy.name,
            correct=verdict.correct,
            tokens=answer.tokens,
        )
        for identity, asked in yielding(list(zip(identities, asks, strict=True)))
        if (answer := answers.get(identity)) and (verdict := grade_answer(asked.task, answer.response))
    ]


def _pair(
    library: Library, probed: Probed, tasks: Sequence[Task], strategies: Sequence[str], tried: Iterable[Trial]
) -> Probed:
    """Pair the families by what was tried, store it, and return the outcome with it."""
    compared = tried_under_all(tried, strategies)
    evidence = measure(compared)
    decisions = decide(evidence)
    pairings = {family: one.pairing for family, one in decisions.items() if one.pairing}
    undecided = [one for one in decisions.values() if one.pairing is None]
    set_pairings(library, pairings.values(), source="measured", undecided=undecided)
    nothing = [one for one in evidence if one.family not in pairings]
    fruitless = {task.family: 0 for task in tasks if task.family not in pairings}
    return replace(
        probed,
        pairings=pairings,
        fruitless=fruitless | {one.family: one.n for one in nothing},
        left_out=len(tasks) - len({one.task_id for one in compared}),
    )


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
