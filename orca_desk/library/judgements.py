"""What judge models replied about answers, so that nothing is asked twice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orca_desk.library.clock import now
from orca_desk.library.conditions import json_list
from orca_desk.library.database import Library
from orca_desk.method.judging import read_judgement
from orca_desk.method.records import FinishReason


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A judge's reply. `id` is the identity of what it was asked, and with which model and sampling."""

    id: str
    model_sha256: str
    prompt: str
    question: str
    reply: str
    finish_reason: FinishReason

    @property
    def verdict(self) -> bool | None:
        """Whether the judge calls the answer correct; None if its reply gives no verdict."""
        return read_judgement(self.reply, self.finish_reason)


def add_judgements(library: Library, judgements: Iterable[Judgement]) -> None:
    """Store replies; one that is stored already stays as it is."""
    rows = [{**vars(one), "created_at": now()} for one in judgements]
    sql = (
        "INSERT INTO judgements (id, model_sha256, prompt, question, reply, finish_reason, created_at) VALUES"
        " (:id, :model_sha256, :prompt, :question, :reply, :finish_reason, :created_at)"
        " ON CONFLICT (id) DO NOTHING"
    )
    library.write(lambda db: db.executemany(sql, rows))


def find_judgements(library: Library, ids: Iterable[str]) -> Mapping[str, Judgement]:
    """Return the stored replies with these ids, by id."""
    rows = library.rows(
        "SELECT id, model_sha256, prompt, question, reply, finish_reason FROM judgements"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (json_list(ids),),
    )
    return {row["id"]: Judgement(**dict(row)) for row in rows}
