"""The general probe.

What the general probe found: answers and divergences by respondent, the hash of the model, its adapter, its
template, the system message and the probe; and what an evaluation reports of them.
"""

SCRIPT = """
CREATE TABLE probe_answers (
  respondent TEXT NOT NULL,
  question TEXT NOT NULL,
  response TEXT NOT NULL,
  correct INTEGER NOT NULL CHECK (correct IN (0, 1)),
  completion_tokens INTEGER NOT NULL,
  finish_reason TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (respondent, question)
) STRICT, WITHOUT ROWID;
CREATE TABLE divergences (
  respondent TEXT NOT NULL,
  prompt TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  nats REAL NOT NULL,
  changed INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (respondent, prompt)
) STRICT, WITHOUT ROWID;
CREATE TABLE forgetting (
  evaluation TEXT PRIMARY KEY REFERENCES evaluations (id),
  report TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""
