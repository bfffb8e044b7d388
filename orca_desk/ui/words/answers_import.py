"""What an import of answers did, or would do, in words: for the page and for the command."""

from collections.abc import Iterator

from orca_desk.counting import counted
from orca_desk.formats.answers import AnswersReadAs
from orca_desk.steps.collect.answers_request import PreviewedAnswers
from orca_desk.steps.collect.imported_records import ImportedRecords, MessageCount, RecordsOutcome
from orca_desk.steps.collect.message_strategies import MAX_OWN
from orca_desk.ui.words.fitness import describe_left_out
from orca_desk.ui.words.imports import ImportReport, read_text
from orca_desk.ui.words.tasks import sentence

COLUMNS_LISTED = 12
PROBLEMS_LISTED = 4
ARE_ANSWERS = "These rows hold a model's answers, which as tasks would become reference answers."


def answers_report(imported: ImportedRecords, name: str) -> ImportReport:
    """Describe the import of the answers in `name`."""
    doubts = tuple(_notes(imported))
    doubtful = bool(imported.refused or not imported.finished or imported.damaged)
    return ImportReport(
        summary=_summary(imported, name),
        notes=(_rows_read(imported), *doubts),
        problems=tuple(_problems(imported)),
        tone="warn" if doubtful else "good" if imported.added else "info",
    )


def answers_preview_summary(preview: PreviewedAnswers) -> str:
    """Return what the first rows of a file of answers look like."""
    survey = preview.survey
    rows = counted(survey.rows, "row")
    rows = rows if survey.whole else f"first {rows}"
    bad = f"{preview.refused:,} refused" if preview.refused else "none refused"
    text = read_text(preview.preview.read_as)
    messages = {one.message for one in preview.messages if one.message}
    more = preview.rare
    found = counted(len(messages), "system message") if messages or more else "no system message"
    return f"{text[0].upper()}{text[1:]}, {rows}: {bad}. {found[0].upper()}{found[1:]}."


def answers_preview_notes(preview: PreviewedAnswers) -> tuple[str, ...]:
    """Return what the user should know before the import."""
    notes = list(_strategy_notes(preview.messages, preview.rare, None))
    if preview.preview.read_as.unread:
        notes.append(_unread(preview.preview.read_as))
    return tuple(notes)


def answers_outcome_words(outcome: RecordsOutcome) -> str:
    """Return what a run says of its import of answers."""
    parts = [f"{counted(outcome.added, 'record')} added, {outcome.already_there:,} already there"]
    if outcome.refused:
        parts.append(f"{counted(outcome.refused, 'row')} refused")
    if outcome.heldout:
        parts.append(f"{outcome.heldout:,} held out")
    text = f"{counted(outcome.rows, 'row')} read: {', '.join(parts)}."
    return text if outcome.finished else f"Stopped. {text}"


def message_line(count: MessageCount) -> str:
    """Return which strategy stands for a system message: "imported-think-step, version 2 (new)"."""
    version = f", version {count.version}" if count.version > 1 else ""
    return f"{count.strategy}{version}{' (new)' if count.is_new else ''}"


def _summary(imported: ImportedRecords, name: str) -> str:
    records = counted(imported.added, "teacher record")
    if imported.dry_run:
        text = f"{name} would add {records}"
    elif not imported.finished:
        text = f"The import of {name} was stopped after {records}"
    elif imported.added:
        text = f"Added {records} from {name}"
    else:
        return _with_known(f"{name} contains no new answers.", imported)
    tasks = [
        f"{counted(imported.tasks_added, 'new task')}" if imported.tasks_added else "",
        f"{counted(imported.tasks_matched, 'task')} of the library" if imported.tasks_matched else "",
    ]
    answered = " and ".join(filter(None, tasks))
    verb = "answers" if imported.added == 1 else "answer"
    return _with_known(f"{text}{f', which {verb} {answered}' if answered else ''}.", imported)


def _with_known(text: str, imported: ImportedRecords) -> str:
    if not imported.already_there:
        return text
    return f"{text} Already in the library, or twice in the file: {imported.already_there:,}."


def _rows_read(imported: ImportedRecords) -> str:
    refused = f"{imported.refused:,} refused" if imported.refused else "none refused"
    return f"Read {counted(imported.rows, 'row')} of {read_text(imported.read_as)}, {refused}."


def _notes(imported: ImportedRecords) -> Iterator[str]:
    yield from _strategy_notes(imported.messages, imported.rare, imported.rare_rows)
    if imported.graded:
        yield (
            f"Graded by reference answers: {imported.graded:,} of the records,"
            f" of which {imported.correct:,} are correct."
        )
    if imported.added > imported.graded:
        yield f"No reference answer, so not graded: {counted(imported.added - imported.graded, 'record')}."
    if imported.unfit:
        yield f"Left out of snapshots by default: {describe_left_out(imported.unfit)}."
    if imported.heldout:
        held = counted(imported.heldout, "record answers", "records answer")
        yield f"{held} held-out questions and can never be used for training."
    if imported.added and (unnamed := imported.models.get("", 0)):
        yield f"The file does not say who answered {counted(unnamed, 'record')}."
    if imported.other_reference:
        rows = counted(imported.other_reference, "row gives", "rows give")
        yield f"{rows} a reference answer that differs from the one in the library, which stays."
    if imported.earlier_turns:
        rows = counted(imported.earlier_turns, "conversation has", "conversations have")
        yield f"{rows} several exchanges: the last answer was taken, after its earlier turns."
    if imported.more_answers:
        yield f"Of several answers, the first was taken: {counted(imported.more_answers, 'row')}."
    if imported.thoughts:
        yield f"The thoughts beside the answer were left out: {counted(imported.thoughts, 'row')}."
    if imported.more_references:
        rows = counted(imported.more_references, "row")
        yield f"Of several reference answers, the first was taken: {rows}."
    if imported.unread_references:
        rows = counted(imported.unread_references, "row has", "rows have")
        yield f"{rows} a reference answer that is not text, which was left out."
    if imported.damaged:
        yield (
            f"{counted(imported.damaged, 'row holds', 'rows hold')} the sign \ufffd in place of letters:"
            " they were lost when the file was saved in another encoding."
        )
    if imported.read_as.unread:
        yield _unread(imported.read_as)
    if not imported.finished:
        yield "Resume the import to add the rest; nothing is added twice."


def _strategy_notes(messages: tuple[MessageCount, ...], rare: int, rare_rows: int | None) -> Iterator[str]:
    new = list(dict.fromkeys(one.strategy for one in messages if one.is_new))
    if new:
        listed = ", ".join(new[:PROBLEMS_LISTED])
        more = f" and {len(new) - PROBLEMS_LISTED:,} more" if len(new) > PROBLEMS_LISTED else ""
        made = counted(len(new), "new strategy", "new strategies")
        yield f"{made} for the system messages: {listed}{more}."
    if rare:
        rows = "" if rare_rows is None else f" ({counted(rare_rows, 'row')})"
        others = counted(rare, "other message shares", "other messages share")
        yield (
            f"Only the {MAX_OWN} most frequent system messages become strategies of their own."
            f" {others} one{rows}; each record keeps its message."
        )


def _unread(read: AnswersReadAs) -> str:
    shown = ", ".join(" ".join(name.split())[:40] for name in read.unread[:COLUMNS_LISTED])
    left = len(read.unread) - COLUMNS_LISTED
    return f"Columns not read: {shown}{f' and {left:,} more' if left > 0 else ''}."


def _problems(imported: ImportedRecords) -> list[str]:
    if not imported.refused:
        return []
    listed = imported.problems[:PROBLEMS_LISTED]
    more = imported.refused - len(listed)
    return [
        f"{counted(imported.refused, 'row')} could not be read:",
        *(f"Line {row.line:,}: {sentence(row.what)}" for row in listed),
        *([f"… and {more:,} more."] if more else []),
    ]
