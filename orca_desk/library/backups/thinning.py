"""Which backups to keep: many new ones, few old ones."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal

Reason = Literal["newest", "hour", "day", "week", "month", "future"]
HOURS, DAYS, WEEKS, MONTHS = 24, 14, 8, 24
NEWEST = 3  # that stay at any age: after a year without use, or with a clock that is far ahead, all are old
# Per rule: its reason, how far back it reaches, and what one backup each is kept of
RULES: tuple[tuple[Reason, timedelta, Callable[[datetime], object]], ...] = (
    ("hour", timedelta(hours=HOURS), lambda time: (time.date(), time.hour)),
    ("day", timedelta(days=DAYS), lambda time: time.date()),
    ("week", timedelta(weeks=WEEKS), lambda time: time.isocalendar()[:2]),
    ("month", timedelta(days=31 * MONTHS), lambda time: (time.year, time.month)),
)


def reasons_to_keep(times: Sequence[datetime], now: datetime) -> dict[datetime, Reason]:
    """Return the times of the backups to keep, each with the reason.

    The newest `NEWEST`, and the newest of each hour of the last day, of each day of two weeks, of each week
    of eight and of each month of two years. What is dated in the future, by a clock that was wrong, is kept.
    """
    kept: dict[datetime, Reason] = {}
    newest_first = sorted(set(times), reverse=True)
    past = [time for time in newest_first if time <= now]
    kept.update((time, "future") for time in newest_first if time > now)
    kept.update((time, "newest") for time in past[:NEWEST])
    for reason, reach, period in RULES:
        seen = set()
        for time in past:
            if now - time <= reach and period(time) not in seen:
                seen.add(period(time))
                kept.setdefault(time, reason)
    return kept
