"""Proposed tasks, and what a model wrote on the way.

Tasks that were made here and wait for a person: what one would be, what it was made from (`ancestry`) and how
it was checked, as JSON. An accepted one names its task in `accepted`, and keeps its ancestry. `replies` has
what a model wrote on the way, by the identity of what it was asked: nothing is asked twice.
"""

SCRIPT = """
CREATE TABLE proposals (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  run TEXT NOT NULL,
  task TEXT NOT NULL,
  ancestry TEXT NOT NULL,
  checks TEXT NOT NULL,
  confirmed INTEGER CHECK (confirmed IN (0, 1)),
  state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'rejected')),
  accepted TEXT,
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX proposals_by_state ON proposals (state, n);
CREATE INDEX proposals_by_run ON proposals (run, n);
CREATE INDEX proposals_accepted ON proposals (accepted) WHERE accepted IS NOT NULL;
CREATE TABLE replies (
  id TEXT PRIMARY KEY,
  model_sha256 TEXT NOT NULL,
  system TEXT NOT NULL,
  user TEXT NOT NULL,
  reply TEXT NOT NULL,
  finish_reason TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""
