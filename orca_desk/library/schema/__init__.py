"""The library's tables, as the SQL scripts that create them: one file per version, in order.

Append only: a released script never changes; a new one follows it (see migrations.py).
"""

import re
from collections.abc import Iterable

from orca_desk.library.schema import (
    v01_first_tables,
    v02_chats_side_by_side,
    v03_requests_of_runs,
    v04_families,
    v05_resumed_runs,
    v06_parts_in_chats,
    v07_what_was_asked,
    v08_evidence_by_basis,
    v09_how_snapshots_came_about,
    v10_checkers_samples_and_scores,
    v11_general_probe,
    v12_answer_facts_and_votes,
    v13_judgements,
    v14_proposals,
    v15_bulk_imports,
    v16_text_indexes_and_task_history,
    v17_benchmarks,
    v18_task_counts,
    v19_turns,
    v20_trash_and_notes,
    v21_turns_in_chats,
    v22_samples,
    v23_turns_in_search,
    v24_one_trigger_for_new_tasks,
    v25_sampling_in_chats,
    v26_no_list_of_checkpoints,
    v27_text_index_in_larger_steps,
)

MIGRATIONS: tuple[str, ...] = (
    v01_first_tables.SCRIPT,
    v02_chats_side_by_side.SCRIPT,
    v03_requests_of_runs.SCRIPT,
    v04_families.SCRIPT,
    v05_resumed_runs.SCRIPT,
    v06_parts_in_chats.SCRIPT,
    v07_what_was_asked.SCRIPT,
    v08_evidence_by_basis.SCRIPT,
    v09_how_snapshots_came_about.SCRIPT,
    v10_checkers_samples_and_scores.SCRIPT,
    v11_general_probe.SCRIPT,
    v12_answer_facts_and_votes.SCRIPT,
    v13_judgements.SCRIPT,
    v14_proposals.SCRIPT,
    v15_bulk_imports.SCRIPT,
    v16_text_indexes_and_task_history.SCRIPT,
    v17_benchmarks.SCRIPT,
    v18_task_counts.SCRIPT,
    v19_turns.SCRIPT,
    v20_trash_and_notes.SCRIPT,
    v21_turns_in_chats.SCRIPT,
    v22_samples.SCRIPT,
    v23_turns_in_search.SCRIPT,
    v24_one_trigger_for_new_tasks.SCRIPT,
    v25_sampling_in_chats.SCRIPT,
    v26_no_list_of_checkpoints.SCRIPT,
    v27_text_index_in_larger_steps.SCRIPT,
)
_MADE_OR_DROPPED = re.compile(r"^(CREATE(?: VIRTUAL)?|DROP) TABLE (\w+)", re.MULTILINE)


def tables_of(scripts: Iterable[str]) -> set[str]:
    """Return the names of the tables that a library has after these scripts."""
    names: set[str] = set()
    for script in scripts:
        for done, name in _MADE_OR_DROPPED.findall(script):
            names.discard(name) if done == "DROP" else names.add(name)
    return names
