"""What an evaluation asked, and what it compared with, in words."""

from orca_desk.library.answers import AskedQuestion

DELETED = "This task was deleted, and its text is not known."


def question_text(asked: AskedQuestion | None) -> str:
    """Return what was asked; None for a task that was deleted before evaluations stored their questions."""
    return asked.conversation if asked else DELETED


def reference_text(asked: AskedQuestion | None) -> str:
    """Return the reference answer of what was asked, or why there is none."""
    if asked is None:
        return DELETED
    return asked.answer if asked.answer is not None else "This task had no reference answer."
