"""Times as the library stores them."""

from datetime import UTC, datetime


def now() -> str:
    """Return the time as ISO 8601 in UTC with milliseconds, e.g. 2026-01-31T12:00:00.000+00:00."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
