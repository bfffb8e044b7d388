"""The first tables.

Rows are ordered by `n`, the order of arrival, which is never reused; everything outside the library uses ids.
"""

SCRIPT = """
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
