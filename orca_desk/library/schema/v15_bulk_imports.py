"""Imports in bulk.

An import adds thousands of tasks at once: what the trigger does row by row, it then does for all of them
together (bulk.py), and has a row in `adding_in_bulk` meanwhile, which its transaction never leaves behind.
`imported_rows` are the rows of the tasks that a run added from a source, `import_states` has how far each run
got, to resume from there.
"""

SCRIPT = """
CREATE TABLE adding_in_bulk (n INTEGER PRIMARY KEY) STRICT;
CREATE TABLE imported_rows (
  n INTEGER PRIMARY KEY,
  run TEXT NOT NULL,
  source TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL
) STRICT;
CREATE INDEX imported_rows_by_first ON imported_rows (first);
CREATE INDEX imported_rows_by_run ON imported_rows (run);
CREATE TABLE import_states (run TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT, WITHOUT ROWID;
DROP TRIGGER tasks_added;
CREATE TRIGGER tasks_added AFTER INSERT ON tasks WHEN NOT EXISTS (SELECT 1 FROM adding_in_bulk) BEGIN
  INSERT INTO tasks_text (rowid, query, context, answer) VALUES (new.n, new.query, new.context, new.answer);
  INSERT OR IGNORE INTO task_tags SELECT value, new.n FROM json_each(new.tags);
  INSERT OR IGNORE INTO task_questions VALUES (new.question, new.n);
  UPDATE records SET family_id = new.family_id WHERE task_id = new.id;
  UPDATE records SET held_out = 1
  WHERE new.split = 'heldout' AND (task_id = new.id OR question = new.question);
END;
"""
