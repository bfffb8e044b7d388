"""The progress and the state of a job in words, and durations."""

from typing import Literal

from orca_desk.counting import counted, unit_for
from orca_desk.processes.progress import Overall, Update

JobState = Literal["waiting", "running", "pausing", "stopping", "done", "stopped", "failed"]
JOB_STATES: dict[JobState, str] = {
    "waiting": "Waiting for another job",
    "running": "",  # its progress says more
    "pausing": "Paused",
    "stopping": "Stopping; finished work is saved",
    "done": "Done",
    "stopped": "Stopped; finished work is saved",
    "failed": "Failed",
}


def describe(update: Update) -> str:
    """Return progress as a phrase: "asking the teacher: 120 of 400 answers, 31 answers/s, 9 s left"."""
    parts = []
    if update.total is not None:
        unit = unit_for(update.total, update.unit)
        parts.append(f"{update.done:,.0f} of {update.total:,.0f} {unit}")
    elif update.done:
        parts.append(f"{update.done:,.0f} {unit_for(update.done, update.unit)}")
    if update.rate:
        unit = update.unit or "steps"
        parts.append(f"{update.rate:,.0f} {unit}/s" if update.rate >= 10 else f"{update.rate:.2f} {unit}/s")
    if update.seconds_left is not None:
        parts.append(f"{duration(update.seconds_left)} left")
    if update.message:
        parts.append(update.message)
    what = ", ".join(parts)
    return f"{update.stage}: {what}" if update.stage and what else update.stage or what


def progress_line(update: Update, *, with_overall: bool = True) -> str:
    """Return progress for one line, its percentage first: "30% · asking the teacher: 120 of 400 answers".

    `with_overall` False leaves out how far the whole job is.
    """
    first = ""
    if update.overall is not None and with_overall:
        first = overall_text(update.overall)
    elif update.total:
        first = f"{min(1.0, update.done / update.total):.0%}"
    return " · ".join(filter(None, (first, describe(update))))


def overall_text(overall: Overall) -> str:
    """Return how far a whole job is: "Step 3 of 7, about 41%, 2 min left"."""
    text = f"Step {overall.step} of {overall.steps}, about {overall.share:.0%}"
    left = overall.seconds_left
    return text if left is None else f"{text}, {rough_duration(left)} left"


def queue_title(waiting: int, running: Update | None) -> str:
    """Return how many jobs wait, and how long the one that runs still takes, as far as its updates tell."""
    text = f"Queue: {counted(waiting, 'job')} waiting"
    if running is None:
        return text
    if running.overall is not None and (left := running.overall.seconds_left) is not None:
        return f"{text}. The next one starts in about {rough_duration(left)}"
    if (left := running.seconds_left) is not None:
        return f"{text}. The present step of the running job has about {rough_duration(left)} left"
    return text


def between(low: float, high: float) -> str:
    """Return a range of durations: "2 min to 5 min", "up to 4 s"; one of them where they read alike."""
    first, last = rough_duration(low), rough_duration(high)
    if first == last:
        return first
    return f"{first} to {last}" if round(low) else f"up to {last}"


def rough_duration(seconds: float) -> str:
    """Return a duration in one unit, as an estimate deserves: "9 s", "4 min", "2 h 10 min"."""
    if seconds < 100:
        return duration(seconds)
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else duration(60 * minutes)


def duration(seconds: float) -> str:
    """Return a duration: "9 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
