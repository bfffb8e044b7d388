"""What the user calls things, and notes about them. Neither changes what they are."""

import sqlite3
from pathlib import Path
from typing import Literal

from orca_desk.errors import UserError
from orca_desk.library.clock import now
from orca_desk.library.database import Library
from orca_desk.library.evaluations import OF_CHECKPOINT, OF_EXPERIMENT
from orca_desk.library.locations import resolve_path, stored_path

# Trainings, evaluations and experiments are runs. A family goes by its name, a model by its path.
NotedKind = Literal["run", "snapshot", "record", "family", "model"]
LONGEST_NAME = 200  # characters
LONGEST_NOTE = 20_000


def note_on(library: Library, kind: NotedKind, item: str) -> str:
    """Return the note on one thing; empty without one. Raises UserError for an unknown family."""
    with library.read() as db:
        return _note(db, kind, _key(library, db, kind, item))


def set_note(library: Library, kind: NotedKind, item: str, note: str) -> str:
    """Store a note, or remove it if it is blank; return the earlier one.

    Raises UserError for a long one, and for an unknown family.
    """
    text = note.strip()
    check_note(text)

    def store(db: sqlite3.Connection) -> str:
        key = _key(library, db, kind, item)
        before = _note(db, kind, key)
        if text:
            db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?)", (kind, key, text, now()))
        else:
            db.execute("DELETE FROM notes WHERE kind = ? AND item = ?", (kind, key))
        return before

    return library.write(store)


def family_notes(library: Library) -> dict[str, str]:
    """Return the notes on families, by the family's name."""
    rows = library.rows(
        "SELECT name, note FROM notes JOIN families ON families.id = CAST(item AS INTEGER)"
        " WHERE kind = 'family'"
    )
    return {row["name"]: row["note"] for row in rows}


def model_notes(library: Library) -> dict[Path, str]:
    """Return the notes on models, by the model's path without links."""
    rows = library.rows("SELECT item, note FROM notes WHERE kind = 'model'")
    return {resolve_path(library, row["item"]): row["note"] for row in rows}


def _note(db: sqlite3.Connection, kind: NotedKind, key: str) -> str:
    row = db.execute("SELECT note FROM notes WHERE kind = ? AND item = ?", (kind, key)).fetchone()
    return str(row["note"]) if row else ""


def _key(library: Library, db: sqlite3.Connection, kind: NotedKind, item: str) -> str:
    """Return as what a thing is noted: a family by its number, which stays when it is renamed."""
    if kind == "model":
        return stored_path(library, Path(item))
    if kind != "family":
        return item
    row = db.execute("SELECT id FROM families WHERE name = ?", (item,)).fetchone()
    if row is None:
        raise UserError(f"There is no family named {item}.", "See: orca-desk tasks families")
    return str(row["id"])


def check_note(text: str) -> None:
    """Raise UserError if a note is longer than what is stored."""
    if len(text) > LONGEST_NOTE:
        raise UserError(
            f"The note has {len(text):,} characters; the limit is {LONGEST_NOTE:,}.", "Shorten it."
        )


def name_of(library: Library, kind: Literal["run", "snapshot"], item: str) -> str:
    """Return what the user called a run or a snapshot; "" for a run without a name.

    An evaluation's name is the one that it was started with, or was given since. Raises UserError if there is
    no such thing.
    """
    with library.read() as db:
        return _name(db, kind, item)


def rename(library: Library, kind: Literal["run", "snapshot"], item: str, name: str) -> str:
    """Give a run or a snapshot another name, and return the earlier one; "" removes that of a run.

    A snapshot's content, and so its id, stays. Raises UserError for a name that is too long, for a snapshot
    without one or with that of another, and if there is no such thing.
    """
    text = " ".join(name.split())
    if len(text) > LONGEST_NAME:
        raise UserError(f"The name has {len(text):,} characters; the limit is {LONGEST_NAME}.", "Shorten it.")
    if kind == "snapshot" and not text:
        raise UserError("A snapshot needs a name.", "Name it after its content, e.g. first-try.")

    if kind == "run" and text.startswith((OF_EXPERIMENT, OF_CHECKPOINT)):
        raise UserError(
            f"Names that begin with “{OF_EXPERIMENT}” or “{OF_CHECKPOINT}” are reserved for Orca Desk.",
            "Choose another name.",
        )

    def store(db: sqlite3.Connection) -> str:
        before = _name(db, kind, item)
        if kind == "snapshot":
            taken = db.execute("SELECT 1 FROM snapshots WHERE name = ? AND id <> ?", (text, item)).fetchone()
            if taken:
                raise UserError(f"Another snapshot is named {text}.", "Choose another name.")
            db.execute("UPDATE snapshots SET name = ? WHERE id = ?", (text, item))
        elif not db.execute("UPDATE evaluations SET name = ? WHERE id = ?", (text, item)).rowcount:
            db.execute("UPDATE runs SET label = ? WHERE id = ?", (text, item))
        return before

    return library.write(store)


def _name(db: sqlite3.Connection, kind: Literal["run", "snapshot"], item: str) -> str:
    if kind == "snapshot":
        row = db.execute("SELECT name FROM snapshots WHERE id = ?", (item,)).fetchone()
    else:
        row = db.execute(
            "SELECT coalesce((SELECT name FROM evaluations WHERE id = runs.id), label) AS name FROM runs"
            " WHERE id = ?",
            (item,),
        ).fetchone()
    if row is None:
        raise UserError(f"There is no {kind} {item}.", f"List the {kind}s to see their ids.")
    return str(row["name"])
