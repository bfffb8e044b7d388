"""The index of the tasks' texts is written in larger steps, up to 64 MB of words at once.

With the usual step of 1 MB, an import of a million tasks wrote hundreds of parts, and joined them again and
again. The index no longer has a row for the number of words in each task, which only a ranking would need.
"""

SCRIPT = """
DROP TABLE tasks_text;
CREATE VIRTUAL TABLE tasks_text USING fts5 (
  query, context, answer, content='tasks', content_rowid='n', columnsize=0,
  tokenize='unicode61 remove_diacritics 2'
);
INSERT INTO tasks_text (tasks_text, rank) VALUES ('automerge', 16);
INSERT INTO tasks_text (tasks_text, rank) VALUES ('hashsize', 67108864);
INSERT INTO tasks_text (tasks_text) VALUES ('rebuild');
"""
