"""Which tasks came from the samples: by row, since a task of the user's own may ask just the same.

No row of `tasks` is ever used again for another task, and one that was deleted comes back to its row. `task`
is the task's id, by which records know it when it is gone.
"""

SCRIPT = """
CREATE TABLE samples (n INTEGER PRIMARY KEY, task TEXT NOT NULL) STRICT;
CREATE INDEX samples_by_task ON samples (task);
INSERT INTO samples SELECT n, id FROM tasks WHERE is_bundled(id)
  AND NOT EXISTS (SELECT 1 FROM imported_rows AS i WHERE tasks.n BETWEEN i.first AND i.last);
"""
