"""What a measurement went by.

What a measurement went by: the tasks' reference answers, agreement of the answers, or a judge model.
`details` is JSON: the comparisons behind a choice, its score on answers that it was not chosen by, and for a
choice by hand who made it and what the measurement said. `undecided` holds the newest measurement that chose
nothing, and why (`fruitless` was for one reason alone: nothing was right).
"""

SCRIPT = """
ALTER TABLE pairings ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE evidence ADD COLUMN basis TEXT NOT NULL DEFAULT 'reference'
  CHECK (basis IN ('reference', 'agreement', 'judge'));
CREATE TABLE undecided (
  family_id INTEGER NOT NULL REFERENCES families (id),
  strategy TEXT NOT NULL,
  basis TEXT NOT NULL CHECK (basis IN ('reference', 'agreement', 'judge')),
  tasks INTEGER NOT NULL,
  correct INTEGER NOT NULL,
  mean_tokens REAL NOT NULL,
  outcomes TEXT NOT NULL,
  reason TEXT NOT NULL,
  details TEXT NOT NULL DEFAULT '{}',
  created_at TEXT NOT NULL,
  PRIMARY KEY (family_id, strategy, basis)
) STRICT, WITHOUT ROWID;
INSERT INTO undecided (family_id, strategy, basis, tasks, correct, mean_tokens, outcomes, reason, created_at)
  SELECT family_id, strategy, 'reference', tasks, correct, mean_tokens, outcomes, 'none-correct', created_at
  FROM fruitless;
DROP TABLE fruitless;
"""
