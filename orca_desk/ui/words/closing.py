"""What becomes of the unfinished jobs when the window closes."""

from collections.abc import Sequence
from typing import Literal

from orca_desk.counting import counted

Fate = Literal["resumes", "begins", "again", "ends"]
AFTER_CHANGES = "Orca Desk will close when the last change is stored."
NAMED = 4  # jobs that a line names
LINES: dict[Fate, str] = {
    "resumes": "Finished work is saved, and the next start offers the rest: {}.",
    "begins": "Not started yet; the next start offers to start: {}.",
    "again": "Will be stopped; the next start offers to start it again: {}.",
    "ends": "The next start does not offer the rest: {}.",
}


def closing_lines(fates: Sequence[tuple[str, Fate]]) -> str:
    """Return what closing does to jobs, given by title, in a line for each kind of fate."""
    lines = []
    for fate, line in LINES.items():
        titles = [title for title, theirs in fates if theirs == fate]
        if titles:
            lines.append(line.format(titles_of(titles)))
    return "\n".join(lines)


def stop_all_hint(fates: Sequence[tuple[str, Fate]]) -> str:
    """Return what stopping all jobs does to them."""
    running = [title for title, fate in fates if fate == "resumes"]
    waiting = [title for title, fate in fates if fate == "begins"]
    lost = [title for title, fate in fates if fate in ("again", "ends")]
    lines = []
    if running:
        lines.append(f"Finished work is saved, and can be resumed below: {titles_of(running)}.")
    if waiting:
        lines.append(f"Not started, and taken off the queue: {titles_of(waiting)}.")
    if lost:
        lines.append(f"Will be stopped, and cannot be resumed: {titles_of(lost)}.")
    return "\n".join(lines)


def unfinished_heading(titles: Sequence[str]) -> str:
    """Return how many jobs are not finished: "A job is not finished: Training."."""
    if not titles:
        return "All jobs have finished."
    if len(titles) == 1:
        return f"A job is not finished: {titles[0]}."
    return f"{counted(len(titles), 'job')} are not finished."


def will_close(count: int, ends: str, end: str) -> str:
    """Return what the window waits for: "Orca Desk will close when all 3 jobs finish."."""
    return f"Orca Desk will close when {f'the job {ends}' if count <= 1 else f'all {count} jobs {end}'}."


def titles_of(titles: Sequence[str]) -> str:
    """Return some titles as a list in words, at most four by name."""
    rest = len(titles) - NAMED
    named = ", ".join(titles[:NAMED])
    return f"{named} and {rest} more" if rest > 0 else named
