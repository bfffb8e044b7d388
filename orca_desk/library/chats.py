"""Conversations with one model, or with several that are asked the same: one column each.

Each column is a chat of its own with every turn of it, so that what a model was sent and what it answered is
read from one place. The first column is the conversation: it has the title, and the others lie beside it.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.numbering import next_id
from orca_desk.library.places import to_path, to_text
from orca_desk.method.messages import Role
from orca_desk.method.records import FinishReason

TURN = "role, content, finish_reason, completion_tokens, task, seconds"
COLUMNS = "(SELECT n FROM chats WHERE id = :id OR beside = (SELECT n FROM chats WHERE id = :id))"


@dataclass(frozen=True, kw_only=True)
class ChatMessage:
    """One turn. A turn of the role "system" is the system message from there on.

    `finish_reason`, `completion_tokens` and `seconds` say how an answer of the model ended and how long it
    took; `task` is the id of the task that a question is.
    """

    role: Role
    content: str
    finish_reason: FinishReason | None = None
    completion_tokens: int | None = None
    task: str | None = None
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Chat:
    """A conversation with one model; `system` is its first system message. Its id is like chat-4."""

    id: str
    title: str
    model: Path
    adapter: Path | None
    system: str
    created_at: str


@dataclass(frozen=True, kw_only=True)
class RemovedRows:
    """What was taken out of a conversation, and can be put back: rows of `chats` and of `messages`.

    `places` are where turns were cut off: (column's number, position).
    """

    chats: tuple[dict[str, Any], ...] = ()
    messages: tuple[dict[str, Any], ...]
    places: tuple[tuple[int, int], ...] = ()


def create_chat(library: Library, *, title: str, model: Path, adapter: Path | None, system: str) -> Chat:
    """Begin a conversation with one model and return it."""
    return create_columns(library, title=title, models=[(model, adapter)], system=system)[0]


def create_columns(
    library: Library, *, title: str, models: Sequence[tuple[Path, Path | None]], system: str
) -> list[Chat]:
    """Begin a conversation with several (model, adapter); return its columns, the first of which names it."""

    def store(db: sqlite3.Connection) -> list[str]:
        first: int | None = None
        ids = []
        for model, adapter in models:
            ids.append(next_id(db, "chat"))
            paths = (to_text(library, model), adapter and to_text(library, adapter))
            row = db.execute(
                "INSERT INTO chats (id, title, model, adapter, system, created_at, beside)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING n",
                (ids[-1], title, *paths, system, now(), first),
            ).fetchone()
            first = first or int(row[0])
        return ids

    return [get_chat(library, chat_id) for chat_id in library.write(store)]


def columns(library: Library, chat_id: str) -> list[Chat]:
    """Return the columns of the conversation `chat_id`. Raises UserError when there is none."""
    rows = library.rows(f"SELECT * FROM chats WHERE n IN {COLUMNS} ORDER BY n", {"id": chat_id})
    if not rows:
        raise _unknown(chat_id)
    return [_chat(library, row) for row in rows]


def add_message(library: Library, chat_id: str, message: ChatMessage) -> int:
    """Append a turn to one column; return its position, from 0. Raises UserError when there is none."""
    position = library.write(lambda db: _append(db, chat_id, message))
    if position is None:
        raise _unknown(chat_id)
    return position


def ask_columns(library: Library, chat_id: str, turns: Sequence[ChatMessage]) -> None:
    """Append turns, such as a question, to every column. Raises UserError when there is no such chat."""
    ids = [column.id for column in columns(library, chat_id)]
    library.write(lambda db: [_append(db, column, turn) for column in ids for turn in turns])


def messages(library: Library, chat_id: str) -> list[ChatMessage]:
    """Return the turns of one column in order."""
    rows = library.rows(
        f"SELECT {TURN} FROM messages WHERE chat = (SELECT n FROM chats WHERE id = ?) ORDER BY position",
        (chat_id,),
    )
    return [ChatMessage(**dict(row)) for row in rows]


def get_chat(library: Library, chat_id: str) -> Chat:
    """Return one conversation, or one column of it. Raises UserError when there is none with this id."""
    row = library.row("SELECT * FROM chats WHERE id = ?", (chat_id,))
    if row is None:
        raise _unknown(chat_id)
    return _chat(library, row)


def list_chats(library: Library, text: str = "", *, limit: int | None = None) -> list[Chat]:
    """Return the conversations with `text` in the title or in a turn, the newest first."""
    rows = library.rows(
        "SELECT * FROM chats AS c WHERE beside IS NULL AND (:text = '' OR title LIKE :like ESCAPE '\\'"
        " OR EXISTS (SELECT 1 FROM messages WHERE content LIKE :like ESCAPE '\\'"
        "   AND chat IN (SELECT n FROM chats WHERE n = c.n OR beside = c.n)))"
        " ORDER BY n DESC LIMIT :limit",
        {"text": text, "like": f"%{_literal(text)}%", "limit": -1 if limit is None else limit},
    )
    return [_chat(library, row) for row in rows]


def rename_chat(library: Library, chat_id: str, title: str) -> str:
    """Give a conversation another title; return the one before. Raises UserError when there is none."""
    before = get_chat(library, chat_id).title
    library.write(
        lambda db: (
            (
                db.execute(
                    f"UPDATE chats SET title = :title WHERE n IN {COLUMNS}", {"title": title, "id": chat_id}
                )
            ).rowcount
        )
    )
    return before


def delete_chat(library: Library, chat_id: str) -> RemovedRows:
    """Delete a conversation with all columns; return all of it. Raises UserError when there is none."""
    get_chat(library, chat_id)

    def delete(db: sqlite3.Connection) -> RemovedRows:
        chats = db.execute(f"SELECT * FROM chats WHERE n IN {COLUMNS} ORDER BY n", {"id": chat_id}).fetchall()
        turns = [_turns_from(db, row["n"], 0) for row in chats]
        db.execute("DELETE FROM chats WHERE n = ?", (chats[0]["n"],))
        return RemovedRows(
            chats=tuple(map(dict, chats)), messages=tuple(row for rows in turns for row in rows)
        )

    return library.write(delete)


def cut_chat(library: Library, chat_id: str, question: int, *, keep_question: bool = False) -> RemovedRows:
    """Take the `question`-th question (from 0) and all that follows out of every column; return that.

    With `keep_question` only what follows it. Raises UserError when there is no such chat.
    """
    get_chat(library, chat_id)

    def cut(db: sqlite3.Connection) -> RemovedRows:
        removed: list[dict[str, Any]] = []
        places = []
        for (n,) in db.execute(
            f"SELECT n FROM chats WHERE n IN {COLUMNS} ORDER BY n", {"id": chat_id}
        ).fetchall():
            row = db.execute(
                "SELECT position FROM messages WHERE chat = ? AND role = 'user'"
                " ORDER BY position LIMIT 1 OFFSET ?",
                (n, question),
            ).fetchone()
            if row is not None:
                places.append((n, row["position"] + keep_question))
                removed += _cut(db, *places[-1])
        return RemovedRows(messages=tuple(removed), places=tuple(places))

    return library.write(cut)


def put_back(library: Library, removed: RemovedRows) -> None:
    """Undo a `delete_chat` or a `cut_chat`; turns that came in the place of those that were cut give way."""

    def restore(db: sqlite3.Connection) -> None:
        for place in removed.places:
            _cut(db, *place)
        for name, rows in (("chats", removed.chats), ("messages", removed.messages)):
            for row in rows:
                marks = ", ".join(f":{column}" for column in row)
                db.execute(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({marks})", row)

    library.write(restore)


def _append(db: sqlite3.Connection, chat_id: str, turn: ChatMessage) -> int | None:
    row = db.execute(
        f"INSERT INTO messages (chat, position, {TURN}, created_at)"
        " SELECT n, (SELECT count(*) FROM messages WHERE chat = n), ?, ?, ?, ?, ?, ?, ?"
        " FROM chats WHERE id = ? RETURNING position",
        (
            turn.role,
            turn.content,
            turn.finish_reason,
            turn.completion_tokens,
            turn.task,
            turn.seconds,
            now(),
            chat_id,
        ),
    ).fetchone()
    return None if row is None else int(row[0])


def _cut(db: sqlite3.Connection, n: int, position: int) -> list[dict[str, Any]]:
    removed = _turns_from(db, n, position)
    db.execute("DELETE FROM messages WHERE chat = ? AND position >= ?", (n, position))
    return removed


def _turns_from(db: sqlite3.Connection, n: int, position: int) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT * FROM messages WHERE chat = ? AND position >= ? ORDER BY position", (n, position)
    )
    return [dict(row) for row in rows.fetchall()]


def _literal(text: str) -> str:
    """Return `text` for a LIKE whose escape sign is the backslash."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _unknown(chat_id: str) -> UserError:
    return UserError(f"There is no chat {chat_id}.", "List the chats to see their ids.")


def _chat(library: Library, row: sqlite3.Row) -> Chat:
    return Chat(
        id=row["id"],
        title=row["title"],
        model=to_path(library, row["model"]),
        adapter=None if row["adapter"] is None else to_path(library, row["adapter"]),
        system=row["system"],
        created_at=row["created_at"],
    )
