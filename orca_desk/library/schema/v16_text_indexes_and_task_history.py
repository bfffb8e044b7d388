"""Full-text indexes, the history of tasks, and what was forgotten.

Full-text indexes of what was asked and answered, without the texts themselves. A place is a record's `n`; for
an answer the `n` of its run, and for a turn that of its chat, times 2^32 plus the position. Older rows are
indexed in the background, from the newest down: those at places under `below` are not yet. `top` is where
that began. `task_events` has what became of a task from now on ('begun' is that moment): `former` are the
values that an edit replaced, as JSON. A snapshot that lost records to a deletion has its loss noted, and
`forgotten` what was deleted so, without any text.
"""

SCRIPT = """
CREATE VIRTUAL TABLE records_text USING fts5 (
  user, response, content='', tokenize='unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE answers_text USING fts5 (
  user, response, content='', tokenize='unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE messages_text USING fts5 (words, content='', tokenize='unicode61 remove_diacritics 2');
CREATE TABLE text_indexes (name TEXT PRIMARY KEY, below INTEGER NOT NULL, top INTEGER NOT NULL) STRICT;
INSERT INTO text_indexes SELECT 'records', coalesce(max(n) + 1, 0), coalesce(max(n) + 1, 0) FROM records;
INSERT INTO text_indexes
  SELECT 'answers', coalesce((max(n) + 1) << 32, 0), coalesce((max(n) + 1) << 32, 0) FROM runs;
INSERT INTO text_indexes
  SELECT 'messages', coalesce((max(n) + 1) << 32, 0), coalesce((max(n) + 1) << 32, 0) FROM chats;

CREATE TRIGGER records_indexed AFTER INSERT ON records BEGIN
  INSERT INTO records_text (rowid, user, response) VALUES (new.n, new.user, new.response);
END;
CREATE TRIGGER revisions_indexed AFTER INSERT ON revisions
WHEN new.record >= (SELECT below FROM text_indexes WHERE name = 'records') BEGIN
  INSERT INTO records_text (records_text, rowid, user, response)
    SELECT 'delete', n, user, coalesce((
      SELECT response FROM revisions WHERE record = new.record AND revision < new.revision
      ORDER BY revision DESC LIMIT 1), response)
    FROM records WHERE n = new.record;
  INSERT INTO records_text (rowid, user, response)
    SELECT n, user, new.response FROM records WHERE n = new.record;
END;
CREATE TRIGGER answers_indexed AFTER INSERT ON answers BEGIN
  INSERT INTO answers_text (rowid, user, response)
    SELECT (r.n << 32) + q.position, q.user, new.response
    FROM questions AS q JOIN runs AS r ON r.id = q.evaluation
    WHERE q.evaluation = new.evaluation AND q.task_id = new.task_id
      AND (r.n << 32) + q.position >= (SELECT below FROM text_indexes WHERE name = 'answers');
END;
CREATE TRIGGER answers_unindexed BEFORE DELETE ON answers BEGIN
  INSERT INTO answers_text (answers_text, rowid, user, response)
    SELECT 'delete', (r.n << 32) + q.position, q.user, old.response
    FROM questions AS q JOIN runs AS r ON r.id = q.evaluation
    WHERE q.evaluation = old.evaluation AND q.task_id = old.task_id
      AND (r.n << 32) + q.position >= (SELECT below FROM text_indexes WHERE name = 'answers');
END;
CREATE TRIGGER messages_indexed AFTER INSERT ON messages
WHEN (new.chat << 32) + new.position >= (SELECT below FROM text_indexes WHERE name = 'messages') BEGIN
  INSERT INTO messages_text (rowid, words) VALUES ((new.chat << 32) + new.position, new.content);
END;
CREATE TRIGGER messages_unindexed AFTER DELETE ON messages
WHEN (old.chat << 32) + old.position >= (SELECT below FROM text_indexes WHERE name = 'messages') BEGIN
  INSERT INTO messages_text (messages_text, rowid, words)
    VALUES ('delete', (old.chat << 32) + old.position, old.content);
END;
CREATE TRIGGER messages_reindexed AFTER UPDATE OF content ON messages
WHEN (old.chat << 32) + old.position >= (SELECT below FROM text_indexes WHERE name = 'messages') BEGIN
  INSERT INTO messages_text (messages_text, rowid, words)
    VALUES ('delete', (old.chat << 32) + old.position, old.content);
  INSERT INTO messages_text (rowid, words) VALUES ((new.chat << 32) + new.position, new.content);
END;

CREATE TABLE task_events (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  task TEXT NOT NULL,
  what TEXT NOT NULL CHECK (what IN ('begun', 'added', 'edited')),
  former TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX task_events_by_task ON task_events (task, n);
INSERT INTO task_events (task, what, former, created_at)
  VALUES ('', 'begun', '{}', strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'));
CREATE TRIGGER tasks_noted AFTER INSERT ON tasks WHEN NOT EXISTS (SELECT 1 FROM adding_in_bulk) BEGIN
  INSERT INTO task_events (task, what, former, created_at)
    VALUES (new.id, 'added', '{}', strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'));
END;
CREATE TRIGGER tasks_edited AFTER UPDATE OF
  query, context, answer, answer_kind, tags, split, strategy, family_id ON tasks
WHEN (old.query, old.context, old.answer, old.answer_kind, old.tags, old.split, old.strategy, old.family_id)
  IS NOT
  (new.query, new.context, new.answer, new.answer_kind, new.tags, new.split, new.strategy,
   new.family_id) BEGIN
  INSERT INTO task_events (task, what, former, created_at) SELECT new.id, 'edited', (
    SELECT json_group_object(field, former) FROM (
      SELECT 'query' AS field, old.query AS former, new.query AS later
      UNION ALL SELECT 'context', old.context, new.context
      UNION ALL SELECT 'answer', old.answer, new.answer
      UNION ALL SELECT 'answer_kind', old.answer_kind, new.answer_kind
      UNION ALL SELECT 'tags', old.tags, new.tags
      UNION ALL SELECT 'split', old.split, new.split
      UNION ALL SELECT 'strategy', old.strategy, new.strategy
      UNION ALL SELECT 'family', (SELECT name FROM families WHERE id = old.family_id),
        (SELECT name FROM families WHERE id = new.family_id))
    WHERE former IS NOT later), strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now');
END;

CREATE TABLE snapshot_losses (
  snapshot TEXT PRIMARY KEY REFERENCES snapshots (id),
  records INTEGER NOT NULL,
  lost_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE forgotten (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
"""
