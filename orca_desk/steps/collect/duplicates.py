"""Tasks that ask the same, exactly or nearly: found in a worker, and shown before anything is deleted."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Any, Literal

from orca_desk.errors import UserError
from orca_desk.formats.json_layout import SeveralListsError
from orca_desk.formats.packed import without_packing
from orca_desk.library.benchmarks import Benchmark, add_benchmark, list_benchmarks
from orca_desk.library.database import Library
from orca_desk.library.duplicates import StoredTask, asked_texts, stored_tasks
from orca_desk.library.tasks import TaskFilter, task_rowids
from orca_desk.method.duplicates import Alike, Cluster, Copy, NearPair, clusters_of
from orca_desk.method.mixing import OverlapKind
from orca_desk.method.overlap import NEAR, words_of
from orca_desk.method.records import Split, Task, question_key
from orca_desk.processes.host import run_worker
from orca_desk.processes.process import WorkerCrashError, WorkerEndedError
from orca_desk.processes.progress import JobControl, Meter, Progress, silent

CHUNK = 2_000  # tasks in one message to the worker
SECONDS_TO_STOP = 1.0  # the worker has nothing to save
_STAGES = 4
ALL = TaskFilter()
Difference = Literal["", "words", "numbers", "answer"]
Marking = Literal["exact", "near"]  # which copies are marked to be deleted: exact ones, or near ones too


@dataclass(frozen=True, kw_only=True)
class DuplicateTask:
    """A task among those that ask the same.

    `similarity` (0 to 1) and `difference` are from the one that is kept: what differs is some "words", some
    "numbers", or the reference "answer". `of_file`: it is compared with a question of a file.
    """

    rowid: int
    task_id: str
    family: str
    split: Split
    query: str
    answer: str | None = None
    kind: OverlapKind = "exact"
    similarity: float = 1.0
    difference: Difference = ""
    of_file: bool = False

    def is_marked(self, marking: Marking) -> bool:
        """Return whether the task is to be deleted unless the user keeps it.

        One with other numbers, or with another answer, asks something else, or one of the two is wrong. What
        a file asks may be held out: nobody trains on it.
        """
        if self.of_file and self.split == "heldout":
            return False
        return self.difference == "" or (marking == "near" and self.difference == "words")

    def to_json(self) -> dict[str, Any]:
        """Return the task as JSON, with the similarity to three digits."""
        return {
            "id": self.task_id,
            "family": self.family,
            "split": self.split,
            "query": self.query,
            "kind": self.kind,
            "similarity": round(self.similarity, 3),
            "difference": self.difference,
        }


@dataclass(frozen=True, kw_only=True)
class DuplicateCluster:
    """Tasks that ask the same as the one to `keep`, or as `question`, which is one of a file."""

    keep: DuplicateTask | None
    copies: tuple[DuplicateTask, ...]
    question: str = ""

    @property
    def tasks(self) -> tuple[DuplicateTask, ...]:
        """All tasks, the one to keep first."""
        return (self.keep, *self.copies) if self.keep else self.copies

    @property
    def is_across(self) -> bool:
        """Whether both splits ask this, so that a student is trained on what it is tested on."""
        return len({one.split for one in self.tasks}) > 1

    def marked(self, marking: Marking) -> tuple[DuplicateTask, ...]:
        """Return the tasks to delete."""
        return tuple(one for one in self.copies if one.is_marked(marking))

    def keeping(self, rowid: int) -> "DuplicateCluster":
        """Return this with another task as the one to keep. Similarities stay those that were measured."""
        chosen = next(one for one in self.copies if one.rowid == rowid)
        former = (replace(self.keep, kind=chosen.kind, similarity=chosen.similarity),) if self.keep else ()
        others = tuple(one for one in self.copies if one.rowid != rowid)
        return replace(self, keep=chosen, copies=(*former, *others))

    def to_json(self) -> dict[str, Any]:
        """Return the cluster as JSON."""
        return {
            "keep": self.keep.to_json() if self.keep else None,
            "question": self.question,
            "across": self.is_across,
            "copies": [one.to_json() for one in self.copies],
        }


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """What was found among `tasks` tasks.

    `questions` of a file were compared with them; `refused` of its rows could not be read.
    """

    clusters: tuple[DuplicateCluster, ...]
    tasks: int
    near: float
    questions: int = 0
    refused: int = 0

    @property
    def exact(self) -> int:
        """The number of exact copies."""
        return self._count("exact")

    @property
    def nearly(self) -> int:
        """The number of near copies."""
        return self._count("near")

    @property
    def across(self) -> int:
        """The number of clusters that both splits ask."""
        return sum(one.is_across for one in self.clusters)

    def marked(self, marking: Marking) -> tuple[DuplicateTask, ...]:
        """Return all tasks to delete."""
        return tuple(task for one in self.clusters for task in one.marked(marking))

    def _count(self, kind: OverlapKind) -> int:
        return sum(copy.kind == kind for one in self.clusters for copy in one.copies)

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON."""
        return {
            "tasks": self.tasks,
            "near_from": self.near,
            "exact": self.exact,
            "near": self.nearly,
            "across": self.across,
            "questions_of_the_file": self.questions,
            "rows_refused": self.refused,
            "clusters": [one.to_json() for one in self.clusters],
        }


@dataclass(frozen=True, kw_only=True)
class NamedBenchmark:
    """A benchmark that was named, and how many rows of its file could not be read."""

    benchmark: Benchmark
    refused: int


def find_duplicates(
    library: Library,
    wanted: TaskFilter = ALL,
    *,
    near: float = NEAR,
    against: Path | None = None,
    rows_in: str = "",
    across: bool = False,
    progress: Progress = silent,
    control: JobControl | None = None,
    log: Path | None = None,
) -> Duplicates | None:
    """Return the tasks that ask the same as others, or as a question of the file `against`; None if stopped.

    `near` is the least similarity (0.5 to 1) of a near copy, `rows_in` the part of the file to read. `across`
    leaves the clusters that both splits ask. Raises UserError if the file cannot be read,
    SeveralListsError if `rows_in` must name one of its parts.
    """
    rowids = task_rowids(library, wanted)
    compared = _Comparison(
        library, rowids, Meter(progress, stage="reading tasks", total=len(rowids), unit="tasks")
    )
    working = Meter(progress, stage="comparing tasks", total=_STAGES, unit="steps")
    job = {
        "near": near,
        "file": str(against.absolute()) if against else "",
        "rows_in": rows_in,
        "only_read": False,
    }
    with _faults_of(against):
        finished = run_worker(
            "duplicates",
            job,
            requests=compared.requests(),
            on_events=lambda events: compared.receive(events, working),
            control=control,
            log=log,
            seconds_to_stop=SECONDS_TO_STOP,
        )
    _require_one_list(compared.several)
    if not finished or not compared.is_complete:
        return None
    clusters = compared.clusters()
    return Duplicates(
        clusters=tuple(one for one in clusters if one.is_across or not across),
        tasks=len(compared.sent),
        near=near,
        questions=len(compared.questions),
        refused=compared.refused,
    )


def without_changed(library: Library, found: Duplicates) -> Duplicates:
    """Return what was found without the tasks that were deleted or edited since.

    A cluster whose task to keep is among them is left out: nothing would be left of what its copies ask.
    """
    rowids = sorted(task.rowid for one in found.clusters for task in one.tasks)
    now: dict[int, DuplicateTask] = {}
    for start in range(0, len(rowids), CHUNK):
        stored = stored_tasks(library, rowids[start : start + CHUNK])
        now |= {rowid: _listed(one) for rowid, one in stored.items()}

    def stays(task: DuplicateTask) -> bool:
        other = now.get(task.rowid)
        return other is not None and all(
            getattr(other, name) == getattr(task, name) for name in ("query", "answer", "split")
        )

    kept = [
        replace(one, copies=copies)
        for one in found.clusters
        if (one.keep is None or stays(one.keep)) and (copies := tuple(filter(stays, one.copies)))
    ]
    return replace(found, clusters=tuple(kept))


def name_benchmark(
    library: Library,
    path: Path,
    name: str = "",
    *,
    rows_in: str = "",
    progress: Progress = silent,
    control: JobControl | None = None,
    log: Path | None = None,
) -> NamedBenchmark | None:
    """Remember the questions of a file, which no snapshot then takes; None if stopped.

    Without a `name`, the file's name is it, with more where another file has it. Raises UserError if the file
    cannot be read, SeveralListsError if `rows_in` must name one of its parts.
    """
    meter = Meter(progress, stage="reading questions", total=None, unit="questions")
    questions: dict[str, str] = {}
    refused = 0
    several: Mapping[str, Any] | None = None

    def receive(events: Sequence[Mapping[str, Any]]) -> None:
        nonlocal refused, several
        for event in events:
            if event["event"] == "questions":
                questions.update((question_key(text), text) for text in event["texts"])
                meter.advance(len(event["texts"]))
            elif event["event"] == "refused":
                refused = event["rows"]
            elif event["event"] == "several":
                several = event

    job = {"near": NEAR, "file": str(path.absolute()), "rows_in": rows_in, "only_read": True}
    with _faults_of(path):
        finished = run_worker(
            "duplicates", job, on_events=receive, control=control, log=log, seconds_to_stop=SECONDS_TO_STOP
        )
    _require_one_list(several)
    if not finished:
        return None
    added = add_benchmark(library, name or _free_name(library, path, rows_in), path, questions)
    return NamedBenchmark(benchmark=added, refused=refused)


def _free_name(library: Library, path: Path, rows_in: str) -> str:
    """Return a name for a file's benchmark that replaces no other: many a benchmark is called test.jsonl."""
    taken = {one.name: one.path for one in list_benchmarks(library)}
    plain = (without_packing(path).stem or path.name) + (f" {rows_in}" if rows_in else "")
    longer = f"{path.absolute().parent.name} {plain}".strip()
    numbered = (f"{longer} {number}" for number in count(2))
    names = chain((plain, longer), numbered)
    return next(one for one in names if taken.get(one, path.absolute()) == path.absolute())


@contextmanager
def _faults_of(path: Path | None) -> Iterator[None]:
    """Turn the end of the worker that reads a file into a sentence about the file."""
    try:
        yield
    except (WorkerEndedError, WorkerCrashError) as error:
        if path is None:
            raise
        raise UserError(
            f"{path} could not be compared: the reader stopped, at its limits of time and memory or at a"
            " fault in the file.",
            "Look for a damaged or huge row there, or split the file.",
        ) from error


def _require_one_list(several: Mapping[str, Any] | None) -> None:
    """Raise SeveralListsError if the worker said that the file has several lists of rows."""
    if several is not None:
        raise SeveralListsError(several["what"], several["hint"], several["names"])


class _Comparison:
    """What goes to the worker and comes back. Places count the file's questions first, then the tasks."""

    def __init__(self, library: Library, rowids: "array[int]", reading: Meter) -> None:
        self._library, self._rowids, self._reading = library, rowids, reading
        self.sent = array("q")
        self.questions: list[str] = []
        self.refused = 0
        self.is_complete = False
        self.several: Mapping[str, Any] | None = None
        self._same: list[tuple[int, ...]] = []
        self._near: list[NearPair] = []

    def requests(self) -> Iterator[dict[str, list[str]]]:
        """Yield the texts of the tasks."""
        for start in range(0, len(self._rowids), CHUNK):
            found = asked_texts(self._library, self._rowids[start : start + CHUNK])
            self.sent.extend(rowid for rowid, _ in found)
            self._reading.advance(len(self._rowids[start : start + CHUNK]))
            yield {"texts": [text for _, text in found]}

    def receive(self, events: Sequence[Mapping[str, Any]], working: Meter) -> None:
        """Take the worker's events."""
        for event in events:
            match event["event"]:
                case "questions":
                    self.questions.extend(event["texts"])
                case "refused":
                    self.refused = event["rows"]
                case "several":
                    self.several = event
                case "stage":
                    working.advance(1, event["stage"])
                case "same":
                    self._same.extend(map(tuple, event["groups"]))
                case "near":
                    self._near.extend(
                        NearPair(first=first, second=second, similarity=similarity)
                        for first, second, similarity in event["pairs"]
                    )
                case "compared":
                    self.is_complete = True

    def clusters(self) -> list[DuplicateCluster]:
        """Return the clusters, those with most tasks first."""
        first = len(self.questions)
        near = self._near
        if first:  # the file's questions are compared with the tasks, neither among themselves
            near = [pair for pair in near if (pair.first < first) != (pair.second < first)]
        alike = Alike(same=tuple(self._same), near=tuple(near))
        tasks = self._tasks(alike)

        def rank(place: int) -> tuple[Any, ...]:
            if place < first:
                return (0, place)
            task = tasks.get(self.sent[place - first])
            return (1, *task.rank) if task else (2, place)  # it was deleted meanwhile

        made = []
        for cluster in clusters_of(alike, rank):
            if first and cluster.keep >= first:
                continue  # not in the file
            made.append(self._cluster(cluster, tasks))
        found = [one for one in made if one is not None]
        return sorted(found, key=lambda one: (not one.is_across, -len(one.tasks)))

    def _cluster(self, cluster: Cluster, tasks: Mapping[int, StoredTask]) -> DuplicateCluster | None:
        first = len(self.questions)
        asked = self.questions[cluster.keep] if cluster.keep < first else ""
        kept = None if asked else tasks.get(self.sent[cluster.keep - first])
        copies = []
        for copy in cluster.copies:
            task = tasks.get(self.sent[copy.place - first]) if copy.place >= first else None
            if task is not None:
                copies.append(_copy(task, copy, kept.task if kept else None, asked))
        if not copies or not (asked or kept):
            return None
        return DuplicateCluster(keep=_listed(kept) if kept else None, copies=tuple(copies), question=asked)

    def _tasks(self, alike: Alike) -> dict[int, StoredTask]:
        first = len(self.questions)
        places = {place for group in alike.same for place in group}
        places.update(place for pair in alike.near for place in (pair.first, pair.second))
        rowids = sorted(self.sent[place - first] for place in places if place >= first)
        found: dict[int, StoredTask] = {}
        for start in range(0, len(rowids), CHUNK):
            found |= stored_tasks(self._library, rowids[start : start + CHUNK])
        return found


def _listed(stored: StoredTask) -> DuplicateTask:
    task = stored.task
    return DuplicateTask(
        rowid=stored.rowid,
        task_id=task.id,
        family=task.family,
        split=task.split,
        query=task.query,
        answer=task.answer,
    )


def _copy(stored: StoredTask, copy: Copy, kept: Task | None, asked: str) -> DuplicateTask:
    difference = _difference(stored.task, copy.kind, kept, asked)
    return replace(
        _listed(stored),
        kind=copy.kind,
        similarity=copy.similarity,
        difference=difference,
        of_file=kept is None,
    )


def _difference(task: Task, kind: OverlapKind, kept: Task | None, asked: str) -> Difference:
    answers = {tuple(words_of(one.answer)) for one in (task, kept) if one and one.answer is not None}
    if len(answers) > 1:
        return "answer"
    if kind == "exact":
        return ""
    return (
        "words"
        if _numbers(task.compared_text) == _numbers(kept.compared_text if kept else asked)
        else "numbers"
    )


def _numbers(text: str) -> list[str]:
    return [word for word in words_of(text) if word[0].isdigit()]
