"""Finding records by the reasons of their verdicts: the newest text's, as the Records page shows it."""

from collections.abc import Iterable
from typing import Any

from orca_desk.library.conditions import json_list
from orca_desk.method.grading.reason_words import COMMON, WORDS
from orca_desk.method.search_query import Term, has_terms, terms_as_json

_WHY = "iif(json_valid(reason), reason ->> '$.why', '')"


def records_with_reason(terms: Iterable[Term]) -> tuple[str, list[Any]]:
    """Return the SELECT of the records (`n`) whose reason has all terms.

    None has, if nearly every reason would: whoever searches for "answer" means no verdict.
    """
    wanted = tuple(terms)
    if has_terms(terms_as_json(wanted), COMMON):
        return "SELECT NULL WHERE 0", []
    parts, values = _likely(wanted)
    parts.append("has_terms(?, reason_words(reason))")
    values.append(terms_as_json(wanted))
    where = " AND ".join(parts)
    edited = (
        "FROM revisions AS e JOIN records AS r ON r.n = e.record AND r.content <> e.content"
        " WHERE e.revision = (SELECT max(revision) FROM revisions WHERE record = e.record)"
    )
    return (
        f"SELECT record FROM verdicts WHERE {where} AND record NOT IN (SELECT e.record {edited})"
        f" UNION ALL SELECT record FROM (SELECT e.record, e.reason {edited}) WHERE {where}",
        [*values, *values],
    )


def _likely(terms: Iterable[Term]) -> tuple[list[str], list[Any]]:
    """Return what SQLite can check by itself: calling Python for each of 100,000 verdicts takes seconds."""
    parts: list[str] = []
    values: list[Any] = []
    for word in (word for term in terms for word in term.words):
        if word.isascii():  # JSON holds other letters as \\u codes
            begins = terms_as_json((Term(words=(word,), prefix=True),))
            codes = [why for why, words in WORDS.items() if has_terms(begins, words)]
            parts.append(
                "(reason LIKE ? OR instr(reason, '\\u')"
                f" OR {_WHY} IN (SELECT value FROM json_each(?))"
                f" OR {_WHY} = '' AND instr(casefold(reason), ?))"
            )
            values += [f"%{word}%", json_list(codes), word.casefold()]
    return parts, values
