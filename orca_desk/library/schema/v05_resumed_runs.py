"""Resumed runs, and measurements in which nothing was correct.

A run that is resumed goes on with its time: `earlier_seconds` are those of the parts before the last start,
and `seen_at` is when its progress was last stored, for a run that was cut off. `fruitless` holds the newest
measurement of a family in which no strategy got a task right: evidence that pairs the family with nothing.
"""

SCRIPT = """
ALTER TABLE runs ADD COLUMN earlier_seconds REAL NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN seen_at TEXT;
CREATE TABLE fruitless (
  family_id INTEGER NOT NULL REFERENCES families (id),
  strategy TEXT NOT NULL,
  tasks INTEGER NOT NULL,
  correct INTEGER NOT NULL CHECK (correct = 0),
  mean_tokens REAL NOT NULL,
  outcomes TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (family_id, strategy)
) STRICT, WITHOUT ROWID;
"""
