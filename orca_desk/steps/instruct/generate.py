"""Have the teacher answer tasks, each under the strategy that its family is paired with."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypedDict

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.pairings import current_pairings
from orca_desk.library.record_rules import current_rules
from orca_desk.library.review import standings_by_id
from orca_desk.library.strategies import current_strategies
from orca_desk.method.fitness import Unfit
from orca_desk.method.pairing import strategy_for
from orca_desk.method.records import Sampling, Task, digest
from orca_desk.method.strategies import Strategy
from orca_desk.processes.asking import Runner
from orca_desk.processes.progress import JobControl, Progress, silent
from orca_desk.steps.instruct.rounds import Voting, teach_in_rounds
from orca_desk.steps.recorder import RunRecorder, find_or_create_run, record_run
from orca_desk.steps.teaching import Arrival, Ask, OnArrival, Taught, Teacher, teach, unwatched


class _How(TypedDict):
    teacher: Teacher
    sampling: Sampling
    recorder: RunRecorder
    control: JobControl
    on_arrival: OnArrival


@dataclass(frozen=True, kw_only=True)
class Generated(Taught):
    """The outcome of a generation; `run` is its id in the library."""

    run: str


def generate(
    library: Library,
    teacher: Runner,
    tasks: Sequence[Task],
    *,
    strategy: str | None = None,
    samples: int = 1,
    stop_early: bool = False,
    sampling: Sampling | None = None,
    progress: Progress = silent,
    control: JobControl | None = None,
    on_arrival: OnArrival = unwatched,
    request: Mapping[str, Any] | None = None,
) -> Generated:
    """Have the teacher answer each of `tasks` `samples` times, and store every answer as a record.

    A task is answered under `strategy` if given, else under its own or its family's. Answers that the library
    already has are reused, so the same call resumes where an earlier one stopped. `on_arrival` gets records
    as they are stored. With `stop_early`, a task without a reference gets no more answers once the vote on
    those that it has is decided. Raises UserError when there is nothing to do or a family has no strategy,
    and as `teach` does.
    """
    control = control or JobControl()
    sampling = sampling or Sampling()
    if not tasks:
        raise UserError("There are no tasks to answer.", "Import tasks, or widen the filters.")
    if samples > 1 and sampling.temperature == 0:
        raise UserError(
            f"At temperature 0, all {samples} answers to a task would be the same.",
            "Raise the temperature, to 0.7 for example, or ask for one answer per task.",
        )
    chosen = strategies_for(library, tasks, strategy)
    used = Teacher.of(library, teacher)
    settings = {
        "teacher": used.sha256,
        **used.template,
        "tasks": digest(sorted(task.id for task in tasks)),
        "strategies": digest([[chosen[task.id].name, chosen[task.id].version] for task in tasks]),
        "samples": samples,
        "sampling": asdict(sampling),
    }
    voting = None
    if stop_early and samples > 1:
        voting = Voting(samples=samples, at_least=current_rules(library).agreement or 0.0)
        settings["voting"] = voting.at_least
    run = find_or_create_run(library, "generate", settings, request)
    with record_run(library, run, progress=progress) as recorder:
        usable: dict[str, bool] = {}

        def arrived(arrival: Arrival) -> None:
            usable.update(_usable(arrival))
            on_arrival(arrival)

        how: _How = {
            "teacher": used,
            "sampling": sampling,
            "recorder": recorder,
            "control": control,
            "on_arrival": arrived,
        }
        if voting:
            taught = teach_in_rounds(library, tasks, chosen, voting, **how)
        else:
            numbers = range(samples)
            asks = [Ask(task=task, strategy=chosen[task.id], sample=one) for task in tasks for one in numbers]
            taught = teach(library, asks, **how)
        taught = _among_all(library, taught, usable)
        recorder.outcome, recorder.finished = taught.to_json(), taught.finished
        return Generated(run=run, **vars(taught))


def _usable(arrival: Arrival) -> dict[str, bool]:
    """Return the ids of the answers that are usable on their own, and whether each is graded."""
    graded = {new.record.id: new.verdict is not None for new in arrival.records}
    return {record: known for record, known in graded.items() if record not in arrival.rejected}


def _among_all(library: Library, taught: Taught, usable: Mapping[str, bool]) -> Taught:
    """Count those answers as rejected that the other records, or the pairings, keep out.

    They lost a vote, say what another one says, are worse than others to their task, or follow another
    strategy than the paired one. That they were not reviewed yet does not count.
    """
    if not usable:
        return taught
    lost: dict[str, Unfit] = {}
    for record, standing in standings_by_id(library, list(usable)).items():
        reasons = [reason for reason in standing.reasons if reason is not Unfit.NOT_KEPT]
        if reasons:
            lost[record] = reasons[0]
    return replace(
        taught,
        usable=taught.usable - len(lost),
        ungraded=taught.ungraded - sum(not usable[record] for record in lost),
        rejected=dict(Counter(taught.rejected) + Counter(lost.values())),
    )


def strategies_for(library: Library, tasks: Sequence[Task], override: str | None) -> dict[str, Strategy]:
    """Return the strategy of each task by the task's id: `override`, else its own, else its family's.

    Raises UserError for an unknown strategy, and for a family without one.
    """
    known, pairings = current_strategies(library), current_pairings(library)
    names = {task.id: override or strategy_for(task, pairings) for task in tasks}
    if unknown := sorted(set(names.values()) - known.keys()):
        raise UserError(
            f"There is no strategy named {', '.join(unknown)}.",
            f"Choose one of: {', '.join(sorted(known))}.",
        )
    return {task_id: known[name] for task_id, name in names.items()}
