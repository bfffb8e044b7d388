"""Conversations with one model, or with several that get the same questions: one column each.

Each column is a chat of its own and holds every turn, so one query reads all that its model was sent and
answered. The first column gives the conversation its id and title; the others point to it.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.ids import next_id
from orca_desk.library.locations import resolve_path, stored_path
from orca_desk.method.records import FinishReason, Sampling
from orca_desk.method.roles import Role
from orca_desk.method.turns import Turns, turns_from_json, turns_to_json

TURN = "role, content, finish_reason, completion_tokens, task, seconds, samples, turns, sampling"
BRANCH = "Branch: "  # begins the title of a copy, where a narrow list shows it
COLUMNS = "(SELECT n FROM chats WHERE id = :id OR beside = (SELECT n FROM chats WHERE id = :id))"


@dataclass(frozen=True, kw_only=True)
class ChatSample:
    """One of several answers to the same message."""

    content: str
    finish_reason: FinishReason
    completion_tokens: int
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class SampledAnswers:
    """The answers of a message that was asked up to `asked` times; the message shows number `shown`."""

    asked: int
    shown: int
    samples: tuple[ChatSample, ...]


@dataclass(frozen=True, kw_only=True)
class ChatMessage:
    """One turn. A turn with the role "system" sets the system message for the turns after it.

    An answer has `finish_reason`, `completion_tokens` and `seconds`, and, where the library noted it, the
    `sampling` that it was asked with; a question that came from a task has the id of that `task`, and the
    `turns` that are asked before it. An answer that was voted on has all `sampled` answers, each with a seed
    of its own: the first has that of `sampling`, each following one the next.
    """

    role: Role
    content: str
    finish_reason: FinishReason | None = None
    completion_tokens: int | None = None
    task: str | None = None
    seconds: float | None = None
    sampled: SampledAnswers | None = None
    turns: Turns = ()
    sampling: Sampling | None = None


@dataclass(frozen=True, kw_only=True)
class Chat:
    """One column: a conversation with one model under a first `system` message. Its id is like chat-4.

    `part` is the model's role when the chat began; empty in chats of older versions.
    """

    id: str
    title: str
    model: Path
    adapter: Path | None
    system: str
    created_at: str
    part: str = ""


@dataclass(frozen=True, kw_only=True)
class RemovedRows:
    """Rows of `messages` that were removed from a conversation; `put_back` restores them.

    `cuts` are (row id of the column, position): each column was cut off from that position on.
    """

    messages: tuple[dict[str, Any], ...]
    cuts: tuple[tuple[int, int], ...]


def create_columns(
    library: Library,
    *,
    title: str,
    models: Sequence[tuple[Path, Path | None]],
    parts: Sequence[str] = (),
    system: str,
    turns: Sequence[ChatMessage] = (),
) -> list[Chat]:
    """Create a conversation with several (model, adapter), each column with `turns`; return its columns.

    `parts` are the models' roles, if they are known.
    """

    def store(db: sqlite3.Connection) -> list[str]:
        first: int | None = None
        ids = []
        for (model, adapter), part in zip(models, parts or [""] * len(models), strict=True):
            ids.append(next_id(db, "chat"))
            paths = (stored_path(library, model), adapter and stored_path(library, adapter))
            row = db.execute(
                "INSERT INTO chats (id, title, model, adapter, system, created_at, beside, part)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING n",
                (ids[-1], title, *paths, system, now(), first, part),
            ).fetchone()
            first = first or int(row[0])
            for turn in turns:
                _append(db, ids[-1], turn)
        return ids

    return [get_chat(library, chat_id) for chat_id in library.write(store)]


def columns(library: Library, chat_id: str) -> list[Chat]:
    """Return the columns of the conversation `chat_id`. Raises UserError when it does not exist."""
    rows = library.rows(f"SELECT * FROM chats WHERE n IN {COLUMNS} ORDER BY n", {"id": chat_id})
    if not rows:
        raise _unknown(chat_id)
    return [_chat(library, row) for row in rows]


def add_message(library: Library, chat_id: str, message: ChatMessage) -> int:
    """Append a turn to one column; return its position, from 0.

    Raises UserError when the column does not exist.
    """
    position = library.write(lambda db: _append(db, chat_id, message))
    if position is None:
        raise _unknown(chat_id)
    return position


def replace_message(library: Library, chat_id: str, position: int, message: ChatMessage) -> None:
    """Replace the turn at a position of one column, such as by an answer with one more sample."""

    def change(db: sqlite3.Connection) -> None:
        columns = ", ".join(f"{name} = ?" for name in TURN.split(", "))
        db.execute(
            f"UPDATE messages SET {columns} WHERE position = ? AND chat = (SELECT n FROM chats WHERE id = ?)",
            (*_values(message), position, chat_id),
        )

    library.write(change)


def ask_columns(library: Library, chat_id: str, turns: Sequence[ChatMessage]) -> None:
    """Append turns, such as a question, to every column. Raises UserError when the chat does not exist."""
    library.write(lambda db: _ask(db, chat_id, turns))


def messages(library: Library, chat_id: str) -> list[ChatMessage]:
    """Return the turns of one column in order."""
    rows = library.rows(
        f"SELECT {TURN} FROM messages WHERE chat = (SELECT n FROM chats WHERE id = ?) ORDER BY position",
        (chat_id,),
    )
    return [_message(row) for row in rows]


def get_chat(library: Library, chat_id: str) -> Chat:
    """Return one column by its id. Raises UserError when it does not exist."""
    row = library.row("SELECT * FROM chats WHERE id = ?", (chat_id,))
    if row is None:
        raise _unknown(chat_id)
    return _chat(library, row)


def list_chats(library: Library, text: str = "", *, limit: int | None = None) -> list[Chat]:
    """Return the conversations with `text` in the title or in any turn, newest first."""
    rows = library.rows(
        "SELECT * FROM chats AS c WHERE beside IS NULL AND (:text = '' OR instr(casefold(title), :text)"
        " OR EXISTS (SELECT 1 FROM messages WHERE instr(casefold(content), :text)"
        "   AND chat IN (SELECT n FROM chats WHERE n = c.n OR beside = c.n)))"
        " ORDER BY n DESC LIMIT :limit",
        {"text": text.casefold(), "limit": -1 if limit is None else limit},
    )
    return [_chat(library, row) for row in rows]


def rename_chat(library: Library, chat_id: str, title: str) -> str:
    """Rename a conversation; return its old title. Raises UserError when it does not exist."""

    def rename(db: sqlite3.Connection) -> str | None:
        row = db.execute("SELECT title FROM chats WHERE id = ?", (chat_id,)).fetchone()
        db.execute(f"UPDATE chats SET title = :title WHERE n IN {COLUMNS}", {"title": title, "id": chat_id})
        return row and str(row["title"])

    before = library.write(rename)
    if before is None:
        raise _unknown(chat_id)
    return before


def branch_chat(library: Library, chat_id: str, question: int) -> str:
    """Copy a conversation up to the answers of its `question`-th question (from 0); return the copy's id.

    Raises UserError when there is no such chat, or no such question in it.
    """

    def copy(db: sqlite3.Connection) -> str:
        beside = _columns(db, chat_id)
        if _position(db, beside[0][0], question, keep_question=False) is None or question < 0:
            raise UserError(f"{chat_id} has no question {question + 1}.", "Branch after an earlier one.")
        first: int | None = None
        ids = []
        for n, _ in beside:
            ids.append(next_id(db, "chat"))
            row = db.execute(
                "INSERT INTO chats (id, title, model, adapter, system, created_at, beside, part)"
                " SELECT :id, iif(instr(title, :mark) = 1, title, :mark || title), model, adapter, system,"
                " :now, :first, part FROM chats WHERE n = :n RETURNING n",
                {"id": ids[-1], "mark": BRANCH, "now": now(), "first": first, "n": n},
            ).fetchone()
            end = _position(db, n, question + 1, keep_question=False)
            db.execute(
                f"INSERT INTO messages (chat, position, {TURN}, created_at)"
                f" SELECT ?, position, {TURN}, created_at FROM messages"
                " WHERE chat = ? AND (? IS NULL OR position < ?) ORDER BY position",
                (row[0], n, end, end),
            )
            first = first or int(row[0])
        return ids[0]

    return library.write(copy)


def cut_chat(
    library: Library,
    chat_id: str,
    question: int,
    *,
    keep_question: bool = False,
    only: str = "",
    turns: Sequence[ChatMessage] = (),
) -> RemovedRows:
    """Remove the `question`-th question (from 0) and all turns after it from every column; append `turns`.

    A system message right before the question goes with it. With `keep_question`, the question stays and only
    what follows it goes; `only` limits the cut to the column with that id. Returns the removed rows. Raises
    UserError when the chat does not exist.
    """

    def cut(db: sqlite3.Connection) -> RemovedRows:
        removed: list[dict[str, Any]] = []
        cuts = []
        for n, column in _columns(db, chat_id):
            position = _position(db, n, question, keep_question=keep_question)
            if position is not None and only in ("", column):
                cuts.append((n, position))
                removed += _cut(db, n, position)
        _ask(db, chat_id, turns)
        return RemovedRows(messages=tuple(removed), cuts=tuple(cuts))

    return library.write(cut)


def put_back(library: Library, removed: RemovedRows) -> RemovedRows:
    """Undo a `cut_chat`; return the turns that were there instead, to put those back."""

    def restore(db: sqlite3.Connection) -> RemovedRows:
        instead = [row for n, position in removed.cuts for row in _cut(db, n, position)]
        for row in removed.messages:
            marks = ", ".join(f":{column}" for column in row)
            db.execute(f"INSERT INTO messages ({', '.join(row)}) VALUES ({marks})", row)
        return RemovedRows(messages=tuple(instead), cuts=removed.cuts)

    return library.write(restore)


def _columns(db: sqlite3.Connection, chat_id: str) -> list[tuple[int, str]]:
    """Return the columns of a conversation as (row id, id). Raises UserError when it does not exist."""
    rows = db.execute(f"SELECT n, id FROM chats WHERE n IN {COLUMNS} ORDER BY n", {"id": chat_id}).fetchall()
    if not rows:
        raise _unknown(chat_id)
    return [(row[0], row[1]) for row in rows]


def _ask(db: sqlite3.Connection, chat_id: str, turns: Sequence[ChatMessage]) -> None:
    for _, column in _columns(db, chat_id):
        for turn in turns:
            _append(db, column, turn)


def _position(db: sqlite3.Connection, n: int, question: int, *, keep_question: bool) -> int | None:
    """Return the position from which a column is cut off, or None when it has no such question."""
    row = db.execute(
        "SELECT position FROM messages WHERE chat = ? AND role = 'user' ORDER BY position LIMIT 1 OFFSET ?",
        (n, question),
    ).fetchone()
    if row is None or keep_question:
        return row and int(row[0]) + 1
    before = db.execute(
        "SELECT max(position) FROM messages WHERE chat = ? AND position < ? AND role <> 'system'",
        (n, row[0]),
    ).fetchone()
    return 0 if before[0] is None else int(before[0]) + 1


def _append(db: sqlite3.Connection, chat_id: str, turn: ChatMessage) -> int | None:
    row = db.execute(
        f"INSERT INTO messages (chat, position, {TURN}, created_at)"
        " SELECT n, (SELECT count(*) FROM messages WHERE chat = n), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
        " FROM chats WHERE id = ? RETURNING position",
        (*_values(turn), now(), chat_id),
    ).fetchone()
    return None if row is None else int(row[0])


def _values(turn: ChatMessage) -> tuple[object, ...]:
    """Return a turn's values in the order of TURN."""
    sampled = turn.sampled and json.dumps(asdict(turn.sampled), ensure_ascii=False)
    return (
        turn.role,
        turn.content,
        turn.finish_reason,
        turn.completion_tokens,
        turn.task,
        turn.seconds,
        sampled,
        turns_to_json(turn.turns),
        turn.sampling and json.dumps(asdict(turn.sampling)),
    )


def _message(row: sqlite3.Row) -> ChatMessage:
    values = dict(row)
    values["turns"] = turns_from_json(values["turns"])
    if values["sampling"] is not None:
        values["sampling"] = Sampling.from_json(json.loads(values["sampling"]))
    stored = values.pop("samples")
    if stored is None:
        return ChatMessage(**values)
    read = json.loads(stored)
    samples = tuple(ChatSample(**one) for one in read["samples"])
    return ChatMessage(
        **values, sampled=SampledAnswers(asked=read["asked"], shown=read["shown"], samples=samples)
    )


def _cut(db: sqlite3.Connection, n: int, position: int) -> list[dict[str, Any]]:
    removed = _turns_from(db, n, position)
    db.execute("DELETE FROM messages WHERE chat = ? AND position >= ?", (n, position))
    return removed


def _turns_from(db: sqlite3.Connection, n: int, position: int) -> list[dict[str, Any]]:
    rows = db.execute(
        "SELECT * FROM messages WHERE chat = ? AND position >= ? ORDER BY position", (n, position)
    )
    return [dict(row) for row in rows.fetchall()]


def _unknown(chat_id: str) -> UserError:
    return UserError(f"There is no chat {chat_id}.", "It may have been deleted.")


def _chat(library: Library, row: sqlite3.Row) -> Chat:
    return Chat(
        id=row["id"],
        title=row["title"],
        model=resolve_path(library, row["model"]),
        adapter=None if row["adapter"] is None else resolve_path(library, row["adapter"]),
        system=row["system"],
        created_at=row["created_at"],
        part=row["part"],
    )
