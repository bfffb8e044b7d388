"""The turns before a question.

The turns before a question, as JSON: [["user", "..."], ["assistant", "..."]].
"""

SCRIPT = """
ALTER TABLE tasks ADD COLUMN turns TEXT NOT NULL DEFAULT '[]';
ALTER TABLE records ADD COLUMN turns TEXT NOT NULL DEFAULT '[]';
ALTER TABLE snapshot_records ADD COLUMN turns TEXT NOT NULL DEFAULT '[]';
ALTER TABLE questions ADD COLUMN turns TEXT NOT NULL DEFAULT '[]';
DROP TRIGGER tasks_edited;
CREATE TRIGGER tasks_edited AFTER UPDATE OF
  query, context, answer, answer_kind, tags, split, strategy, family_id, turns ON tasks
WHEN (old.query, old.context, old.answer, old.answer_kind, old.tags, old.split, old.strategy, old.family_id,
  old.turns)
  IS NOT
  (new.query, new.context, new.answer, new.answer_kind, new.tags, new.split, new.strategy,
   new.family_id, new.turns) BEGIN
  INSERT INTO task_events (task, what, former, created_at) SELECT new.id, 'edited', (
    SELECT json_group_object(field, former) FROM (
      SELECT 'query' AS field, old.query AS former, new.query AS later
      UNION ALL SELECT 'context', old.context, new.context
      UNION ALL SELECT 'answer', old.answer, new.answer
      UNION ALL SELECT 'answer_kind', old.answer_kind, new.answer_kind
      UNION ALL SELECT 'turns', old.turns, new.turns
      UNION ALL SELECT 'tags', old.tags, new.tags
      UNION ALL SELECT 'split', old.split, new.split
      UNION ALL SELECT 'strategy', old.strategy, new.strategy
      UNION ALL SELECT 'family', (SELECT name FROM families WHERE id = old.family_id),
        (SELECT name FROM families WHERE id = new.family_id))
    WHERE former IS NOT later), strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now');
END;
"""
