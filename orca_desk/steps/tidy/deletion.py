"""Deleting what is no longer needed: what would go along and what would lose something, then the deletion.

What was deleted is in the trash, and can come back, until that is emptied.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.library.chats import list_chats
from orca_desk.library.database import Library
from orca_desk.library.deleting.kinds import (
    Kind,
    asked_of_running,
    chats_with,
    derived_from,
    evaluations_of_checkpoints,
    evaluations_with,
    frozen_records,
    in_experiments,
    made_by_experiments,
    measured_answers,
    parts_of_evaluations,
    questions_of,
    records_of_runs,
    rows_of,
    trainings_on,
)
from orca_desk.library.deleting.trash import OnStep, Restored, put_into_trash, restore_from_trash, unwatched
from orca_desk.library.deleting.trash_rows import Rows
from orca_desk.library.evaluations import list_evaluations
from orca_desk.library.locations import CHECKPOINT_FOLDERS, size_of, training_folder
from orca_desk.library.logs import run_log
from orca_desk.library.runs import Run, runs_of
from orca_desk.library.snapshots import list_snapshots, snapshot_names
from orca_desk.library.trainings import Training, get_training

# A run of these kinds is deleted as the thing that it is
KINDS = {"train": Kind.TRAINING, "evaluate": Kind.EVALUATION, "experiment": Kind.EXPERIMENT}
RECORDS_AT_ONCE, QUESTIONS_AT_ONCE = 10, 25  # a few ms
# Those of a kind go before those of the kinds after it, which they were made of
ORDER = (
    Kind.CHECKPOINTS,
    Kind.CHAT,
    Kind.EXPERIMENT,
    Kind.EVALUATION,
    Kind.TRAINING,
    Kind.SNAPSHOT,
    Kind.RECORD,
    Kind.RUN,
)


class Refusal(StrEnum):
    """Why something cannot be deleted now."""

    RUNNING = "running"
    IN_USE = "in-use"
    OF_EXPERIMENT = "of-experiment"
    FROZEN = "frozen"
    MADE_FROZEN = "made-frozen"


@dataclass(frozen=True)
class Item:
    """One thing, with the name that the user gave it, or ""."""

    kind: Kind
    id: str
    name: str = ""


@dataclass(frozen=True)
class Refused:
    """A thing that stays, and why; `holder` needs it: a job, an experiment, or the name of a snapshot."""

    item: Item
    reason: Refusal
    holder: str = ""


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """What a deletion would do: `items` go, `along` what was made of them goes too.

    `losing` stay, but what they were made with is gone: evaluations keep their figures, chats (by title)
    their texts. `unfinished` are trainings that cannot be resumed without their checkpoints. `refused` stay.
    `measured` answers of untrained students go with the jobs that measured them, and `questions` with the
    evaluations that asked them. `bytes` is what the files take.
    """

    kind: Kind
    items: tuple[Item, ...]
    along: tuple[Item, ...] = ()
    losing: tuple[Item, ...] = ()
    losing_chats: tuple[str, ...] = ()
    unfinished: tuple[Item, ...] = ()
    refused: tuple[Refused, ...] = ()
    files: tuple[Path, ...] = field(default=(), repr=False)
    measured: int = 0
    bytes: int = 0
    questions: int = 0

    @property
    def size(self) -> int:
        """About how many things go, by which it takes longer or shorter: an evaluation's questions count."""
        return len(self.items) + len(self.along) + self.questions

    @property
    def is_plain(self) -> bool:
        """Whether nothing but what was chosen is touched."""
        more = (self.along, self.losing, self.losing_chats, self.unfinished, self.refused, self.measured)
        return not any(more)

    @property
    def label(self) -> str:
        """The names or ids of what goes, for the trash; records are counted instead."""
        if self.kind is Kind.RECORD:
            return ""
        return ", ".join(one.name or one.id for one in self.items)


def plan_deletion(library: Library, kind: Kind, ids: Sequence[str]) -> Deletion:
    """Return what it would mean to delete things of one kind; nothing is changed.

    A run that is a training, an evaluation or an experiment may be named as `Kind.RUN`, if all of them are of
    one kind. Raises UserError for an unknown id.
    """
    chosen = list(dict.fromkeys(ids))
    kind = _kind_of(library, kind, chosen)
    names, runs = _names(library, kind, chosen)
    refused = _refused(library, kind, [Item(kind, one, names[one]) for one in chosen], runs)
    staying = {one.item.id for one in refused}
    going = [one for one in chosen if one not in staying]
    along = _along(library, kind, going)
    why = {
        one.item.id: one
        for one in (*_in_use(library, kind, going), *_held_along(library, kind, going, along))
    }
    held = [replace(each, item=Item(kind, one, names[one])) for one, each in why.items()]
    if held:  # what cannot go keeps what it was made of
        refused += held
        staying |= {one.item.id for one in held}
        going = [one for one in going if one not in staying]
        along = _along(library, kind, going)
    trainings = [one.id for one in along if one.kind is Kind.TRAINING]
    trainings += going if kind is Kind.TRAINING else []
    leaving = {one.id for one in along} | set(going)
    files = tuple(_files(library, kind, going, along))
    evaluations = [one.id for one in along if one.kind is Kind.EVALUATION]
    evaluations += going if kind is Kind.EVALUATION else []
    return Deletion(
        kind=kind,
        items=tuple(Item(kind, one, names[one]) for one in going),
        along=tuple(along),
        losing=tuple(
            Item(Kind.EVALUATION, one) for one in evaluations_with(library, trainings) if one not in leaving
        ),
        losing_chats=tuple(chats_with(library, trainings)),
        unfinished=tuple(
            Item(kind, one, names[one])
            for one in going
            if kind is Kind.CHECKPOINTS and runs[one].status != "done"
        ),
        refused=tuple(refused),
        files=files,
        measured=measured_answers(library, going) if kind is Kind.RUN else 0,
        bytes=sum(map(size_of, files)),
        questions=questions_of(library, evaluations),
    )


def delete(library: Library, deletion: Deletion, *, on_step: OnStep = unwatched) -> int:
    """Delete what was planned, and return the number of its entry in the trash.

    Many records go in steps, between which others can write: `on_step` gets how many are done, and of how
    many, and an exception from it stops; everything is then as it was. Raises UserError if nothing of it can
    be deleted, if a run of it is running by now, and if a file cannot be moved, with everything as it was.
    """
    if not deletion.items:
        raise UserError("Nothing that was selected can be deleted.", "See why it stays.")
    ids = [one.id for one in deletion.items]
    now = plan_deletion(library, deletion.kind, ids)
    if now.refused or set(now.along) - set(deletion.along):
        raise UserError(
            "Something was made from it in the meantime.", "Check again what would be deleted with it."
        )
    everything = [*deletion.items, *deletion.along]
    return put_into_trash(
        library,
        deletion.kind.value,
        ids,
        deletion.label,
        steps=list(_steps(library, everything)),
        files=deletion.files,
        on_step=on_step,
    )


def _steps(library: Library, items: Sequence[Item]) -> Iterator[list[Rows]]:
    """Yield the rows of things in the order in which they go: some records at once, all others of a kind.

    The answers of evaluations go before everything else, and so come back last.
    """
    evaluations = [one.id for one in items if one.kind is Kind.EVALUATION]
    steps: list[list[Rows]] = [*parts_of_evaluations(library, evaluations, QUESTIONS_AT_ONCE), []]
    for kind in ORDER:
        ids = [one.id for one in items if one.kind is kind]
        if kind is Kind.RECORD and ids:
            parts = [ids[start : start + RECORDS_AT_ONCE] for start in range(0, len(ids), RECORDS_AT_ONCE)]
            steps += [*(rows_of(kind, part) for part in parts), []]
        elif ids:  # together: what comes back as a whole or not at all
            steps[-1] += rows_of(kind, ids)
    yield from filter(None, steps)


def kind_of(run: Run) -> Kind:
    """Return as what a run is deleted, renamed and noted."""
    return KINDS.get(run.kind, Kind.RUN)


def checkpoint_folders(training: Training) -> list[Path]:
    """Return the folders of a training's checkpoints, but for one that its adapter itself lies in."""
    folders = [training.folder / name for name in CHECKPOINT_FOLDERS]
    used = [path for path in (training.adapter, training.adapter_gguf) if path is not None]
    return [
        folder
        for folder in folders
        if folder.is_dir() and not any(path.is_relative_to(folder) for path in used)
    ]


def restore(library: Library, entry: int, *, on_step: OnStep = unwatched) -> Restored:
    """Bring back what `delete` or an entry of the trash holds. Raises UserError if it is gone."""
    return restore_from_trash(library, entry, on_step=on_step)


def _kind_of(library: Library, kind: Kind, ids: Sequence[str]) -> Kind:
    if kind is not Kind.RUN:
        return kind
    kinds = {kind_of(run) for run in runs_of(library, ids).values()}
    if len(kinds) > 1:
        raise UserError("The selected jobs are of several types.", "Delete each type separately.")
    return kinds.pop() if kinds else kind


def _names(library: Library, kind: Kind, ids: Sequence[str]) -> tuple[dict[str, str], dict[str, Run]]:
    """Return the names of things, and their runs. Raises UserError for an id that none of the kind has."""
    if kind is Kind.RECORD:
        return dict.fromkeys(ids, ""), {}
    runs: dict[str, Run] = {}
    if kind is Kind.SNAPSHOT:
        known = snapshot_names(library)
    elif kind is Kind.CHAT:
        known = {one.id: one.title for one in list_chats(library)}
    else:
        wanted = Kind.TRAINING if kind is Kind.CHECKPOINTS else kind
        runs = {one: run for one, run in runs_of(library, ids).items() if kind_of(run) is wanted}
        known = {one: run.label for one, run in runs.items()}
        if kind is Kind.EVALUATION:
            known |= {one.id: one.name for one in list_evaluations(library) if one.id in known}
    if unknown := [one for one in ids if one not in known]:
        raise UserError(
            f"There is no {kind.value} {unknown[0]}.", f"List the {kind.value}s to see their ids."
        )
    return known, runs


def _refused(library: Library, kind: Kind, items: Sequence[Item], runs: dict[str, Run]) -> list[Refused]:
    found = []
    used = in_experiments(library) if kind in (Kind.TRAINING, Kind.EVALUATION, Kind.SNAPSHOT) else {}
    frozen = frozen_records(library, [one.id for one in items]) if kind is Kind.RECORD else {}
    for one in items:
        if one.id in runs and runs[one.id].status == "running":
            found.append(Refused(one, Refusal.RUNNING))
        elif one.id in used:
            found.append(Refused(one, Refusal.OF_EXPERIMENT, used[one.id]))
        elif one.id in frozen:
            found.append(Refused(one, Refusal.FROZEN, frozen[one.id]))
    return found


def _along(library: Library, kind: Kind, ids: Sequence[str]) -> list[Item]:
    """Return what was made of some things and goes with them."""
    if kind is Kind.SNAPSHOT:
        derived = [one for one in derived_from(library, ids) if one not in ids]
        trainings = trainings_on(library, [*ids, *derived])
        return [
            *(Item(Kind.SNAPSHOT, one) for one in derived),
            *(Item(Kind.TRAINING, one) for one in trainings),
            *_looks(library, trainings),
        ]
    if kind is Kind.TRAINING:
        return _looks(library, ids)
    if kind is Kind.RUN:
        return [Item(Kind.RECORD, one) for found in records_of_runs(library, ids).values() for one in found]
    if kind is Kind.EXPERIMENT:
        made = made_by_experiments(library, ids)
        on = {snapshot: trainings_on(library, [snapshot]) for snapshot in made["snapshot"]}
        own = {one.id for one in list_snapshots(library)}
        loose = [
            one for one, trained in on.items() if one not in own and set(trained) <= set(made["training"])
        ]
        return [
            *(Item(Kind.EVALUATION, one) for one in made["evaluation"]),
            *(Item(Kind.TRAINING, one) for one in made["training"]),
            *(Item(Kind.SNAPSHOT, one) for one in loose),
        ]
    return []


def _held_along(library: Library, kind: Kind, ids: Sequence[str], along: Sequence[Item]) -> list[Refused]:
    """Return those of the chosen whose products cannot go: an experiment or a snapshot needs them."""
    if kind is Kind.SNAPSHOT:
        used = in_experiments(library)
        found = []
        for one in ids:
            made = [*derived_from(library, [one]), *trainings_on(library, [one])]
            if held := [used[each] for each in made if each in used]:
                found.append(Refused(Item(kind, one), Refusal.OF_EXPERIMENT, held[0]))
            elif any(run.status == "running" for run in runs_of(library, made).values()):
                found.append(Refused(Item(kind, one), Refusal.RUNNING))
        return found
    if kind is Kind.RUN and along:
        made_by = records_of_runs(library, ids)
        frozen = frozen_records(library, [one.id for one in along])
        return [
            Refused(Item(kind, run), Refusal.MADE_FROZEN, held[0])
            for run, records in made_by.items()
            if (held := [frozen[one] for one in records if one in frozen])
        ]
    return []


def _in_use(library: Library, kind: Kind, ids: Sequence[str]) -> list[Refused]:
    """Return those of the chosen that a running job reads: an evaluation, or an export."""
    found = []
    asked = {} if kind in (Kind.RECORD, Kind.CHECKPOINTS) else asked_of_running(library)
    for one in ids:
        trained = _trained(library, kind, one)
        busy = _running_with(library, kind, trained) if trained else []
        busy += [asked[item] for item in (one, *trained) if item in asked]
        if busy:
            found.append(Refused(Item(kind, one), Refusal.IN_USE, busy[0]))
    return found


def _running_with(library: Library, kind: Kind, trained: Sequence[str]) -> list[str]:
    """Return the running evaluations that read what some trainings made, or only their checkpoints."""
    readers = evaluations_of_checkpoints(library, trained)
    readers += [] if kind is Kind.CHECKPOINTS else evaluations_with(library, trained)
    return [run.id for run in runs_of(library, readers).values() if run.status == "running"]


def _trained(library: Library, kind: Kind, one: str) -> list[str]:
    """Return the trainings with files that go with one thing."""
    if kind in (Kind.TRAINING, Kind.CHECKPOINTS):
        return [one]
    if kind is Kind.SNAPSHOT:
        return trainings_on(library, [one, *derived_from(library, [one])])
    return list(made_by_experiments(library, [one])["training"]) if kind is Kind.EXPERIMENT else []


def _looks(library: Library, trainings: Sequence[str]) -> list[Item]:
    return [Item(Kind.EVALUATION, one) for one in evaluations_of_checkpoints(library, trainings)]


def _files(library: Library, kind: Kind, ids: Sequence[str], along: Sequence[Item]) -> Iterator[Path]:
    everything = [*((kind, one) for one in ids), *((one.kind, one.id) for one in along)]
    for of, one in everything:
        if of is Kind.TRAINING:
            yield training_folder(library, one)
        if of is Kind.CHECKPOINTS:
            yield from checkpoint_folders(get_training(library, one))
        if of in (Kind.TRAINING, Kind.EVALUATION, Kind.EXPERIMENT, Kind.RUN):
            yield run_log(library, one)
