"""Checkers of families, samples of answers, and tokens' scores.

Which built-in checker reads the steps of a family's answers; NULL: the one that knows the question, if any.
`samples` are all answers of a message that was asked several times, as JSON; NULL where it was asked once.
`token_scores` are log-probabilities of answers' tokens, by the hash of the model and of what it was sent.
"""

SCRIPT = """
ALTER TABLE families ADD COLUMN checker TEXT;
ALTER TABLE messages ADD COLUMN samples TEXT;
CREATE TABLE token_scores (
  key TEXT PRIMARY KEY,
  tokens TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""
