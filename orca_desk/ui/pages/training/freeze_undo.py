"""Undo of a freeze: the new snapshot goes into the trash, and a redo brings it back."""

from orca_desk.errors import UserError
from orca_desk.library.deleting.kinds import Kind
from orca_desk.library.snapshots import Snapshot
from orca_desk.steps.tidy.deletion import delete, plan_deletion, restore
from orca_desk.ui.desk import Desk


def make_undoable(desk: Desk, snapshot: Snapshot) -> None:
    """Let Ctrl+Z take back a snapshot that was just frozen, as long as nothing was made of it."""
    library = desk.library
    entries: list[int] = []

    def again() -> None:
        if entries:  # otherwise it has just been frozen
            restore(library, entries.pop())

    def take_back(_: None) -> None:
        plan = plan_deletion(library, Kind.SNAPSHOT, [snapshot.id])
        if not plan.is_plain:
            raise UserError(
                f"The snapshot {snapshot.name} is in use by now.",
                "To delete it with what was made from it, use … beside it, under Training › Set up.",
            )
        entries.append(delete(library, plan))

    desk.do(
        f"freeze {snapshot.name}",
        again,
        take_back,
        "snapshots",
        "trainings",
        shows=lambda _: ("training", {"snapshot": snapshot.id}),
    )
