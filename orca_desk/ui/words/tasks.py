"""Words for tasks and for what an import did, shared by the Tasks page and the commands."""

from dataclasses import dataclass
from typing import Literal

from orca_desk.method.records import AnswerKind, Split
from orca_desk.steps.collect.import_tasks import Imported
from orca_desk.ui.words.counting import counted

PROBLEMS_LISTED = 4
SPLITS: dict[Split, str] = {"train": "Train", "heldout": "Held-out"}
FAMILY_STRATEGY = "Family's strategy"  # for a task without a strategy of its own
ANSWER_TYPES: dict[AnswerKind, str] = {
    "exact": "exact",
    "text": "text",
    "number": "number",
    "choice": "choice",
    "ordering": "ordering",
    "keyed": "key-value",
}
MATCHES: dict[AnswerKind, str] = {
    "exact": "the same characters",
    "text": "the same words, ignoring case and punctuation",
    "number": "the same value, in any notation",
    "choice": "the same option, by letter or by text",
    "ordering": "the same items in the same order",
    "keyed": "the same value for every name",
}


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did: the result in a sentence or two, then notes, then the unreadable rows."""

    summary: str
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    tone: Literal["good", "info", "warn"]


def import_report(imported: Imported, name: str, *, how_to_hold_out: str) -> ImportReport:
    """Describe the import of `name`. `how_to_hold_out` is the advice if no imported task is held out."""
    if not imported.finished:
        summary = f"The import of {name} was stopped after {counted(imported.added, 'new task')}."
    elif imported.added:
        summary = f"Added {counted(imported.added, 'task')} from {name}."
    else:
        summary = f"{name} contains no new tasks."
    if imported.already_there:
        summary += f" Already in the library: {imported.already_there:,}."
    notes = []
    if imported.differing:
        done = "replaced" if imported.updated else "left unchanged"
        notes.append(f"In the library with different content, {done}: {counted(imported.differing, 'task')}.")
    if imported.added and not imported.heldout:
        notes.append(
            f"None of the new tasks is held out, so none can be used for evaluation. {how_to_hold_out}"
        )
    if not imported.finished:
        notes.append("Repeat the import to add the rest.")
    unchanged = not imported.added and not (imported.updated and imported.differing)
    return ImportReport(
        summary=summary,
        notes=tuple(notes),
        problems=tuple(_problems(imported)),
        tone="warn" if imported.unreadable or not imported.finished else "info" if unchanged else "good",
    )


def sentence(problem: str) -> str:
    """Return the problem of a row, which begins in lower case, as a sentence."""
    return f"{problem[:1].upper()}{problem[1:]}."


def _problems(imported: Imported) -> list[str]:
    if not imported.unreadable:
        return []
    listed = imported.problems[:PROBLEMS_LISTED]
    more = imported.unreadable - len(listed)
    return [
        f"{counted(imported.unreadable, 'row')} could not be read:",
        *(f"Line {row.line:,}: {sentence(row.what)}" for row in listed),
        *([f"… and {more:,} more."] if more else []),
    ]
