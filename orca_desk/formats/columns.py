"""Mapping a file's columns to the fields of a task."""

from collections.abc import Iterable, Mapping

from orca_desk.errors import UserError

FIELDS = ("query", "answer", "family", "context", "split", "tags", "answer_kind", "strategy", "id")

_IGNORED = dict.fromkeys(map(ord, " -_"))

# In order of preference. "instruction" comes before "input", so that Alpaca's pair is read as question and
# context; "input" alone is the question. Written as `_plain` writes names.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "query": ("query", "question", "prompt", "problem", "instruction", "user", "input", "text"),
    "answer": (
        "answer",
        "reference",
        "referenceanswer",
        "target",
        "expected",
        "expectedanswer",
        "gold",
        "label",
        "solution",
        "output",
        "completion",
        "response",
    ),
    "family": ("family", "category", "subject", "topic", "tasktype", "type", "task"),
    "context": ("context", "passage", "paragraph", "document", "background", "input"),
    "split": ("split", "set", "subset"),
    "tags": ("tags", "tag", "labels", "keywords"),
    "answer_kind": ("answerkind", "kind", "answertype"),
    "strategy": ("strategy",),
    "id": ("id",),
}


def map_columns(columns: Iterable[str], mapping: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return field -> column for the columns of a file; `mapping` (field -> column) takes precedence.

    Names are compared without case, spaces, hyphens and underscores. Each column serves one field; columns
    that match none are left out. Raises UserError for an unknown field in `mapping`.
    """
    chosen = dict(mapping or {})
    if unknown := sorted(chosen.keys() - set(FIELDS)):
        raise UserError(f"A task has no field {unknown[0]!r}.", f"The fields are {', '.join(FIELDS)}.")
    free = {_plain(column): column for column in columns if column not in chosen.values()}
    for field, synonyms in _SYNONYMS.items():
        if field in chosen:
            continue
        for synonym in synonyms:
            if (column := free.pop(synonym, None)) is not None:
                chosen[field] = column
                break
    return chosen


def _plain(name: str) -> str:
    return name.casefold().translate(_IGNORED)
