"""How a snapshot came about; answers of the untrained base.

How a snapshot came about, each time that it was made: whoever reads it later finds the rules, the counts and
the refused of that day. `source` is the snapshot that an experiment derived it from; one that was only
derived stays out of the lists. `base_answers` are a student's answers before its training, to tell which
tasks it always or never solves: `question` and `system` are keys, `asked` that of the sampling.
"""

SCRIPT = """
CREATE TABLE manifests (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  snapshot TEXT NOT NULL REFERENCES snapshots (id),
  source TEXT REFERENCES snapshots (id),
  content TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX manifests_by_snapshot ON manifests (snapshot, n);
CREATE TRIGGER manifests_keep_update BEFORE UPDATE ON manifests BEGIN
  SELECT RAISE(ABORT, 'a manifest never changes');
END;
INSERT INTO manifests (snapshot, content, created_at) SELECT id, '{}', created_at FROM snapshots;

CREATE TABLE base_answers (
  model TEXT NOT NULL,
  system TEXT NOT NULL,
  question TEXT NOT NULL,
  asked TEXT NOT NULL,
  sample INTEGER NOT NULL,
  response TEXT NOT NULL,
  correct INTEGER NOT NULL CHECK (correct IN (0, 1)),
  completion_tokens INTEGER NOT NULL,
  finish_reason TEXT NOT NULL,
  run TEXT REFERENCES runs (id),
  created_at TEXT NOT NULL,
  PRIMARY KEY (model, system, question, asked, sample)
) STRICT, WITHOUT ROWID;
"""
