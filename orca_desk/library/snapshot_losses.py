"""Snapshots that lost records which had to go: they say so, and cannot be trained on."""

from orca_desk.errors import UserError
from orca_desk.library.database import Library


def require_whole(library: Library, snapshot_id: str) -> None:
    """Raise UserError if a snapshot has lost records that had to go."""
    row = library.row(
        "SELECT s.name, l.records, l.lost_at FROM snapshot_losses AS l"
        " JOIN snapshots AS s ON s.id = l.snapshot WHERE l.snapshot = ?",
        (snapshot_id,),
    )
    if row:
        raise UserError(
            f"The snapshot {row['name']} is no longer whole: {row['records']:,} of its records were deleted"
            f" for good on {row['lost_at'][:10]}.",
            "Freeze a new snapshot, with the same rules, from the records that are left.",
        )
