"""Counts of tasks.

How many tasks there are, kept by family, split and answer, and by tag: to count a million takes too long for
a click. A row of 0 is as good as none. What is added in bulk is counted there (bulk.py).
"""

SCRIPT = """
CREATE TABLE task_counts (
  family_id INTEGER NOT NULL,
  split TEXT NOT NULL,
  answered INTEGER NOT NULL CHECK (answered IN (0, 1)),
  tasks INTEGER NOT NULL,
  PRIMARY KEY (family_id, split, answered)
) STRICT, WITHOUT ROWID;
INSERT INTO task_counts
  SELECT family_id, split, answer IS NOT NULL, count(*) FROM tasks
  WHERE family_id IS NOT NULL GROUP BY 1, 2, 3;
CREATE TRIGGER tasks_counted AFTER INSERT ON tasks WHEN NOT EXISTS (SELECT 1 FROM adding_in_bulk) BEGIN
  INSERT OR IGNORE INTO task_counts VALUES (new.family_id, new.split, new.answer IS NOT NULL, 0);
  UPDATE task_counts SET tasks = tasks + 1
  WHERE family_id = new.family_id AND split = new.split AND answered = (new.answer IS NOT NULL);
END;
CREATE TRIGGER tasks_uncounted AFTER DELETE ON tasks BEGIN
  UPDATE task_counts SET tasks = tasks - 1
  WHERE family_id = old.family_id AND split = old.split AND answered = (old.answer IS NOT NULL);
END;
CREATE TRIGGER tasks_recounted AFTER UPDATE OF family_id, split, answer ON tasks
WHEN (old.family_id, old.split, old.answer IS NULL) IS NOT (new.family_id, new.split, new.answer IS NULL)
BEGIN
  UPDATE task_counts SET tasks = tasks - 1
  WHERE family_id = old.family_id AND split = old.split AND answered = (old.answer IS NOT NULL);
  INSERT OR IGNORE INTO task_counts VALUES (new.family_id, new.split, new.answer IS NOT NULL, 0);
  UPDATE task_counts SET tasks = tasks + 1
  WHERE family_id = new.family_id AND split = new.split AND answered = (new.answer IS NOT NULL);
END;

CREATE TABLE tag_counts (tag TEXT PRIMARY KEY, tasks INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO tag_counts SELECT tag, count(*) FROM task_tags GROUP BY tag;
CREATE TRIGGER tags_counted AFTER INSERT ON task_tags WHEN NOT EXISTS (SELECT 1 FROM adding_in_bulk) BEGIN
  INSERT OR IGNORE INTO tag_counts VALUES (new.tag, 0);
  UPDATE tag_counts SET tasks = tasks + 1 WHERE tag = new.tag;
END;
CREATE TRIGGER tags_uncounted AFTER DELETE ON task_tags BEGIN
  UPDATE tag_counts SET tasks = tasks - 1 WHERE tag = old.tag;
END;
"""
