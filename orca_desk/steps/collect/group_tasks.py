"""Families for tasks that name none: groups of tasks that are worded alike, which the user may change."""

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.task_changes import ChangedTasks, change_tasks
from orca_desk.library.tasks import FamilyCount, TaskFilter, families, task_rowids, tasks_at
from orca_desk.method.records import Task
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Meter, Progress, silent

CHUNK = 500  # tasks in one message to the worker
MAX_TASKS = 300_000  # at a time: what the worker keeps of each is in memory
SECONDS_TO_STOP = 2.0  # the worker has nothing to save
REST = "other"  # tasks that are in no group
_NO_WORDS = "numbers-and-signs"
_IN_NAME = 3  # terms
_STAGES = ("counting words", "comparing tasks", "grouping", "describing the groups")


@dataclass(frozen=True, kw_only=True)
class TaskGroup:
    """Tasks that are worded alike, proposed as the family `name`.

    `rowids` are those of the tasks in the library, `terms` tell them from the other groups' (the most telling
    first), `examples` are the questions nearest the centre, `cohesion` is the mean similarity to it, 0 to 1.
    `is_rest` marks the tasks that are in no group.
    """

    name: str
    rowids: "array[int]" = field(repr=False)
    terms: tuple[str, ...]
    examples: tuple[str, ...]
    cohesion: float
    is_rest: bool = False

    @property
    def tasks(self) -> int:
        """The number of tasks."""
        return len(self.rowids)


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """How tasks would be grouped; nothing of it is stored before `apply_grouping`.

    `separation` is how well the groups are apart: the mean silhouette, 1 at best, about 0 if they are not;
    None where there are too few tasks to tell. Without clear groups (`is_clear` is False), all tasks are one.
    """

    groups: tuple[TaskGroup, ...]
    separation: float | None
    is_clear: bool

    @property
    def tasks(self) -> int:
        """The number of tasks in all groups."""
        return sum(group.tasks for group in self.groups)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the families that there would be."""
        return tuple(dict.fromkeys(group.name for group in self.groups))

    def renamed(self, place: int, name: str) -> "Grouping":
        """Return this with another name for one group; that of another group merges the two.

        Raises UserError for a blank name.
        """
        name = name.strip()
        if not name:
            raise UserError("A family needs a name.", "Enter one.")
        twin = next((n for n, group in enumerate(self.groups) if group.name == name and n != place), None)
        if twin is not None:
            together = self.merged([place, twin])
            former = {self.groups[place].name, name}
            now = next(n for n, group in enumerate(together.groups) if group.name in former)
            return together.renamed(now, name)
        return self._with(place, [replace(self.groups[place], name=name)])

    def merged(self, places: Sequence[int]) -> "Grouping":
        """Return this with the groups at these places as one, under the name of the largest."""
        chosen = sorted(set(places), key=lambda place: -self.groups[place].tasks)
        if len(chosen) < 2:
            return self
        first = self.groups[chosen[0]]
        together = [self.groups[place] for place in chosen]
        tasks = sum(group.tasks for group in together)
        one = replace(
            first,
            rowids=array("q", sorted(rowid for group in together for rowid in group.rowids)),
            terms=tuple(dict.fromkeys(term for group in together for term in group.terms[:_IN_NAME])),
            examples=tuple(group.examples[0] for group in together if group.examples),
            cohesion=sum(group.cohesion * group.tasks for group in together) / max(tasks, 1),
            is_rest=all(group.is_rest for group in together),
        )
        rest = [group for place, group in enumerate(self.groups) if place not in chosen]
        return replace(self, groups=_ordered([one, *rest]))

    def split(self, place: int, parts: "Grouping") -> "Grouping":
        """Return this with the groups of `parts` in place of one group."""
        taken = {group.name for number, group in enumerate(self.groups) if number != place}
        return self._with(place, [replace(one, name=_free(one.name, taken)) for one in parts.groups])

    def _with(self, place: int, groups: Sequence[TaskGroup]) -> "Grouping":
        others = [group for number, group in enumerate(self.groups) if number != place]
        return replace(self, groups=_ordered([*others, *groups]))

    def to_json(self) -> dict[str, Any]:
        """Return the groups as JSON can hold them, without their tasks."""
        return {
            "tasks": self.tasks,
            "separation": self.separation,
            "is_clear": self.is_clear,
            "groups": [
                {
                    "name": group.name,
                    "tasks": group.tasks,
                    "terms": list(group.terms),
                    "examples": list(group.examples),
                    "cohesion": round(group.cohesion, 4),
                    "is_rest": group.is_rest,
                }
                for group in self.groups
            ],
        }


def group_family(
    library: Library,
    chosen: Sequence[str],
    groups: int | None = None,
    *,
    progress: Progress = silent,
    control: JobControl | None = None,
    log: Path | None = None,
) -> Grouping | None:
    """Group the tasks of the `chosen` families, of both splits, in a worker; None if the user stopped it.

    Raises UserError if there is no such family, or it has too many tasks.
    """
    present: dict[str, FamilyCount] = {one.family: one for one in families(library)}
    if missing := next((name for name in chosen if name not in present), None):
        raise UserError(f"There is no family named {missing}.", "See: orca-desk tasks families")
    rowids = array("q", sorted(n for name in chosen for n in task_rowids(library, TaskFilter(family=name))))
    taken = present.keys() - set(chosen)
    found = group_rows(library, rowids, groups, taken=taken, progress=progress, control=control, log=log)
    if found is not None and not found.is_clear and found.groups:
        return found.renamed(0, chosen[0])  # nothing to tell apart: the family stays what it is
    return found


def group_rows(
    library: Library,
    rowids: "array[int]",
    groups: int | None = None,
    *,
    taken: Set[str] = frozenset(),
    progress: Progress = silent,
    control: JobControl | None = None,
    log: Path | None = None,
) -> Grouping | None:
    """Group the tasks in these rows, into `groups` groups if a number is given; None after a stop.

    `taken` are names that no group gets. Deleted tasks are left out. Raises UserError for too many tasks.
    """
    if len(rowids) > MAX_TASKS:
        raise UserError(
            f"{len(rowids):,} tasks are more than can be grouped at once ({MAX_TASKS:,}).",
            "Choose a smaller family, or split it by a filter first.",
        )
    sent = array("q")
    clusters: list[Mapping[str, Any]] = []
    end: dict[str, Any] = {}
    reading = Meter(progress, stage="reading tasks", total=len(rowids), unit="tasks")
    working: list[Meter] = []

    def requests() -> Iterator[dict[str, list[str]]]:
        for start in range(0, len(rowids), CHUNK):
            numbers = rowids[start : start + CHUNK]
            texts = []
            for rowid, task in zip(numbers, tasks_at(library, numbers), strict=True):
                if task is not None:
                    sent.append(rowid)
                    texts.append(task.user_text)
            reading.advance(len(numbers))
            yield {"texts": texts}

    def receive(events: list[dict[str, Any]]) -> None:
        for event in events:
            if event["event"] == "stage":
                if not working:
                    working.append(Meter(progress, stage="grouping tasks", total=len(_STAGES), unit="steps"))
                else:
                    working[0].advance(1, event["stage"])
            elif event["event"] == "cluster":
                clusters.append(event)
            elif event["event"] == "grouped":
                end.update(event)

    finished = run_worker(
        "group",
        {"groups": groups},
        requests=requests(),
        on_events=receive,
        control=control,
        log=log,
        seconds_to_stop=SECONDS_TO_STOP,
    )
    if not finished or not end:
        return None
    return _grouping(library, sent, clusters, end, taken)


def apply_grouping(library: Library, grouping: Grouping) -> ChangedTasks:
    """Move the tasks to the families of their groups, all or none; return what undoes it by `undo_change`.

    Their records and evaluations follow. Tasks that were deleted since are skipped.
    """
    names: dict[str, str] = {}
    rowids = array("q")
    for group in grouping.groups:
        for start in range(0, group.tasks, CHUNK):
            numbers = group.rowids[start : start + CHUNK]
            rowids.extend(numbers)
            names |= {task.id: group.name for task in tasks_at(library, numbers) if task is not None}

    def move(task: Task) -> Task:
        return replace(task, family=names.get(task.id, task.family))

    return change_tasks(library, rowids, move)


def _grouping(
    library: Library,
    sent: "array[int]",
    clusters: Sequence[Mapping[str, Any]],
    end: Mapping[str, Any],
    taken: Set[str],
) -> Grouping:
    names = set(taken)
    groups: list[TaskGroup] = []
    for one in clusters:
        name = _free(REST if one["is_rest"] else _name(one["terms"]), names)
        names.add(name)
        examples = tasks_at(library, [sent[place] for place in one["examples"]])
        groups.append(
            TaskGroup(
                name=name,
                rowids=array("q", (sent[place] for place in one["members"])),
                terms=tuple(one["terms"]),
                examples=tuple(task.user_text for task in examples if task is not None),
                cohesion=one["cohesion"],
                is_rest=one["is_rest"],
            )
        )
    return Grouping(groups=tuple(groups), separation=end["separation"], is_clear=end["is_clear"])


def _name(terms: Sequence[str]) -> str:
    return re.sub(r"\s+", "-", "-".join(terms[:_IN_NAME])) or _NO_WORDS


def _free(name: str, taken: Set[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found


def _ordered(groups: Sequence[TaskGroup]) -> tuple[TaskGroup, ...]:
    return tuple(sorted(groups, key=lambda one: (one.is_rest, -one.tasks, one.name)))
