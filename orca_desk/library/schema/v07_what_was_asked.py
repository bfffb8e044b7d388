"""What an evaluation asked.

What an evaluation asked and compared with outlives the task and its edits; '' if it was deleted before.
"""

SCRIPT = """
ALTER TABLE questions ADD COLUMN user TEXT NOT NULL DEFAULT '';
ALTER TABLE questions ADD COLUMN answer TEXT;
UPDATE questions SET (user, answer) = (
  SELECT iif(context = '', query, context || char(10, 10) || query), answer FROM tasks WHERE id = task_id)
WHERE task_id IN (SELECT id FROM tasks);
"""
