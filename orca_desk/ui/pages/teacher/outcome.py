"""How a run of the teacher ended, as a notice: loud when it brought nothing."""

from dataclasses import dataclass
from typing import Literal

from orca_desk.steps.teaching import Taught
from orca_desk.ui.widgets.notice import Kind
from orca_desk.ui.words.counting import counted
from orca_desk.ui.words.fitness import UNFIT

NoticeAction = Literal["resume", "open all records", "open the run"]


@dataclass(frozen=True, kw_only=True)
class RunNotice:
    """A sentence, a hint, and a button with what it does."""

    text: str
    hint: str
    kind: Kind
    button: str
    action: NoticeAction


def run_notice(made: Taught) -> RunNotice:
    """Return the notice for a run that ended without an error."""
    if not made.finished:
        return RunNotice(
            text=f"Stopped. {counted(made.new, 'new record')} saved.",
            hint="Resume to answer the remaining tasks; answers you already have will be reused.",
            kind="info" if made.new else "warn",
            button="Resume",
            action="resume",
        )
    if made.new == 0:
        return RunNotice(
            text=f"No new records. All {made.known:,} already had an answer with these settings.",
            hint="Select other tasks, another strategy or other sampling settings, or open the records.",
            kind="warn",
            button="Open Records",
            action="open all records",
        )
    if made.usable == 0:
        return RunNotice(
            text=f"None of the {made.new:,} new records can be used for training.",
            hint=details(made),
            kind="bad",
            button="Open them",
            action="open the run",
        )
    return RunNotice(
        text=f"{made.usable:,} of {made.new:,} new records usable for training.",
        hint=details(made),
        kind="good" if 2 * made.usable >= made.new and not made.failed else "warn",
        button="Review them",
        action="open the run",
    )


def details(made: Taught) -> str:
    """Return the counts of a run with the reasons, as a sentence."""
    parts = [f"{made.known:,} already in the library"] if made.known else []
    parts += [f"{count:,} rejected: {UNFIT[reason]}" for reason, count in made.rejected.items()]
    parts += [f"{count:,} failed: {reason.rstrip('.')}" for reason, count in made.failed.items()]
    return f"{'; '.join(parts)}." if parts else ""
