"""Tasks that must go: the list of all that was made from them, then their deletion for good."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.backups.keeping import delete_kept
from orca_desk.library.backups.kept import is_kept, read_kept
from orca_desk.library.database import Library
from orca_desk.library.deleting.for_good import forget
from orca_desk.library.deleting.traces import Traces, traces_of
from orca_desk.library.runs import list_runs


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """What was deleted for good, and what stays outside of our reach: `kept` weights and `written` files."""

    traces: Traces
    deleted: tuple[Path, ...]
    kept: tuple[Path, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data, without the text of any task."""
        return account_of(self.traces) | {
            "deleted_files": list(map(str, self.deleted)),
            "kept_weights": list(map(str, self.kept)),
        }


def forget_tasks(
    library: Library, ids: Sequence[str], *, backups: bool = True, weights: bool = False
) -> Forgotten:
    """Delete tasks for good, with everything that was made from them; there is no undo.

    `backups` deletes those backups in the library's folder that hold one of them, `weights` the adapters and
    checkpoints that have learned from them. After a kill while files go, the same call does the rest.
    Raises UserError while a run is in progress, and for an unknown id.
    """
    if busy := [run.id for run in list_runs(library) if run.status in ("running", "paused")]:
        raise UserError(
            f"{busy[0]} is running, and may use what is to be deleted.", "Stop it, then delete the tasks."
        )
    traces = traces_of(library, ids)
    if traces.tasks != len(set(ids)):
        raise UserError("Some of the tasks no longer exist.", "List the tasks to see their ids.")
    learned = tuple(path for training in traces.trainings for path in training.weights)
    going = [*traces.files, *(traces.backups if backups else ()), *(learned if weights else ())]

    def remove_files() -> None:
        for path in going:
            if is_kept(path):
                delete_kept(read_kept(path))
            else:
                _remove(path)

    forget(library, ids, account_of(traces), remove_files=remove_files)
    return Forgotten(traces=traces, deleted=tuple(going), kept=() if weights else learned)


def account_of(traces: Traces) -> dict[str, Any]:
    """Return the list of what was made from tasks as plain data, without any text."""
    return {
        "tasks": traces.tasks,
        "twins": traces.twins,
        "records": traces.records,
        "edits": traces.edits,
        "snapshots": [{"id": one.id, "records": one.records, "of": one.of} for one in traces.snapshots],
        "trainings": [{"id": one.id, "weights": len(one.weights)} for one in traces.trainings],
        "answers": traces.answers,
        "evaluations": list(traces.evaluations),
        "chats": list(traces.chats),
        "proposals": traces.proposals,
        "benchmark_questions": traces.benchmark_questions,
        "backups": [path.name for path in traces.backups],
        "unread_backups": [path.name for path in traces.unread_backups],
        "trash": traces.trash,
        "files": [str(path) for path in traces.files],
        "written": [str(path) for path in traces.written],
    }


def _remove(path: Path) -> None:
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            f"{path} cannot be deleted ({error.strerror}); no task was deleted yet.",
            "Make it writable, or delete it by hand, and try again.",
        ) from error
