"""What was said before a question, as the indexes of texts have it."""

import sqlite3

# The tasks that match a query of the index: those with earlier turns are in an index of their own, whole
_MATCHING = (
    "SELECT rowid AS n FROM tasks_text WHERE tasks_text MATCH ?",
    "SELECT rowid FROM turns_text WHERE turns_text MATCH ?",
)
MATCHING = " UNION ".join(_MATCHING)  # each once; in order, they come one by one
SET_OF_MATCHING = " UNION ALL ".join(_MATCHING)  # for IN, which sorts them itself: half the time


def after_turns(text: str, row: str = "") -> str:
    """Return the SQL of a text after the turns before it, of a row such as "q."; as it is without turns."""
    said = f"(SELECT group_concat(value ->> 1, char(10)) FROM json_each({row}turns))"
    return f"iif({row}turns = '[]', {text}, {said} || char(10) || {text})"


def fill_turns(db: sqlite3.Connection) -> None:
    """Rebuild the index of the tasks with earlier turns."""
    words = after_turns("(query || char(10) || context || char(10) || coalesce(answer, ''))")
    db.execute("INSERT INTO turns_text (turns_text) VALUES ('delete-all')")
    db.execute(f"INSERT INTO turns_text (rowid, words) SELECT n, {words} FROM tasks WHERE turns <> '[]'")
