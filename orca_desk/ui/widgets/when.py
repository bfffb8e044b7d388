"""Stored times as text. The library stores UTC; the desktop shows the time zone of this machine."""

from datetime import datetime

from PySide6.QtCore import QDateTime, QLocale, Qt


def when(stored: str | None) -> str:
    """Return a stored time: "today 21:40", "yesterday 09:12", otherwise the day and the time."""
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
    """Return a stored time to the second, for tool tips and details."""
    if not stored:
        return ""
    moment = QDateTime.fromSecsSinceEpoch(int(datetime.fromisoformat(stored).timestamp()))
    return moment.toString(Qt.DateFormat.ISODate).replace("T", " ")
