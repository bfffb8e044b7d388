"""Snapshots that an experiment makes of another one: trained on like any other, and left out of the lists."""

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.snapshot_store import ContentHasher, insert_manifest, insert_snapshot
from orca_desk.library.snapshots import Snapshot, get_snapshot
from orca_desk.method.records import TrainingRecord


def derive_snapshot(
    library: Library, source_id: str, name: str, records: Iterable[TrainingRecord], note: Mapping[str, Any]
) -> Snapshot:
    """Store `records`, made from the snapshot `source_id`, as a snapshot of their own.

    Each record gets the id of its content. `note` says what was made of the source and how; it stands in the
    manifest. If a snapshot with the same content exists, it is returned as it is, with one more manifest.
    Raises UserError for an unknown source, and when there is no record.
    """
    source = get_snapshot(library, source_id)
    hasher = ContentHasher()
    with tempfile.TemporaryFile() as lines:  # so that the writer, for which others wait, only inserts
        for line in hasher.lines(replace(record, id="") for record in records):
            lines.write(line)
        if not hasher.records:
            raise UserError(
                f"Nothing of the snapshot {source.name} is left for {name}.",
                "Choose a snapshot with more records.",
            )
        row = {
            "id": hasher.identity,
            "name": name,
            "records": hasher.records,
            "instruction": source.instruction,
            "rules": json.dumps(asdict(source.rules)),
            "left_out": "{}",
            "created_at": now(),
        }
        account = {"derived_from": source_id, "source_name": source.name, "note": dict(note)}
        lines.seek(0)

        def store(db: Any) -> None:
            insert_snapshot(db, row, lines)
            insert_manifest(db, hasher.identity, account, source=source_id)

        library.write(store)
    return get_snapshot(library, hasher.identity)
