"""Has each quantised file answer held-out tasks, beside the unquantised student, on the same tasks."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orca_desk.library.database import Library
from orca_desk.library.evaluations import get_evaluation
from orca_desk.library.samples import own_families
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.method.records import Task
from orca_desk.processes.progress import JobControl, Progress
from orca_desk.steps.defaults import default_runner
from orca_desk.steps.evaluate.candidates import system_of
from orca_desk.steps.evaluate.evaluation import evaluate
from orca_desk.steps.evaluate.scoring import OVERALL, compare_evaluations, score
from orca_desk.steps.export.outcome import FileScore
from orca_desk.steps.export.part_folder import PartFolder
from orca_desk.steps.export.sources import Sources

UNQUANTISED = "Unquantised"  # the label of the student that the quantised files are compared with


@dataclass(frozen=True, kw_only=True)
class ScoredFile:
    """A model to score: a quantised file, or the base with its adapter."""

    label: str
    model: Path
    adapter: Path | None = None


def scored_tasks(library: Library) -> TaskFilter:
    """Return which tasks an export is scored on: the held-out ones with an answer, of own families."""
    return TaskFilter(split="heldout", has_answer=True, families=own_families(library))


def sampled_tasks(library: Library, limit: int) -> list[Task]:
    """Return `limit` held-out tasks with an answer, of all own families alike, the same ones each time."""
    tasks = iterate_tasks(library, scored_tasks(library))
    return sorted(tasks, key=lambda task: hashlib.sha256(task.id.encode()).digest())[:limit]


def score_files(
    library: Library,
    sources: Sources,
    files: Sequence[tuple[str, Path]],
    limit: int,
    *,
    part: PartFolder,
    progress: Progress,
    control: JobControl,
) -> tuple[FileScore, ...] | None:
    """Return the scores of quantised files, (label, path), after that of the unquantised student.

    Without a held-out task, or for a `limit` of 0, there are none. Each is an evaluation in the library,
    which `part` notes, so that a resumed export scores on. None when stopped.
    """
    tasks = sampled_tasks(library, limit) if files and limit else []
    if not tasks:
        return ()
    student = ScoredFile(label=UNQUANTISED, model=sources.base_gguf, adapter=sources.adapter_gguf)
    candidates = [student, *(ScoredFile(label=label, model=path) for label, path in files)]
    scores: list[FileScore] = []
    for candidate in candidates:
        run = _score(library, sources, candidate, tasks, part, progress, control)
        if run is None:
            return None
        first = scores[0].evaluation if scores else ""
        scores.append(
            FileScore(
                label=candidate.label,
                evaluation=run,
                accuracy=score(library, run).overall.accuracy,
                against=compare_evaluations(library, run, first)[OVERALL] if first else None,
            )
        )
    return tuple(scores)


def _score(
    library: Library,
    sources: Sources,
    candidate: ScoredFile,
    tasks: Sequence[Task],
    part: PartFolder,
    progress: Progress,
    control: JobControl,
) -> str | None:
    """Return the id of the finished evaluation of a candidate; None when stopped.

    It is measured as other programs will run it: with the weights as the file has them.
    """
    known = part.state.setdefault("scores", {})
    key = f"{candidate.label}, {len(tasks)} tasks"
    if key in known and get_evaluation(library, known[key]).run.status == "done":
        return str(known[key])
    found = evaluate(
        library,
        replace(default_runner(library, candidate.model, candidate.adapter), as_stored=True),
        tasks,
        system=system_of(sources.snapshot.instruction),
        progress=progress,
        control=control,
        name=f"{sources.training.id}, {candidate.label}",
    )
    if not found.finished:
        return None
    known[key] = found.run
    part.save()
    return found.run
