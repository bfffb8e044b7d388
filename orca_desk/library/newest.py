"""The newest answer, for whoever watches a job at work."""

from dataclasses import dataclass

from orca_desk.library.database import Library

SHOWN = 2_000  # characters of a text; the rest is not looked at while answers fly past


@dataclass(frozen=True, kw_only=True)
class Newest:
    """An answer as it arrived: of which family, to what, and whether it was right (None: not known)."""

    family: str
    strategy: str | None
    question: str
    answer: str
    correct: bool | None


def newest_record(library: Library) -> Newest | None:
    """Return the teacher's newest answer."""
    return _newest(
        library,
        f"SELECT r.family, r.strategy, substr(r.user, 1, {SHOWN}) AS question,"
        f" substr(r.response, 1, {SHOWN}) AS answer, v.correct"
        " FROM records AS r LEFT JOIN verdicts AS v ON v.record = r.n ORDER BY r.n DESC LIMIT 1",
    )


def newest_answer(library: Library) -> Newest | None:
    """Return the newest answer of the newest evaluation; the strategy is the one that it follows."""
    return _newest(
        library,
        "SELECT q.family, a.recognised AS strategy,"
        f" substr(ltrim(coalesce(t.context, '') || char(10, 10) || coalesce(t.query, ''), char(10)),"
        f" 1, {SHOWN}) AS question,"
        f" substr(a.response, 1, {SHOWN}) AS answer, a.correct"
        " FROM answers AS a JOIN questions AS q USING (evaluation, task_id)"
        " LEFT JOIN tasks AS t ON t.id = a.task_id"
        " WHERE a.evaluation = (SELECT e.id FROM evaluations AS e JOIN runs AS r USING (id)"
        " ORDER BY r.n DESC LIMIT 1) ORDER BY a.created_at DESC LIMIT 1",
    )


def _newest(library: Library, sql: str) -> Newest | None:
    row = library.row(sql)
    if row is None:
        return None
    return Newest(**{**dict(row), "correct": None if row["correct"] is None else bool(row["correct"])})
