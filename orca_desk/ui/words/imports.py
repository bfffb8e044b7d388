"""What an import did, or would do, in words: for the Tasks page and for the commands."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from orca_desk.counting import counted
from orca_desk.formats.answers import AnswersReadAs
from orca_desk.formats.columns import MAX_COLUMNS
from orca_desk.formats.encoding import WORDS as ENCODINGS
from orca_desk.formats.layout import Format
from orca_desk.formats.read_as import ReadAs
from orca_desk.formats.rows import BadRow
from orca_desk.formats.shapes import Shape
from orca_desk.steps.collect.imported import Imported, ImportOutcome
from orca_desk.steps.collect.preview import PreviewedImport, PreviewedOther
from orca_desk.ui.words.library import mixed_sentence
from orca_desk.ui.words.tasks import regraded_sentence, sentence

PROBLEMS_LISTED = 4
COLUMNS_LISTED = 12
NAME_LENGTH = 40  # characters of a column's name
FORMATS: dict[Format, str] = {
    "JSONL": "JSONL",
    "JSON": "JSON",
    "CSV": "CSV",
    "Anki": "Anki's text export",
    "text": "plain lines",
    "Parquet": "Parquet",
    "Arrow": "Arrow",
    "workbook": "a workbook",
    "SQLite": "a SQLite database",
    "zip": "a zip archive",
    "folder": "a folder",
    "lm-eval": "an lm-eval task",
}
SHAPES: dict[Shape, str] = {
    "messages": "conversations (messages)",
    "ShareGPT": "ShareGPT conversations",
    "conversation": "conversations",
    "preference": "preference pairs",
    "KTO": "KTO rows (a completion and whether it is wanted)",
    "Alpaca": "Alpaca instructions",
    "OpenOrca": "OpenOrca rows",
    "prompt and completion": "prompts and completions",
    "SQuAD": "questions about passages (SQuAD)",
    "MMLU": "questions with choices (MMLU)",
    "ARC": "questions with choices (ARC)",
    "GSM8K": "GSM8K problems",
    "MATH": "MATH problems",
    "BIG-Bench": "BIG-Bench examples",
    "AGIEval": "AGIEval questions",
    "natural instructions": "natural instructions",
    "question and answer": "questions and answers",
    "questions": "questions",
}
PLAIN: frozenset[Shape] = frozenset({"question and answer", "questions"})  # shapes that say nothing new
SHAPES_LISTED = 3
FILES_LISTED = 5
WITHOUT_ENCODING = frozenset({"Parquet", "Arrow", "workbook", "SQLite", "zip", "folder", "lm-eval"})


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did: the result in a sentence or two, then notes, then the rows that were refused."""

    summary: str
    notes: tuple[str, ...]
    problems: tuple[str, ...]
    tone: Literal["good", "info", "warn"]


def import_report(imported: Imported, name: str, *, how_to_hold_out: str) -> ImportReport:
    """Describe the import of `name`. `how_to_hold_out` is the advice if no imported task is held out."""
    doubts = tuple(_doubts(imported, how_to_hold_out))
    unchanged = not imported.added and not (imported.updated and imported.differing)
    is_doubtful = bool(imported.unreadable or not imported.finished or _is_alarming(imported))
    return ImportReport(
        summary=_summary(imported, name),
        notes=(_rows_read(imported), *_how_read(imported), *doubts),
        problems=tuple(_problems(imported)),
        tone="warn" if is_doubtful else "info" if unchanged else "good",
    )


def reading_notes(read: ReadAs) -> tuple[str, ...]:
    """Say what of a file is not read, and what about its reading is a guess."""
    return tuple(_reading_notes(read))


def read_text(read: ReadAs | AnswersReadAs) -> str:
    """Return how a file was read: "CSV in UTF-8"."""
    if read.format in WITHOUT_ENCODING:
        return FORMATS[read.format]
    encoding = ENCODINGS.get(read.encoding, read.encoding)
    how = " (recognised, not certain)" if read.guessed else ""
    return f"{FORMATS[read.format]} in {encoding}{how}"


def preview_summary(preview: PreviewedImport) -> str:
    """Return what the first rows of a file look like, and what to do before they are imported."""
    seen = preview.preview
    rows = counted(seen.good + seen.bad, "row")
    rows = rows if seen.whole else f"first {rows}"
    bad = f"{seen.bad:,} refused" if seen.bad else "none refused"
    how = read_text(preview.read_as)
    what = _shapes(preview.read_as)
    text = f"{how[0].upper()}{how[1:]}{what}, {rows}: {bad}."
    if "query" not in seen.mapping and seen.columns:
        return f"{text} Select the column with the question."
    if seen.whole and preview.heldout:
        text += f" {preview.heldout:,} of {counted(seen.good, 'task')} held out."
    elif preview.heldout:
        text += f" {preview.heldout / seen.good:.0%} of these are held out."
    elif seen.good and preview.held is None:
        text += " None of these tasks is held out, so none can be used for evaluation."
    return text


def other_file(other: PreviewedOther) -> str:
    """Return what would become of a file that is imported in the same way as the one that is shown."""
    if other.preview is None:
        return f"{other.name} is left out: {other.problem}"
    return " ".join([f"{other.name}: {preview_summary(other.preview)}", *preview_doubts(other.preview)])


def _shapes(read: ReadAs) -> str:
    """Return ", ShareGPT conversations" for what the rows are; "" for mere questions and answers."""
    known = [SHAPES[shape] for shape in read.shapes[:SHAPES_LISTED] if shape not in PLAIN]
    return f", {' and '.join(known)}" if known else ""


def preview_doubts(preview: PreviewedImport) -> tuple[str, ...]:
    """Return what the user should look at before the import."""
    seen = preview.preview
    notes = list(reading_notes(preview.read_as))
    problems = {f"{sentence(problem.what)} {problem.hint}" for problem in seen.problems}
    if len(problems) == 1:  # several are in the Problems tab
        notes = [*problems, *notes]
    if preview.unanswered:
        notes.append(_unanswered(preview.unanswered))
    return tuple(notes)


def refused_line(problem: BadRow) -> str:
    """Return a row that was refused, with the reason and what to do."""
    return f"{_capital(problem.place)}: {sentence(problem.what)} {problem.hint}"


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def outcome_words(outcome: ImportOutcome) -> str:
    """Return what a run says of its import."""
    parts = [f"{counted(outcome.added, 'task')} added, {outcome.already_there:,} already there"]
    if outcome.replaced:
        parts.append(f"{outcome.replaced:,} replaced")
    if outcome.heldout:
        parts.append(f"{outcome.heldout:,} held out")
    if outcome.unreadable:
        parts.append(f"{counted(outcome.unreadable, 'row')} refused")
    text = f"{counted(outcome.rows, 'row')} read: {', '.join(parts)}."
    return text if outcome.finished else f"Stopped. {text}"


def _summary(imported: Imported, name: str) -> str:
    held = f", {imported.heldout:,} of them held out" if imported.heldout else ""
    if imported.dry_run:
        summary = f"{name} would add {counted(imported.added, 'task')}{held}."
    elif not imported.finished:
        summary = f"The import of {name} was stopped after {counted(imported.added, 'new task')}{held}."
    elif imported.added:
        summary = f"Added {counted(imported.added, 'task')} from {name}{held}."
    else:
        summary = f"{name} contains no new tasks."
    if imported.replaced:
        verb = "It would replace" if imported.dry_run else "Replaced"
        summary += f" {verb} {counted(imported.replaced, 'task')}."
    if imported.already_there:
        summary += f" Already in the library: {imported.already_there:,}."
    return summary


def _how_read(imported: Imported) -> Iterator[str]:
    """Yield how the file was read; of several files, how each was."""
    if not imported.files:
        yield from reading_notes(imported.read_as)
    for file in imported.files:
        refused = f"{file.unreadable:,} refused" if file.unreadable else "none refused"
        rest = "" if file.is_whole else "; the rest was not read"
        rows = f"{counted(file.rows, 'row')} of {read_text(file.read_as)}"
        yield f"{file.name}: {rows}, {file.added:,} added, {refused}{rest}."
        yield from (f"{file.name}: {note}" for note in reading_notes(file.read_as))


def _rows_read(imported: Imported) -> str:
    refused = f"{imported.unreadable:,} refused" if imported.unreadable else "none refused"
    of = counted(len(imported.files), "file") if imported.files else read_text(imported.read_as)
    return f"Read {counted(imported.rows, 'row')} of {of}, {refused}."


def _reading_notes(read: ReadAs) -> Iterator[str]:
    if read.left_out:
        shown = ", ".join(read.left_out[:FILES_LISTED])
        left = len(read.left_out) - FILES_LISTED
        yield f"Files not read: {shown}{f' and {left:,} more' if left > 0 else ''}."
    if read.headerless:
        roles = [f"{column} is the {role}" for role, column in _roles(read)]
        yield f"No header was found, so the first line was read as a task: {', '.join(roles)}."
    if read.above:
        rows = counted(read.above, "row was", "rows were")
        yield f"Above the header, {rows} left out."
    if read.unread:
        shown = ", ".join(map(_column, read.unread[:COLUMNS_LISTED]))
        left = len(read.unread) - COLUMNS_LISTED
        more = "many" if len(read.unread) >= MAX_COLUMNS else f"{left:,}"
        yield f"Columns not read: {shown}{f' and {more} more' if left > 0 else ''}."
    if read.aside:
        names = ", ".join(map(_column, read.aside))
        yield f"The values in {names} are neither splits nor answer types, so they were ignored."
    if read.numbers:
        known = "" if read.sure else " The file does not show whether it counts so: check a few answers."
        yield f"Answers that are numbers count the choices {read.numbers}.{known}"
    if read.classes:
        yield (
            f"The answers in {_column(read.classes)} are numbers, which may stand for words that the file"
            " does not name: check a few."
        )


def _roles(read: ReadAs) -> list[tuple[str, str]]:
    titles = (("question", "query"), ("answer", "answer"), ("choices", "choices"))
    return [(title, read.mapping[name]) for title, name in titles if name in read.mapping]


def _doubts(imported: Imported, how_to_hold_out: str) -> Iterator[str]:
    if imported.differing:
        done = "left unchanged"
        if imported.replaced:
            done = "to be replaced" if imported.dry_run else "replaced"
        yield f"In the library with different content, {done}: {counted(imported.differing, 'task')}."
    if imported.replaced and imported.run and imported.undo is None:
        yield "This import cannot be undone: what it replaced before it was interrupted is no longer known."
    if imported.regraded:
        yield regraded_sentence(imported.regraded)
    if imported.unanswered:
        yield _unanswered(imported.unanswered)
    if imported.repeated:
        yield (
            f"{counted(imported.repeated, 'row asks', 'rows ask')} what an earlier row asks,"
            " in the same words or nearly the same."
        )
    if imported.elsewhere:
        tasks = counted(imported.elsewhere, "new task asks", "new tasks ask")
        yield f"{tasks} what a task of the library asks, in another family or in nearly the same words."
    if imported.both:
        questions = counted(imported.both, "question stands", "questions stand")
        them = "it" if imported.both == 1 else "them"
        yield (
            f"{questions} in both Train and Held-out, here or in the library:"
            f" a score on {them} may be memory. {how_to_hold_out}"
        )
    if imported.general:
        rows = counted(imported.general, "row asks", "rows ask")
        yield f"{rows} a question of the general probe, which shows what a student lost, and so is held out."
    if imported.samples:
        yield mixed_sentence(imported.samples)
    left = imported.left_aside
    if left.systems:
        yield f"The system messages of {counted(left.systems, 'conversation')} were left out."
    if left.tools:
        yield f"Calls of tools, and their results, in {counted(left.tools, 'conversation')} are kept as text."
    if left.thoughts:
        where = counted(left.thoughts, "conversation")
        yield f"The assistant's thoughts in {where} are not part of a task and were left out."
    if left.unwanted:
        rows = counted(left.unwanted, "row gives", "rows give")
        yield f"{rows} an answer that is marked as unwanted and so cannot be a reference."
    if left.several_answers:
        yield (
            f"{counted(left.several_answers, 'row has', 'rows have')} several right answers;"
            " the first one is the reference."
        )
    if left.splits:
        yield f"The split of {counted(left.splits, 'row')} is unknown; read as Train."
    if left.kinds:
        yield f"The answer type of {counted(left.kinds, 'row')} is unknown and was left out."
    if left.damaged:
        yield (
            f"{counted(left.damaged, 'row holds', 'rows hold')} the sign \ufffd in place of letters:"
            " they were lost when the file was saved in another encoding."
        )
    if imported.added and not imported.heldout:
        yield f"None of the new tasks is held out, so none can be used for evaluation. {how_to_hold_out}"
    if not imported.finished:
        yield "Resume the import to add the rest; nothing is added twice."


def _unanswered(count: int) -> str:
    tasks = counted(count, "task has", "tasks have")
    return f"{tasks} no reference answer, so answers to {'it' if count == 1 else 'them'} are not graded."


def _is_alarming(imported: Imported) -> bool:
    left, read = imported.left_aside, imported.read_as
    return bool(
        imported.both or imported.samples or left.splits or left.damaged or read.guessed or not read.sure
        or left.several_answers or read.classes or (read.unread and imported.unanswered)
    )  # fmt: skip


def _problems(imported: Imported) -> list[str]:
    if not imported.unreadable:
        return []
    listed = imported.problems[:PROBLEMS_LISTED]
    more = imported.unreadable - len(listed)
    return [
        f"{counted(imported.unreadable, 'row')} could not be read:",
        *(f"{_capital(row.place)}: {sentence(row.what)}" for row in listed),
        *([f"… and {more:,} more."] if more else []),
    ]


def _column(name: str) -> str:
    text = " ".join(name.split())
    return text if len(text) <= NAME_LENGTH else f"{text[: NAME_LENGTH - 1]}…"
