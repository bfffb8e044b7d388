"""How a run of the teacher ended, as a notice: loud when it brought nothing."""

from dataclasses import dataclass
from typing import Literal

from orca_desk.steps.teaching import Taught
from orca_desk.ui.widgets.notice import Kind
from orca_desk.ui.words.counting import counted
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
            hint=teach_details(made),
            kind="bad",
            button="Open them",
            action="open the run",
        )
    return RunNotice(
        text=f"{made.usable:,} of {made.new:,} new records usable for training.",
        hint=teach_details(made),
        kind="good" if 2 * made.usable >= made.new and not made.failed else "warn",
        button="Review them",
        action="open the run",
    )
