"""Families, questions and verdicts per revision.

A family is a row of its own, so that renaming or merging one is one change which records, pairings and
evaluations follow. A record remembers that it was held out. An edit of an answer has its own verdict; the one
in `verdicts` is of the teacher's words. `question` is the key of a user message, `content` that of a message
with its answer (method/records.py). FUNCTIONS in migrations.py has what is called here, and connections.py
`is_blank`.
"""

SCRIPT = """
CREATE TABLE families (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  merged_into INTEGER REFERENCES families (id)
) STRICT;
INSERT INTO families (name) SELECT family FROM tasks GROUP BY family ORDER BY min(n);
INSERT OR IGNORE INTO families (name) SELECT family FROM records GROUP BY family ORDER BY min(n);
INSERT OR IGNORE INTO families (name) SELECT family FROM pairings GROUP BY family ORDER BY min(n);
INSERT OR IGNORE INTO families (name) SELECT DISTINCT family FROM questions ORDER BY family;

DROP TRIGGER tasks_added;
DROP TRIGGER tasks_changed;
DROP INDEX tasks_by_family;
DROP INDEX tasks_by_strategy;
ALTER TABLE tasks ADD COLUMN family_id INTEGER REFERENCES families (id);
ALTER TABLE tasks ADD COLUMN question TEXT;
UPDATE tasks SET family_id = (SELECT id FROM families WHERE name = tasks.family),
  question = question_key(iif(context = '', query, context || char(10, 10) || query));
ALTER TABLE tasks DROP COLUMN family;
CREATE INDEX tasks_by_family ON tasks (family_id, split, n);
CREATE INDEX tasks_by_strategy ON tasks (strategy, n) WHERE strategy IS NOT NULL;
CREATE INDEX tasks_own_strategy ON tasks (id, strategy) WHERE strategy IS NOT NULL;
CREATE TABLE task_questions (
  question TEXT NOT NULL,
  task INTEGER NOT NULL REFERENCES tasks (n) ON DELETE CASCADE,
  PRIMARY KEY (question, task)
) STRICT, WITHOUT ROWID;
CREATE INDEX questions_of_task ON task_questions (task);
INSERT INTO task_questions SELECT question, n FROM tasks;

ALTER TABLE pairings ADD COLUMN family_id INTEGER REFERENCES families (id);
UPDATE pairings SET family_id = (SELECT id FROM families WHERE name = pairings.family);
DROP INDEX pairings_by_family;
ALTER TABLE pairings DROP COLUMN family;
CREATE INDEX pairings_by_family ON pairings (family_id, n);

ALTER TABLE questions ADD COLUMN family_id INTEGER REFERENCES families (id);
UPDATE questions SET family_id = coalesce(
  (SELECT family_id FROM tasks WHERE id = task_id), (SELECT id FROM families WHERE name = questions.family));
ALTER TABLE questions DROP COLUMN family;
CREATE INDEX questions_by_task ON questions (task_id);
CREATE INDEX questions_by_family ON questions (family_id);

DROP TRIGGER records_keep_update;
DROP INDEX records_by_family;
ALTER TABLE records ADD COLUMN family_id INTEGER REFERENCES families (id);
ALTER TABLE records ADD COLUMN held_out INTEGER NOT NULL DEFAULT 0 CHECK (held_out IN (0, 1));
ALTER TABLE records ADD COLUMN is_blank INTEGER NOT NULL DEFAULT 0 CHECK (is_blank IN (0, 1));
ALTER TABLE records ADD COLUMN question TEXT;
ALTER TABLE records ADD COLUMN content TEXT;
UPDATE records SET
  family_id = coalesce(
    (SELECT family_id FROM tasks WHERE id = task_id), (SELECT id FROM families WHERE name = records.family)),
  question = question_key(user),
  is_blank = is_blank(response),
  content = content_key(user, response);
UPDATE records SET held_out = 1
WHERE question IN (SELECT question FROM tasks WHERE split = 'heldout')
  OR task_id IN (SELECT id FROM tasks WHERE split = 'heldout')
  OR (task_id NOT IN (SELECT id FROM tasks) AND (
    task_id IN (SELECT task_id FROM questions)
    OR run IN (SELECT id FROM runs WHERE json_extract(request, '$.split') = 'heldout')));
ALTER TABLE records DROP COLUMN family;
CREATE INDEX records_by_family ON records (family_id, strategy, n);
CREATE INDEX records_by_question ON records (question);
CREATE INDEX records_facts ON records (
  family_id, strategy, task_id, held_out, is_blank, finish_reason, content);
CREATE TRIGGER records_keep_update BEFORE UPDATE OF
  n, id, task_id, strategy, strategy_version, sample, system, user, response, model_sha256, quantisation,
  template_sha256, sampling, engine, batch, prompt_tokens, completion_tokens, finish_reason, created_at, run,
  is_blank, question, content ON records
BEGIN
  SELECT RAISE(ABORT, 'a teacher record never changes');
END;

CREATE TABLE record_aliases (
  id TEXT PRIMARY KEY,
  record TEXT NOT NULL REFERENCES records (id)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO record_aliases SELECT alias, id FROM (
  SELECT id, greedy_identity(id, system, user, sample, sampling, model_sha256, template_sha256) AS alias
  FROM records WHERE json_extract(sampling, '$.temperature') = 0 ORDER BY n
) WHERE alias <> id;

CREATE TRIGGER tasks_added AFTER INSERT ON tasks BEGIN
  INSERT INTO tasks_text (rowid, query, context, answer) VALUES (new.n, new.query, new.context, new.answer);
  INSERT OR IGNORE INTO task_tags SELECT value, new.n FROM json_each(new.tags);
  INSERT OR IGNORE INTO task_questions VALUES (new.question, new.n);
  UPDATE records SET family_id = new.family_id WHERE task_id = new.id;
  UPDATE records SET held_out = 1
  WHERE new.split = 'heldout' AND (task_id = new.id OR question = new.question);
END;
CREATE TRIGGER tasks_reworded AFTER UPDATE OF query, context, answer ON tasks BEGIN
  INSERT INTO tasks_text (tasks_text, rowid, query, context, answer)
    VALUES ('delete', old.n, old.query, old.context, old.answer);
  INSERT INTO tasks_text (rowid, query, context, answer) VALUES (new.n, new.query, new.context, new.answer);
END;
CREATE TRIGGER tasks_retagged AFTER UPDATE OF tags ON tasks WHEN new.tags <> old.tags BEGIN
  DELETE FROM task_tags WHERE task = old.n;
  INSERT OR IGNORE INTO task_tags SELECT value, new.n FROM json_each(new.tags);
END;
CREATE TRIGGER tasks_asked AFTER UPDATE OF question ON tasks WHEN new.question <> old.question BEGIN
  INSERT OR IGNORE INTO task_questions VALUES (new.question, new.n);
  UPDATE records SET held_out = 1 WHERE new.split = 'heldout' AND question = new.question;
END;
CREATE TRIGGER tasks_moved AFTER UPDATE OF family_id ON tasks WHEN new.family_id <> old.family_id BEGIN
  UPDATE records SET family_id = new.family_id WHERE task_id = new.id;
  UPDATE questions SET family_id = new.family_id WHERE task_id = new.id;
END;
CREATE TRIGGER tasks_split AFTER UPDATE OF split ON tasks WHEN new.split <> old.split BEGIN
  UPDATE records SET held_out = new.split = 'heldout' OR EXISTS (
    SELECT 1 FROM task_questions AS q JOIN tasks AS t ON t.n = q.task
    WHERE q.question = records.question AND t.split = 'heldout' AND t.question = q.question)
  WHERE task_id = new.id OR question = new.question;
END;

CREATE INDEX snapshot_records_taken ON snapshot_records (snapshot, teacher_record_id);

DROP TRIGGER revisions_keep_update;
ALTER TABLE revisions ADD COLUMN correct INTEGER CHECK (correct IN (0, 1));
ALTER TABLE revisions ADD COLUMN kind TEXT;
ALTER TABLE revisions ADD COLUMN answer TEXT;
ALTER TABLE revisions ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE revisions ADD COLUMN leaks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE revisions ADD COLUMN leaked INTEGER NOT NULL DEFAULT 0 CHECK (leaked IN (0, 1));
ALTER TABLE revisions ADD COLUMN content TEXT;
UPDATE revisions SET content = content_key((SELECT user FROM records WHERE n = record), response);
UPDATE revisions SET (correct, kind, answer, reason, leaks, leaked) = (
  SELECT v.correct, v.kind, v.answer, v.reason, v.leaks, v.leaked
  FROM verdicts AS v WHERE v.record = revisions.record)
WHERE revision = (SELECT max(revision) FROM revisions AS r WHERE r.record = revisions.record)
  AND EXISTS (SELECT 1 FROM verdicts AS v WHERE v.record = revisions.record);
CREATE TRIGGER revisions_keep_update BEFORE UPDATE ON revisions BEGIN
  SELECT RAISE(ABORT, 'a revision never changes');
END;
CREATE TABLE regraded AS
  SELECT r.n AS record, own_verdict(r.system, r.user, r.response, t.answer, t.answer_kind) AS verdict
  FROM records AS r JOIN (
    SELECT record, response, max(revision) FROM revisions GROUP BY record
  ) AS e ON e.record = r.n AND e.response <> r.response LEFT JOIN tasks AS t ON t.id = r.task_id;
UPDATE verdicts SET
  correct = (SELECT json_extract(verdict, '$.correct') FROM regraded AS g WHERE g.record = verdicts.record),
  kind = (SELECT json_extract(verdict, '$.kind') FROM regraded AS g WHERE g.record = verdicts.record),
  answer = (SELECT json_extract(verdict, '$.answer') FROM regraded AS g WHERE g.record = verdicts.record),
  reason = (SELECT json_extract(verdict, '$.reason') FROM regraded AS g WHERE g.record = verdicts.record),
  leaks = (SELECT json_extract(verdict, '$.leaks') FROM regraded AS g WHERE g.record = verdicts.record),
  leaked = (SELECT json_extract(verdict, '$.leaked') FROM regraded AS g WHERE g.record = verdicts.record)
WHERE record IN (SELECT record FROM regraded);
DROP TABLE regraded;
"""
