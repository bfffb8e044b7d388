"""Reading the answers that nobody has read yet for the rules: those from before there were rules."""

from collections.abc import Callable
from functools import partial

from orca_desk.library.answer_facts import read_texts, store_facts
from orca_desk.library.conditions import PAGE
from orca_desk.library.database import Library
from orca_desk.library.records import CONTENT, TABLES, TEXT
from orca_desk.method.answer_facts import VERSION

FACT_TABLES = f"LEFT JOIN answer_facts AS f ON f.content = {CONTENT} AND f.version = {VERSION}"
_MISSING = f"{TABLES} {FACT_TABLES} WHERE f.content IS NULL"

OnProgress = Callable[[int, int], object]  # done, of how many


def unwatched(done: int, total: int) -> None:
    """Ignore progress."""


def fill_answer_facts(library: Library, on_progress: OnProgress = unwatched) -> None:
    """Read the answers that are not read yet, about 0.3 ms each.

    Every page is stored at once: what was read is never read again, whenever this is stopped.
    """
    row = library.row(f"SELECT count(*) {_MISSING}")
    total, done, after = int(row[0]) if row else 0, 0, 0
    while done < total:
        page = library.rows(
            f"SELECT r.n, {CONTENT} AS content, {TEXT} AS text {_MISSING} AND r.n > ? ORDER BY r.n LIMIT ?",
            (after, PAGE),
        )
        if not page:
            return
        found = read_texts((row["content"], row["text"]) for row in page)
        library.write(partial(store_facts, rows=found))
        after, done = page[-1]["n"], done + len(page)
        on_progress(done, total)
