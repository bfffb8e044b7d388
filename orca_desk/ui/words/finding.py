"""Find in words: its fields, what was found of each kind, and why there is nothing."""

from orca_desk.counting import counted
from orca_desk.library.finding import FoundGroup, Hit
from orca_desk.library.searching import SearchKind
from orca_desk.method.search_query import QueryError, parse_query

NAMES: dict[SearchKind, tuple[str, str]] = {
    "tasks": ("task", "tasks"),
    "records": ("teacher record", "teacher records"),
    "answers": ("answer of an evaluation", "answers of evaluations"),
    "chats": ("chat", "chats"),
}
FIELD_HELP = {
    "family": "The family's name: family:algebra, family:word* for its beginning",
    "split": "split:train or split:heldout",
    "tag": "A tag of the task: tag:hard",
    "kind": "How answers are compared: kind:number",
    "has": "has:answer, has:context, has:tag, has:strategy or has:record",
    "strategy": "The task's own strategy, the record's, or the one that an evaluated task was paired with",
    "wrong": "wrong:yes has an incorrect answer; wrong:no is graded and has none",
    "correct": "correct:yes has a correct answer; correct:no is graded and has none",
    "reviewed": "reviewed:yes was kept or dropped by a person",
    "decision": "decision:keep, decision:drop or decision:none",
    "leaked": "leaked:yes gives the strategy's instruction away",
    "edited": "edited:yes was edited by a person",
    "reason": 'Why it was graded so, by words of it: reason:"no final", reason:18',
    "model": "A part of the model's name or path: model:smollm",
    "run": "What a run made, imported or evaluated: run:generate-3",
    "id": "The beginning of an id",
}
EXAMPLE = 'family:algebra wrong:yes "exact words" -tag:draft'


def field_help() -> str:
    """Return the fields with their meanings, one a line, for a tooltip."""
    return "\n".join(f"{name}:  {about}" for name, about in FIELD_HELP.items())


def found_title(group: FoundGroup) -> str:
    """Return a heading, such as "1,204 teacher records (first 50 shown)"."""
    title = counted(group.total, *NAMES[group.kind])
    return f"{title} (first {len(group.hits):,} shown)" if group.total > len(group.hits) else title


def lacking_note(group: FoundGroup) -> str:
    """Return why nothing of a kind can be found by this search."""
    fields = " or ".join(f"{field}:" for field in group.lacking)
    return f"No {NAMES[group.kind][1]}: they have nothing like {fields}"


def search_problem(text: str) -> str:
    """Return why a search cannot be read, and what to type instead; empty if it can."""
    try:
        parse_query(text)
    except QueryError as error:
        return str(error)
    return ""


def indexing_note(percent: int) -> str:
    """Return what a search has to do while older texts are not indexed; empty when all are."""
    if percent == 100:
        return ""
    return f"Older texts are still being indexed: {percent}%. Until then, searching takes longer."


def verdict_word(hit: Hit) -> str:
    """Return "correct", "incorrect", or nothing for what was not graded."""
    return "" if hit.correct is None else "correct" if hit.correct else "incorrect"
