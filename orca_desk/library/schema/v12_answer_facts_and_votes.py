"""Facts about answers, and votes.

What rules for records ask of an answer's text, found out once for each: `content` is that of the record, and
facts of another `version` are found again. `votes` has the vote of the ungraded answers to one question:
`asked` is the digest of what was voted on, `won` the votes of the winner, `winners` the `content` of those
that gave it; no winner has 0 votes.
"""

SCRIPT = """
CREATE TABLE answer_facts (
  content TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  characters INTEGER NOT NULL,
  refusal INTEGER NOT NULL CHECK (refusal IN (0, 1)),
  loop TEXT NOT NULL,
  languages TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE votes (
  question TEXT PRIMARY KEY,
  asked TEXT NOT NULL,
  answers INTEGER NOT NULL,
  won INTEGER NOT NULL,
  winners TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""
