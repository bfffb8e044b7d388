"""The library's tables, as the SQL scripts that create them.

Append only: a released script never changes; a new one follows it (see migrations.py). Rows are ordered by
`n`, the order of arrival, which is never reused; everything outside the library uses ids.
"""

VERSION_1 = """
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE counters (kind TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  family TEXT NOT NULL,
  query TEXT NOT NULL,
  context TEXT NOT NULL,
  answer TEXT,
  answer_kind TEXT,
  tags TEXT NOT NULL,
  split TEXT NOT NULL CHECK (split IN ('train', 'heldout')),
  strategy TEXT
) STRICT;
CREATE INDEX tasks_by_family ON tasks (family, split, n);
CREATE INDEX tasks_by_split ON tasks (split, n);
CREATE INDEX tasks_by_strategy ON tasks (strategy, n) WHERE strategy IS NOT NULL;
CREATE INDEX tasks_unanswered ON tasks (n) WHERE answer IS NULL;

CREATE TABLE task_tags (
  tag TEXT NOT NULL,
  task INTEGER NOT NULL REFERENCES tasks (n) ON DELETE CASCADE,
  PRIMARY KEY (tag, task)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_task ON task_tags (task);

CREATE VIRTUAL TABLE tasks_text USING fts5 (
  query, context, answer, content='tasks', content_rowid='n', tokenize='unicode61 remove_diacritics 2'
);

CREATE TRIGGER tasks_added AFTER INSERT ON tasks BEGIN
  INSERT INTO tasks_text (rowid, query, context, answer) VALUES (new.n, new.query, new.context, new.answer);
  INSERT OR IGNORE INTO task_tags SELECT value, new.n FROM json_each(new.tags);
END;
CREATE TRIGGER tasks_deleted AFTER DELETE ON tasks BEGIN
  INSERT INTO tasks_text (tasks_text, rowid, query, context, answer)
    VALUES ('delete', old.n, old.query, old.context, old.answer);
END;
CREATE TRIGGER tasks_changed AFTER UPDATE ON tasks BEGIN
  INSERT INTO tasks_text (tasks_text, rowid, query, context, answer)
    VALUES ('delete', old.n, old.query, old.context, old.answer);
  INSERT INTO tasks_text (rowid, query, context, answer) VALUES (new.n, new.query, new.context, new.answer);
  DELETE FROM task_tags WHERE task = old.n;
  INSERT OR IGNORE INTO task_tags SELECT value, new.n FROM json_each(new.tags);
END;

CREATE TABLE strategies (
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  markers TEXT NOT NULL,
  instruction TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER strategies_keep_update BEFORE UPDATE ON strategies BEGIN
  SELECT RAISE(ABORT, 'a version of a strategy never changes');
END;
CREATE TRIGGER strategies_keep_delete BEFORE DELETE ON strategies BEGIN
  SELECT RAISE(ABORT, 'a version of a strategy is never deleted');
END;

CREATE TABLE pairings (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  family TEXT NOT NULL,
  strategy TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('measured', 'chosen')),
  reason TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX pairings_by_family ON pairings (family, n);

CREATE TABLE evidence (
  pairing INTEGER NOT NULL REFERENCES pairings (n) ON DELETE CASCADE,
  strategy TEXT NOT NULL,
  tasks INTEGER NOT NULL,
  correct INTEGER NOT NULL,
  mean_tokens REAL NOT NULL,
  outcomes TEXT NOT NULL,
  PRIMARY KEY (pairing, strategy)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  settings TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status TEXT NOT NULL CHECK (
    status IN ('queued', 'running', 'paused', 'done', 'failed', 'cancelled', 'interrupted')),
  done REAL NOT NULL DEFAULT 0,
  total REAL,
  unit TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL,
  started_at TEXT,
  ended_at TEXT
) STRICT;
CREATE INDEX runs_by_kind ON runs (kind, fingerprint, n);
CREATE INDEX runs_by_status ON runs (status, n);

CREATE TABLE records (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  task_id TEXT NOT NULL,
  family TEXT NOT NULL,
  strategy TEXT NOT NULL,
  strategy_version INTEGER NOT NULL,
  sample INTEGER NOT NULL,
  system TEXT NOT NULL,
  user TEXT NOT NULL,
  response TEXT NOT NULL,
  model_sha256 TEXT NOT NULL,
  quantisation TEXT NOT NULL,
  template_sha256 TEXT NOT NULL,
  sampling TEXT NOT NULL,
  engine TEXT NOT NULL,
  batch INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  finish_reason TEXT NOT NULL,
  created_at TEXT NOT NULL,
  run TEXT REFERENCES runs (id)
) STRICT;
CREATE INDEX records_by_task ON records (task_id, n);
CREATE INDEX records_by_family ON records (family, strategy, n);
CREATE INDEX records_by_strategy ON records (strategy, n);
CREATE INDEX records_by_run ON records (run, n) WHERE run IS NOT NULL;
CREATE TRIGGER records_keep_update BEFORE UPDATE ON records BEGIN
  SELECT RAISE(ABORT, 'a teacher record never changes');
END;
CREATE TRIGGER records_keep_delete BEFORE DELETE ON records BEGIN
  SELECT RAISE(ABORT, 'a teacher record is never deleted');
END;

CREATE TABLE verdicts (
  record INTEGER PRIMARY KEY REFERENCES records (n),
  correct INTEGER CHECK (correct IN (0, 1)),
  kind TEXT,
  answer TEXT,
  reason TEXT NOT NULL,
  leaks TEXT NOT NULL,
  leaked INTEGER NOT NULL CHECK (leaked IN (0, 1)),
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX verdicts_by_correct ON verdicts (correct, record);
CREATE INDEX verdicts_leaked ON verdicts (record) WHERE leaked = 1;

CREATE TABLE decisions (
  record INTEGER PRIMARY KEY REFERENCES records (n),
  decision TEXT NOT NULL CHECK (decision IN ('keep', 'drop')),
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_by_kind ON decisions (decision, record);

CREATE TABLE revisions (
  record INTEGER NOT NULL REFERENCES records (n),
  revision INTEGER NOT NULL,
  response TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (record, revision)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER revisions_keep_update BEFORE UPDATE ON revisions BEGIN
  SELECT RAISE(ABORT, 'a revision never changes');
END;

CREATE TABLE snapshots (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  records INTEGER NOT NULL,
  instruction TEXT NOT NULL,
  rules TEXT NOT NULL,
  left_out TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot_records (
  snapshot TEXT NOT NULL REFERENCES snapshots (id),
  position INTEGER NOT NULL,
  id TEXT NOT NULL,
  teacher_record_id TEXT NOT NULL REFERENCES records (id),
  task_id TEXT NOT NULL,
  family TEXT NOT NULL,
  strategy TEXT NOT NULL,
  system TEXT NOT NULL,
  user TEXT NOT NULL,
  assistant TEXT NOT NULL,
  PRIMARY KEY (snapshot, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX snapshot_records_by_record ON snapshot_records (teacher_record_id);
CREATE TRIGGER snapshots_keep_update BEFORE UPDATE ON snapshots BEGIN
  SELECT RAISE(ABORT, 'a snapshot never changes');
END;
CREATE TRIGGER snapshot_records_keep_update BEFORE UPDATE ON snapshot_records BEGIN
  SELECT RAISE(ABORT, 'a snapshot never changes');
END;
CREATE TRIGGER snapshot_records_keep_delete BEFORE DELETE ON snapshot_records BEGIN
  SELECT RAISE(ABORT, 'a snapshot never changes');
END;

CREATE TABLE trainings (
  id TEXT PRIMARY KEY REFERENCES runs (id),
  base TEXT NOT NULL,
  snapshot TEXT NOT NULL REFERENCES snapshots (id),
  adapter TEXT,
  adapter_gguf TEXT,
  adapter_sha256 TEXT,
  best_step INTEGER,
  best_eval REAL
) STRICT, WITHOUT ROWID;
CREATE INDEX trainings_by_snapshot ON trainings (snapshot);

CREATE TABLE metrics (
  training TEXT NOT NULL REFERENCES trainings (id),
  kind TEXT NOT NULL,
  step INTEGER NOT NULL,
  content TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (training, kind, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
  training TEXT NOT NULL REFERENCES trainings (id),
  step INTEGER NOT NULL,
  path TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (training, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluations (
  id TEXT PRIMARY KEY REFERENCES runs (id),
  model TEXT NOT NULL,
  adapter TEXT,
  system_kind TEXT NOT NULL,
  system TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE questions (
  evaluation TEXT NOT NULL REFERENCES evaluations (id),
  position INTEGER NOT NULL,
  task_id TEXT NOT NULL,
  family TEXT NOT NULL,
  paired TEXT,
  PRIMARY KEY (evaluation, position),
  UNIQUE (evaluation, task_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE answers (
  evaluation TEXT NOT NULL,
  task_id TEXT NOT NULL,
  response TEXT NOT NULL,
  correct INTEGER CHECK (correct IN (0, 1)),
  reason TEXT NOT NULL,
  recognised TEXT,
  completion_tokens INTEGER NOT NULL,
  finish_reason TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (evaluation, task_id),
  FOREIGN KEY (evaluation, task_id) REFERENCES questions (evaluation, task_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE chats (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  title TEXT NOT NULL,
  model TEXT NOT NULL,
  adapter TEXT,
  system TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE messages (
  chat INTEGER NOT NULL REFERENCES chats (n) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
  content TEXT NOT NULL,
  finish_reason TEXT,
  completion_tokens INTEGER,
  created_at TEXT NOT NULL,
  PRIMARY KEY (chat, position)
) STRICT, WITHOUT ROWID;
"""

# A chat with several models has one row per model: `beside` refers to the first of them, which has the title.
# Earlier chats have one model. A question can come from a task.
VERSION_2 = """
ALTER TABLE chats ADD COLUMN beside INTEGER REFERENCES chats (n) ON DELETE CASCADE;
CREATE INDEX chats_beside ON chats (beside) WHERE beside IS NOT NULL;
ALTER TABLE messages ADD COLUMN task TEXT;
ALTER TABLE messages ADD COLUMN seconds REAL;
"""

# The requests of runs and the names of evaluations were in the settings, where two jobs could overwrite each
# other's.
VERSION_3 = """
ALTER TABLE runs ADD COLUMN request TEXT;
ALTER TABLE evaluations ADD COLUMN name TEXT NOT NULL DEFAULT '';
DELETE FROM settings
WHERE (key LIKE 'desktop.start.%' OR key = 'evaluations.names')
  AND CASE WHEN json_valid(value) THEN json_type(value) <> 'object' ELSE 1 END;
UPDATE runs SET request = (
  SELECT json_remove(value, '$.run') FROM settings
  WHERE key = 'desktop.start.' || runs.kind AND runs.id = coalesce(json_extract(value, '$.run'), (
    SELECT newest.id FROM runs AS newest WHERE newest.kind = runs.kind ORDER BY newest.n DESC LIMIT 1)))
WHERE kind IN ('generate', 'probe');
UPDATE runs SET request = (
  SELECT json_remove(json_set(value, '$.candidates', json_extract(value, '$.arms')), '$.arms') FROM settings
  WHERE key = 'desktop.start.evaluate')
WHERE n = (SELECT max(n) FROM runs WHERE kind = 'evaluate');
UPDATE runs SET request = (SELECT value FROM settings WHERE key = 'desktop.start.train')
WHERE n = (SELECT max(n) FROM runs WHERE kind = 'train');
UPDATE evaluations SET name = coalesce((
  SELECT json_extract(value, '$."' || evaluations.id || '"') FROM settings
  WHERE key = 'evaluations.names'), '');
DELETE FROM settings WHERE key IN ('desktop.start.generate', 'desktop.start.probe', 'desktop.start.evaluate',
  'desktop.start.train', 'evaluations.names');
"""

# A family is a row of its own, so that renaming or merging one is one change which records, pairings and
# evaluations follow. A record remembers that it was held out. An edit of an answer has its own verdict; the
# one in `verdicts` is of the teacher's words. `question` is the key of a user message, `content` that of a
# message with its answer (method/records.py). FUNCTIONS in migrations.py has what is called here,
# and connections.py `is_blank`.
VERSION_4 = """
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

# A run that is resumed goes on with its time: `earlier_seconds` are those of the parts before the last start,
# and `seen_at` is when its progress was last stored, for a run that was cut off. `fruitless` holds the newest
# measurement of a family in which no strategy got a task right: evidence that pairs the family with nothing.
VERSION_5 = """
ALTER TABLE runs ADD COLUMN earlier_seconds REAL NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN seen_at TEXT;
CREATE TABLE fruitless (
  family_id INTEGER NOT NULL REFERENCES families (id),
  strategy TEXT NOT NULL,
  tasks INTEGER NOT NULL,
  correct INTEGER NOT NULL CHECK (correct = 0),
  mean_tokens REAL NOT NULL,
  outcomes TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (family_id, strategy)
) STRICT, WITHOUT ROWID;
"""

# `part` is a chat model's role when the chat began: student, base or teacher; '' in chats of older versions.
VERSION_6 = """
ALTER TABLE chats ADD COLUMN part TEXT NOT NULL DEFAULT '';
"""

# What an evaluation asked and compared with outlives the task and its edits; '' if it was deleted before.
VERSION_7 = """
ALTER TABLE questions ADD COLUMN user TEXT NOT NULL DEFAULT '';
ALTER TABLE questions ADD COLUMN answer TEXT;
UPDATE questions SET (user, answer) = (
  SELECT iif(context = '', query, context || char(10, 10) || query), answer FROM tasks WHERE id = task_id)
WHERE task_id IN (SELECT id FROM tasks);
"""

# What a measurement went by: the tasks' reference answers, agreement of the answers, or a judge model.
# `details` is JSON: the comparisons behind a choice, its score on answers that it was not chosen by, and for
# a choice by hand who made it and what the measurement said. `undecided` holds the newest measurement that
# chose nothing, and why (`fruitless` was for one reason alone: nothing was right).
VERSION_8 = """
ALTER TABLE pairings ADD COLUMN details TEXT NOT NULL DEFAULT '{}';
ALTER TABLE evidence ADD COLUMN basis TEXT NOT NULL DEFAULT 'reference'
  CHECK (basis IN ('reference', 'agreement', 'judge'));
CREATE TABLE undecided (
  family_id INTEGER NOT NULL REFERENCES families (id),
  strategy TEXT NOT NULL,
  basis TEXT NOT NULL CHECK (basis IN ('reference', 'agreement', 'judge')),
  tasks INTEGER NOT NULL,
  correct INTEGER NOT NULL,
  mean_tokens REAL NOT NULL,
  outcomes TEXT NOT NULL,
  reason TEXT NOT NULL,
  details TEXT NOT NULL DEFAULT '{}',
  created_at TEXT NOT NULL,
  PRIMARY KEY (family_id, strategy, basis)
) STRICT, WITHOUT ROWID;
INSERT INTO undecided (family_id, strategy, basis, tasks, correct, mean_tokens, outcomes, reason, created_at)
  SELECT family_id, strategy, 'reference', tasks, correct, mean_tokens, outcomes, 'none-correct', created_at
  FROM fruitless;
DROP TABLE fruitless;
"""

# How a snapshot came about, each time that it was made: whoever reads it later finds the rules, the counts
# and the refused of that day. `source` is the snapshot that an experiment derived it from; one that was only
# derived stays out of the lists. `base_answers` are a student's answers before its training, to tell which
# tasks it always or never solves: `question` and `system` are keys, `asked` that of the sampling.
VERSION_9 = """
CREATE TABLE manifests (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  snapshot TEXT NOT NULL REFERENCES snapshots (id),
  source TEXT REFERENCES snapshots (id),
  content TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX manifests_by_snapshot ON manifests (snapshot, n);
CREATE TRIGGER manifests_keep_update BEFORE UPDATE ON manifests BEGIN
  SELECT RAISE(ABORT, 'a manifest never changes');
END;
INSERT INTO manifests (snapshot, content, created_at) SELECT id, '{}', created_at FROM snapshots;

CREATE TABLE base_answers (
  model TEXT NOT NULL,
  system TEXT NOT NULL,
  question TEXT NOT NULL,
  asked TEXT NOT NULL,
  sample INTEGER NOT NULL,
  response TEXT NOT NULL,
  correct INTEGER NOT NULL CHECK (correct IN (0, 1)),
  completion_tokens INTEGER NOT NULL,
  finish_reason TEXT NOT NULL,
  run TEXT REFERENCES runs (id),
  created_at TEXT NOT NULL,
  PRIMARY KEY (model, system, question, asked, sample)
) STRICT, WITHOUT ROWID;
"""

# Which built-in checker reads the steps of a family's answers; NULL: the one that knows the question, if any.
# `samples` are all answers of a message that was asked several times, as JSON; NULL where it was asked once.
# `token_scores` are log-probabilities of answers' tokens, by the hash of the model and of what it was sent.
VERSION_10 = """
ALTER TABLE families ADD COLUMN checker TEXT;
ALTER TABLE messages ADD COLUMN samples TEXT;
CREATE TABLE token_scores (
  key TEXT PRIMARY KEY,
  tokens TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

# What the general probe found: answers and divergences by respondent, the hash of the model, its adapter, its
# template, the system message and the probe; and what an evaluation reports of them.
VERSION_11 = """
CREATE TABLE probe_answers (
  respondent TEXT NOT NULL,
  question TEXT NOT NULL,
  response TEXT NOT NULL,
  correct INTEGER NOT NULL CHECK (correct IN (0, 1)),
  completion_tokens INTEGER NOT NULL,
  finish_reason TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (respondent, question)
) STRICT, WITHOUT ROWID;
CREATE TABLE divergences (
  respondent TEXT NOT NULL,
  prompt TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  nats REAL NOT NULL,
  changed INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (respondent, prompt)
) STRICT, WITHOUT ROWID;
CREATE TABLE forgetting (
  evaluation TEXT PRIMARY KEY REFERENCES evaluations (id),
  report TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

# What rules for records ask of an answer's text, found out once for each: `content` is that of the record,
# and facts of another `version` are found again. `votes` has the vote of the ungraded answers to one
# question: `asked` is the digest of what was voted on, `won` the votes of the winner, `winners` the `content`
# of those that gave it; no winner has 0 votes.
VERSION_12 = """
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

# What a judge model replied about an answer; `id` is the identity of what it was asked, and with which model.
VERSION_13 = """
CREATE TABLE judgements (
  id TEXT PRIMARY KEY,
  model_sha256 TEXT NOT NULL,
  prompt TEXT NOT NULL,
  question TEXT NOT NULL,
  reply TEXT NOT NULL,
  finish_reason TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

# Tasks that were made here and wait for a person: what one would be, what it was made from (`ancestry`) and
# how it was checked, as JSON. An accepted one names its task in `accepted`, and keeps its ancestry. `replies`
# has what a model wrote on the way, by the identity of what it was asked: nothing is asked twice.
VERSION_14 = """
CREATE TABLE proposals (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  run TEXT NOT NULL,
  task TEXT NOT NULL,
  ancestry TEXT NOT NULL,
  checks TEXT NOT NULL,
  confirmed INTEGER CHECK (confirmed IN (0, 1)),
  state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'rejected')),
  accepted TEXT,
  created_at TEXT NOT NULL
) STRICT;
CREATE INDEX proposals_by_state ON proposals (state, n);
CREATE INDEX proposals_by_run ON proposals (run, n);
CREATE INDEX proposals_accepted ON proposals (accepted) WHERE accepted IS NOT NULL;
CREATE TABLE replies (
  id TEXT PRIMARY KEY,
  model_sha256 TEXT NOT NULL,
  system TEXT NOT NULL,
  user TEXT NOT NULL,
  reply TEXT NOT NULL,
  finish_reason TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

# An import adds thousands of tasks at once: what the trigger does row by row, it then does for all of them
# together (bulk.py), and has a row in `adding_in_bulk` meanwhile, which its transaction never leaves behind.
# `imported_rows` are the rows of the tasks that a run added from a source, `import_states` has how far each
# run got, to go on from there.
VERSION_15 = """
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

# Full-text indexes of what was asked and answered, without the texts themselves. A place is a record's `n`;
# for an answer the `n` of its run, and for a turn that of its chat, times 2^32 plus the position. Older rows
# are indexed in the background, from the newest down: those at places under `below` are not yet. `top` is
# where that began. `task_events` has what became of a task from now on ('begun' is that moment): `former` are
# the values that an edit replaced, as JSON. A snapshot that lost records to a deletion has its loss noted,
# and `forgotten` what was deleted so, without any text.
VERSION_16 = """
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

# Files that the user named as benchmarks, with the questions that they had then: a student that is tested on
# them must not be trained on them.
VERSION_17 = """
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

# How many tasks there are, kept by family, split and answer, and by tag: to count a million takes too long
# for a click. A row of 0 is as good as none. What is added in bulk is counted there (bulk.py).
VERSION_18 = """
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

# The turns before a question, as JSON: [["user", "..."], ["assistant", "..."]].
VERSION_19 = """
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

# What was deleted waits in the trash for a while. `trash_rows` are its rows as JSON, in an order in which
# they can be inserted again. `moves` are its files, as JSON: pairs of paths in the library's folder, where
# each was and where it waits. `state` says which way they are on: 'leaving' their places, 'kept',
# 'returning', or 'going' for good; the next start finishes what an end of the process left. While `tidying`
# has a row, which its transaction never leaves behind, records may be deleted. `label` is what the user
# called a run, and whatever has an id can have a note.
VERSION_20 = """
CREATE TABLE trash (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  items TEXT NOT NULL,
  label TEXT NOT NULL,
  moves TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('leaving', 'kept', 'returning', 'going')),
  created_at TEXT NOT NULL
) STRICT;
CREATE TABLE trash_rows (
  trash INTEGER NOT NULL REFERENCES trash (n) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  source TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (trash, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE notes (
  kind TEXT NOT NULL,
  item TEXT NOT NULL,
  note TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  PRIMARY KEY (kind, item)
) STRICT, WITHOUT ROWID;
ALTER TABLE runs ADD COLUMN label TEXT NOT NULL DEFAULT '';
CREATE TABLE tidying (n INTEGER PRIMARY KEY) STRICT;
DROP TRIGGER records_keep_delete;
CREATE TRIGGER records_keep_delete BEFORE DELETE ON records WHEN NOT EXISTS (SELECT 1 FROM tidying) BEGIN
  SELECT RAISE(ABORT, 'a teacher record is never deleted');
END;
DROP TRIGGER snapshot_records_keep_delete;
CREATE TRIGGER snapshot_records_keep_delete BEFORE DELETE ON snapshot_records
WHEN NOT EXISTS (SELECT 1 FROM tidying) BEGIN
  SELECT RAISE(ABORT, 'a snapshot never changes');
END;
DROP TRIGGER snapshots_keep_update;
CREATE TRIGGER snapshots_keep_update BEFORE UPDATE OF
  id, records, instruction, rules, left_out, created_at ON snapshots BEGIN
  SELECT RAISE(ABORT, 'a snapshot never changes');
END;
"""

# The turns before a question of a chat, as of tasks: they are asked as turns, not as one text.
VERSION_21 = """
ALTER TABLE messages ADD COLUMN turns TEXT NOT NULL DEFAULT '[]';
"""
