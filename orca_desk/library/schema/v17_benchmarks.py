"""Benchmark files.

Files that the user named as benchmarks, with the questions that they had then: a student that is tested on
them must not be trained on them.
"""

SCRIPT = """
CREATE TABLE benchmarks (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  questions INTEGER NOT NULL,
  added_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE benchmark_questions (
  benchmark TEXT NOT NULL,
  question TEXT NOT NULL,
  user TEXT NOT NULL,
  PRIMARY KEY (benchmark, question)
) STRICT, WITHOUT ROWID;
"""
