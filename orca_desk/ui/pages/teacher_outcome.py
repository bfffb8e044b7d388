"""What came of a run of the teacher, in words: loud where nothing did."""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QCoreApplication

from orca_desk.jobs.generate import Generated
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
            text=_tr("Stopped: {:,} new records are kept.").format(made.new),
            hint=_tr("Start again to go on from there; nothing is asked twice."),
            kind="info" if made.new else "warn",
            action=_tr("Go on"),
            then="go on",
        )
    if made.new == 0:
        return Outcome(
            text=_tr("No new record: all {:,} were answered before with just these settings.").format(
                made.known
            ),
            hint=_tr("Choose other tasks, another strategy or sampling, or look at the records there are."),
            kind="warn",
            action=_tr("Open Records"),
            then="records",
        )
    if made.kept == 0:
        return Outcome(
            text=_tr("Not one of {:,} new records is fit for training.").format(made.new),
            hint=made.sentence,
            kind="bad",
            action=_tr("Look at them"),
            then="run",
        )
    return Outcome(
        text=_tr("{:,} of {:,} new records are fit for training.").format(made.kept, made.new),
        hint=made.sentence,
        kind="good" if 2 * made.kept >= made.new and not made.failed else "warn",
        action=_tr("Review them"),
        then="run",
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("TeacherPage", text)
