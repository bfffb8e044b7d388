"""What came of a run of the teacher, in words: loud where nothing did."""

from dataclasses import dataclass
from typing import Literal

from orca_desk.steps.instruct.generate import Generated
from orca_desk.ui.widgets.notice import Kind

Next = Literal["go on", "records", "run"]  # what its button does


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A sentence, what to do about it, and a button for that."""

    text: str
    hint: str
    kind: Kind
    action: str
    then: Next


def outcome(made: Generated) -> Outcome:
    """Return what to say when a run has ended without an error."""
    if not made.finished:
        return Outcome(
            text=f"Stopped: {made.new:,} new records are kept.",
            hint="Start again to go on from there; nothing is asked twice.",
            kind="info" if made.new else "warn",
            action="Go on",
            then="go on",
        )
    if made.new == 0:
        return Outcome(
            text=f"No new record: all {made.known:,} were answered before with just these settings.",
            hint="Choose other tasks, another strategy or sampling, or look at the records there are.",
            kind="warn",
            action="Open Records",
            then="records",
        )
    if made.kept == 0:
        return Outcome(
            text=f"Not one of {made.new:,} new records is fit for training.",
            hint=made.sentence,
            kind="bad",
            action="Look at them",
            then="run",
        )
    return Outcome(
        text=f"{made.kept:,} of {made.new:,} new records are fit for training.",
        hint=made.sentence,
        kind="good" if 2 * made.kept >= made.new and not made.failed else "warn",
        action="Review them",
        then="run",
    )
