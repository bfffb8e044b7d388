"""Conversations with a model, with or without an adapter."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.numbering import next_id
from orca_desk.library.places import to_path, to_text
from orca_desk.library.rows import table
from orca_desk.method.records import FinishReason
from orca_desk.prompts.messages import Role


@dataclass(frozen=True, kw_only=True)
class ChatMessage:
    """One turn. The last two say how an answer of the model ended, and how many tokens it has."""

    role: Role
    content: str
    finish_reason: FinishReason | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True, kw_only=True)
class Chat:
    """A conversation; `system` is its system message. Its id is like chat-4."""

    id: str
    title: str
    model: Path
    adapter: Path | None
    system: str
    created_at: str


def create_chat(library: Library, *, title: str, model: Path, adapter: Path | None, system: str) -> Chat:
    """Begin a conversation and return it."""

    def store(db: sqlite3.Connection) -> str:
        chat_id = next_id(db, "chat")
        row = {
            "id": chat_id,
            "title": title,
            "model": to_text(library, model),
            "adapter": adapter and to_text(library, adapter),
            "system": system,
            "created_at": now(),
        }
        table(db, "chats").insert(row)
        return chat_id

    return get_chat(library, library.write(store))


def add_message(library: Library, chat_id: str, message: ChatMessage) -> int:
    """Append a turn; return its position, from 0. Raises UserError when there is no such chat."""

    def store(db: sqlite3.Connection) -> int | None:
        row = db.execute(
            "INSERT INTO messages"
            " SELECT n, (SELECT count(*) FROM messages WHERE chat = n), ?, ?, ?, ?, ? FROM chats WHERE id = ?"
            " RETURNING position",
            (
                message.role,
                message.content,
                message.finish_reason,
                message.completion_tokens,
                now(),
                chat_id,
            ),
        ).fetchone()
        return None if row is None else int(row[0])

    position = library.write(store)
    if position is None:
        raise _unknown(chat_id)
    return position


def messages(library: Library, chat_id: str) -> list[ChatMessage]:
    """Return a conversation's turns in order."""
    rows = library.rows(
        "SELECT m.role, m.content, m.finish_reason, m.completion_tokens"
        " FROM messages AS m JOIN chats AS c ON c.n = m.chat WHERE c.id = ? ORDER BY m.position",
        (chat_id,),
    )
    return [ChatMessage(**dict(row)) for row in rows]


def get_chat(library: Library, chat_id: str) -> Chat:
    """Return one conversation. Raises UserError when there is none with this id."""
    row = library.row("SELECT * FROM chats WHERE id = ?", (chat_id,))
    if row is None:
        raise _unknown(chat_id)
    return _chat(library, row)


def list_chats(library: Library) -> list[Chat]:
    """Return all conversations, the newest first."""
    return [_chat(library, row) for row in library.rows("SELECT * FROM chats ORDER BY n DESC")]


def delete_chat(library: Library, chat_id: str) -> tuple[Chat, list[ChatMessage]]:
    """Delete a conversation; return all of it. Raises UserError when there is none with this id."""
    chat, turns = get_chat(library, chat_id), messages(library, chat_id)
    library.write(lambda db: db.execute("DELETE FROM chats WHERE id = ?", (chat_id,)).rowcount)
    return chat, turns


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
