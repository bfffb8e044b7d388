"""What rules ask of answers' texts, kept beside the records: reading a text takes far longer than a rule."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from orca_desk.method.answer_facts import VERSION, AnswerFacts, answer_facts
from orca_desk.yielding import yielding

COLUMNS = "f.characters, f.refusal, f.loop, f.languages"  # read by `facts_in`
_INSERT = (
    "INSERT OR REPLACE INTO answer_facts"
    " VALUES (:content, :version, :characters, :refusal, :loop, :languages)"
)


def read_texts(texts: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Read texts, each given with its `content`; return rows to store."""
    rows = []
    for content, text in yielding(texts):
        facts = answer_facts(text)
        rows.append({
            "content": content,
            "version": VERSION,
            "characters": facts.characters,
            "refusal": facts.refusal,
            "loop": facts.loop,
            "languages": json.dumps(facts.languages),
        })  # fmt: skip
    return rows


def store_facts(db: sqlite3.Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Store what `read_texts` found, inside a write."""
    db.executemany(_INSERT, rows)


def facts_in(row: sqlite3.Row) -> AnswerFacts | None:
    """Read the facts from COLUMNS in a row; None where the text was not read yet."""
    if row["characters"] is None:
        return None
    languages = json.loads(row["languages"]) if row["languages"] != "[]" else ()
    return AnswerFacts(
        characters=row["characters"],
        refusal=bool(row["refusal"]),
        loop=row["loop"],
        languages=tuple((code, share) for code, share in languages),
    )
