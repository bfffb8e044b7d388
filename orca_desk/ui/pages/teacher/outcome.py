"""How a run of the teacher ended, as a notice: loud when it brought nothing."""

from dataclasses import dataclass
from typing import Literal

from orca_desk.counting import counted
from orca_desk.steps.teaching import Taught
from orca_desk.ui.widgets.notice import Kind
from orca_desk.ui.words.teaching import teach_details

NoticeAction = Literal["resume", "open all records", "open the run"]


@dataclass(frozen=True, kw_only=True)
class RunNotice:
    """A sentence, a hint, and a button with what it does."""

    text: str
    hint: str
    kind: Kind
    button: str
    action: NoticeAction


UNGRADED = "Nobody has checked whether they are correct. Add reference answers, or review them first."


def _none_usable(new: int) -> str:
    if new == 1:
        return "The new record cannot be used for training."
    return f"None of the {new:,} new records can be used for training."


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
            text=_none_usable(made.new),
            hint=teach_details(made),
            kind="bad",
            button="Open them",
            action="open the run",
        )
    if made.ungraded:
        return RunNotice(
            text=f"{made.ungraded:,} of {counted(made.new, 'new record')} not graded.",
            hint=f"{UNGRADED} {teach_details(made)}".rstrip(),
            kind="warn",
            button="Review them",
            action="open the run",
        )
    return RunNotice(
        text=f"{made.usable:,} of {counted(made.new, 'new record')} usable for training.",
        hint=teach_details(made),
        kind="good" if 2 * made.usable >= made.new and not made.failed else "warn",
        button="Review them",
        action="open the run",
    )
