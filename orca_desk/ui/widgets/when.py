"""Times as people say them. The library keeps them in UTC; they are shown in this machine's zone."""

from datetime import datetime

from PySide6.QtCore import QDateTime, QLocale, Qt


def when(stored: str | None) -> str:
    """Write a stored time: "today 21:40", "yesterday 09:12", else the day and the time."""
    if not stored:
        return ""
    moment = QDateTime.fromSecsSinceEpoch(int(datetime.fromisoformat(stored).timestamp()))
    clock = moment.toString("HH:mm")
    days = moment.date().daysTo(QDateTime.currentDateTime().date())
    if days == 0:
        return f"today {clock}"
    if days == 1:
        return f"yesterday {clock}"
    day = QLocale().toString(moment.date(), QLocale.FormatType.ShortFormat)
    return f"{day} {clock}"


def exactly(stored: str | None) -> str:
    """Write a stored time in full, to the second, for tool tips and details."""
    if not stored:
        return ""
    moment = QDateTime.fromSecsSinceEpoch(int(datetime.fromisoformat(stored).timestamp()))
    return moment.toString(Qt.DateFormat.ISODate).replace("T", " ")


def seconds_between(start: str | None, end: str | None) -> float | None:
    """Return the seconds from one stored time to another, or to now; None where it has not begun."""
    if not start:
        return None
    begun = datetime.fromisoformat(start)
    return ((datetime.fromisoformat(end) if end else datetime.now(begun.tzinfo)) - begun).total_seconds()
