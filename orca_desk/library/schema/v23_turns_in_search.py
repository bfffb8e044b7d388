"""The search finds what was said before a question, too.

`turns_text` has the tasks with earlier turns, with all their words: those turns and what `tasks_text` has of
them. The other indexes get the turns of a record, an answer's question or a chat's message before its text;
where a library has such already, what was indexed is indexed again.
"""


def _words(row: str, text: str) -> str:
    """Return the SQL of a text after the turns before it, of a row such as "new."."""
    said = f"(SELECT group_concat(value ->> 1, char(10)) FROM json_each({row}turns))"
    return f"iif({row}turns = '[]', {text}, {said} || char(10) || {text})"


def _task(row: str) -> str:
    text = f"{row}query || char(10) || {row}context || char(10) || coalesce({row}answer, '')"
    return _words(row, f"({text})")


_NEWEST = "(SELECT response FROM revisions WHERE record = new.record{} ORDER BY revision DESC LIMIT 1)"
_ANEW = """
INSERT INTO {name}_text ({name}_text) SELECT 'delete-all' WHERE EXISTS ({some});
UPDATE text_indexes SET below = ({top}), top = ({top}) WHERE name = '{name}' AND EXISTS ({some});
"""

SCRIPT = f"""
CREATE VIRTUAL TABLE turns_text USING fts5 (words, content='', tokenize='unicode61 remove_diacritics 2');
INSERT INTO turns_text (rowid, words) SELECT n, {_task("")} FROM tasks WHERE turns <> '[]';
CREATE TRIGGER tasks_with_turns_added AFTER INSERT ON tasks WHEN new.turns <> '[]' BEGIN
  INSERT INTO turns_text (rowid, words) VALUES (new.n, {_task("new.")});
END;
CREATE TRIGGER tasks_with_turns_deleted AFTER DELETE ON tasks WHEN old.turns <> '[]' BEGIN
  INSERT INTO turns_text (turns_text, rowid, words) VALUES ('delete', old.n, {_task("old.")});
END;
CREATE TRIGGER tasks_with_turns_reworded AFTER UPDATE OF query, context, answer, turns ON tasks
WHEN old.turns <> '[]' OR new.turns <> '[]' BEGIN
  INSERT INTO turns_text (turns_text, rowid, words)
    SELECT 'delete', old.n, {_task("old.")} WHERE old.turns <> '[]';
  INSERT INTO turns_text (rowid, words) SELECT new.n, {_task("new.")} WHERE new.turns <> '[]';
END;

DROP TRIGGER records_indexed;
CREATE TRIGGER records_indexed AFTER INSERT ON records BEGIN
  INSERT INTO records_text (rowid, user, response) VALUES (new.n, {_words("new.", "new.user")}, new.response);
END;
DROP TRIGGER revisions_indexed;
CREATE TRIGGER revisions_indexed AFTER INSERT ON revisions
WHEN new.record >= (SELECT below FROM text_indexes WHERE name = 'records') BEGIN
  INSERT INTO records_text (records_text, rowid, user, response)
    SELECT 'delete', n, {_words("", "user")},
      coalesce({_NEWEST.format(" AND revision < new.revision")}, response)
    FROM records WHERE n = new.record;
  INSERT INTO records_text (rowid, user, response)
    SELECT n, {_words("", "user")}, new.response FROM records WHERE n = new.record;
END;
DROP TRIGGER answers_indexed;
CREATE TRIGGER answers_indexed AFTER INSERT ON answers BEGIN
  INSERT INTO answers_text (rowid, user, response)
    SELECT (r.n << 32) + q.position, {_words("q.", "q.user")}, new.response
    FROM questions AS q JOIN runs AS r ON r.id = q.evaluation
    WHERE q.evaluation = new.evaluation AND q.task_id = new.task_id
      AND (r.n << 32) + q.position >= (SELECT below FROM text_indexes WHERE name = 'answers');
END;
DROP TRIGGER answers_unindexed;
CREATE TRIGGER answers_unindexed BEFORE DELETE ON answers BEGIN
  INSERT INTO answers_text (answers_text, rowid, user, response)
    SELECT 'delete', (r.n << 32) + q.position, {_words("q.", "q.user")}, old.response
    FROM questions AS q JOIN runs AS r ON r.id = q.evaluation
    WHERE q.evaluation = old.evaluation AND q.task_id = old.task_id
      AND (r.n << 32) + q.position >= (SELECT below FROM text_indexes WHERE name = 'answers');
END;
DROP TRIGGER messages_indexed;
CREATE TRIGGER messages_indexed AFTER INSERT ON messages
WHEN (new.chat << 32) + new.position >= (SELECT below FROM text_indexes WHERE name = 'messages') BEGIN
  INSERT INTO messages_text (rowid, words)
    VALUES ((new.chat << 32) + new.position, {_words("new.", "new.content")});
END;
DROP TRIGGER messages_unindexed;
CREATE TRIGGER messages_unindexed AFTER DELETE ON messages
WHEN (old.chat << 32) + old.position >= (SELECT below FROM text_indexes WHERE name = 'messages') BEGIN
  INSERT INTO messages_text (messages_text, rowid, words)
    VALUES ('delete', (old.chat << 32) + old.position, {_words("old.", "old.content")});
END;
DROP TRIGGER messages_reindexed;
CREATE TRIGGER messages_reindexed AFTER UPDATE OF content, turns ON messages
WHEN (old.chat << 32) + old.position >= (SELECT below FROM text_indexes WHERE name = 'messages') BEGIN
  INSERT INTO messages_text (messages_text, rowid, words)
    VALUES ('delete', (old.chat << 32) + old.position, {_words("old.", "old.content")});
  INSERT INTO messages_text (rowid, words)
    VALUES ((new.chat << 32) + new.position, {_words("new.", "new.content")});
END;
""" + "".join(
    _ANEW.format(name=name, some=f"SELECT 1 FROM {table} WHERE turns <> '[]'", top=top)
    for name, table, top in (
        ("records", "records", "SELECT coalesce(max(n) + 1, 0) FROM records"),
        ("answers", "questions", "SELECT coalesce((max(n) + 1) << 32, 0) FROM runs"),
        ("messages", "messages", "SELECT coalesce((max(n) + 1) << 32, 0) FROM chats"),
    )
)
