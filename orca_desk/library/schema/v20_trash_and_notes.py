"""The trash, notes and labels.

What was deleted waits in the trash for a while. `trash_rows` are its rows as JSON, in an order in which they
can be inserted again. `moves` are its files, as JSON: pairs of paths in the library's folder, where each was
and where it waits. `state` says which way they are on: 'leaving' their places, 'kept', 'returning', or
'going' for good; the next start finishes what an end of the process left. While `tidying` has a row, which
its transaction never leaves behind, records may be deleted. `label` is what the user called a run, and
whatever has an id can have a note.
"""

SCRIPT = """
CREATE TABLE trash (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  items TEXT NOT NULL,
  label TEXT NOT NULL,
  moves TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('leaving', 'kept', 'returning', 'going')),
  created_at TEXT NOT NULL
) STRICT;
CREATE TABLE trash_rows (
  trash INTEGER NOT NULL REFERENCES trash (n) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  source TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (trash, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE notes (
  kind TEXT NOT NULL,
  item TEXT NOT NULL,
  note TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  PRIMARY KEY (kind, item)
) STRICT, WITHOUT ROWID;
ALTER TABLE runs ADD COLUMN label TEXT NOT NULL DEFAULT '';
CREATE TABLE tidying (n INTEGER PRIMARY KEY) STRICT;
DROP TRIGGER records_keep_delete;
CREATE TRIGGER records_keep_delete BEFORE DELETE ON records WHEN NOT EXISTS (SELECT 1 FROM tidying) BEGIN
  SELECT RAISE(ABORT, 'a teacher record is never deleted');
END;
DROP TRIGGER snapshot_records_keep_delete;
CREATE TRIGGER snapshot_records_keep_delete BEFORE DELETE ON snapshot_records
WHEN NOT EXISTS (SELECT 1 FROM tidying) BEGIN
  SELECT RAISE(ABORT, 'a snapshot never changes');
END;
DROP TRIGGER snapshots_keep_update;
CREATE TRIGGER snapshots_keep_update BEFORE UPDATE OF
  id, records, instruction, rules, left_out, created_at ON snapshots BEGIN
  SELECT RAISE(ABORT, 'a snapshot never changes');
END;
"""
