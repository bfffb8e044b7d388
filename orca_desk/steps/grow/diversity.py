"""Measures how diverse proposals are, among themselves and beside the library."""

from dataclasses import replace
from itertools import islice

from orca_desk.library.database import Library
from orca_desk.library.proposals import ProposalFilter, StoredProposal, count_proposals, list_proposals
from orca_desk.library.tasks import iterate_questions
from orca_desk.method.diversity import Diversity, measure
from orca_desk.method.overlap import find_overlaps

OPEN = ProposalFilter(state="open")
MOST_PROPOSALS = 5_000
MOST_TASKS = 50_000  # of the library


def measure_diversity(library: Library, wanted: ProposalFilter = OPEN) -> Diversity:
    """Measure the first 5,000 matching proposals, against the first 50,000 tasks of the library."""
    found: list[StoredProposal] = []
    after: int | None = wanted.after
    while after is not None and len(found) < MOST_PROPOSALS:
        page = list_proposals(library, replace(wanted, after=after, limit=None))
        found += page.items
        after = page.next
    tasks = [one.proposal.task for one in found[:MOST_PROPOSALS]]
    measured = measure(tasks)
    if not tasks:
        return measured
    stored = [(task_id, text) for task_id, text, _ in islice(iterate_questions(library), MOST_TASKS)]
    known = find_overlaps(((str(place), task.user_text) for place, task in enumerate(tasks)), stored)
    return replace(measured, known=len(known), compared=len(stored), of=count_proposals(library, wanted))
