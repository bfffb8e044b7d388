"""A person decides about proposals: accepts, rejects, edits, and takes it back."""

from collections.abc import Iterable
from dataclasses import replace

from orca_desk.library import proposals
from orca_desk.library.database import Library
from orca_desk.library.proposals import Reviewed
from orca_desk.library.tasks import Added, remove_added
from orca_desk.method.records import Split
from orca_desk.steps.regrading import regrade


def accept_proposals(library: Library, ids: Iterable[str], *, split: Split | None = None) -> Reviewed:
    """Make tasks of proposals; records of what was asked before are graded by their answers.

    `split` overrides theirs. What the library asks already stays open: see `Reviewed.duplicates`.
    """
    reviewed = proposals.accept(library, ids, split=split)
    regrade(library, reviewed.added)
    return reviewed


def undo_review(library: Library, reviewed: Reviewed) -> None:
    """Take a decision back: the tasks that it added are deleted, and the proposals are as before."""
    if reviewed.added:
        remove_added(library, Added(added=reviewed.added, duplicates=(), newly_held=reviewed.newly_held))
    proposals.reopen(library, reviewed)


def joined(parts: Iterable[Reviewed]) -> Reviewed:
    """Return several decisions as one, to undo together."""
    whole = Reviewed(former={})
    for part in parts:
        whole = replace(
            whole,
            former={**whole.former, **part.former},
            added=whole.added + part.added,
            newly_held=whole.newly_held + part.newly_held,
            duplicates=whole.duplicates + part.duplicates,
        )
    return whole
