"""A judge model's replies.

What a judge model replied about an answer; `id` is the identity of what it was asked, and with which model.
"""

SCRIPT = """
CREATE TABLE judgements (
  id TEXT PRIMARY KEY,
  model_sha256 TEXT NOT NULL,
  prompt TEXT NOT NULL,
  question TEXT NOT NULL,
  reply TEXT NOT NULL,
  finish_reason TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""
