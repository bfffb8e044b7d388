"""Spans between the times that the library stores."""

from datetime import datetime


def seconds_between(start: str | None, end: str | None) -> float | None:
    """Return the seconds from one stored time to another, or to now while `end` is None.

    None means that nothing has started.
    """
    if not start:
        return None
    begun = datetime.fromisoformat(start)
    return ((datetime.fromisoformat(end) if end else datetime.now(begun.tzinfo)) - begun).total_seconds()
