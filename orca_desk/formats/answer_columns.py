"""Which column of a file of answers holds what: system message, question, answer, and who answered."""

from collections.abc import Mapping, Sequence

from orca_desk.errors import UserError
from orca_desk.formats.columns import is_conversation, plain, short_name

ANSWER_FIELDS = (
    "system", "query", "context", "response", "answer", "family", "model", "finish_reason", "strategy",
)  # fmt: skip
CONVERSATION = "conversation"  # the pseudo-field under which a mapping names a column of turns
# In order of preference, as `plain` writes names
_NAMES: dict[str, tuple[str, ...]] = {
    "system": (
        "systemprompt", "system", "systemmessage", "systeminstruction", "systeminstructions", "sysprompt",
        "systemtext", "strategyinstruction",
    ),
    "response": (
        "response", "generation", "completion", "output", "modeloutput", "modelresponse", "modelanswer",
        "assistant", "generatedtext", "generations", "responses", "completions", "outputs", "prediction",
        "chosen", "rawoutput", "solution",
    ),
    "query": (
        "question", "query", "prompt", "userprompt", "usermessage", "user", "instruction", "problem",
        "inputtext", "input", "text",
    ),
    "context": ("context", "passage", "document", "input"),
    "answer": (
        "reference", "referenceanswer", "answer", "target", "expected", "expectedanswer", "expectedoutput",
        "groundtruth", "gold", "goldanswer", "correctanswer", "finalanswer", "label",
    ),
    "family": ("family", "category", "subject", "topic", "tasktype", "task", "subset"),
    "model": (
        "modelname", "model", "generationmodel", "generationmodels", "teacher", "teachermodel", "generator",
        "modelid",
    ),
    "finish_reason": ("finishreason", "stopreason", "finish"),
    "strategy": ("strategy", "strategyname"),
}  # fmt: skip


def answer_columns(columns: Sequence[str], mapping: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return field -> column for rows of answers; `mapping` takes precedence, "" there leaves a field out.

    A column of turns is under "conversation". Raises UserError for an unknown field in `mapping`.
    """
    given = dict(mapping or {})
    known = (*ANSWER_FIELDS, CONVERSATION)
    if unknown := sorted(given.keys() - set(known)):
        raise UserError(f"An answer has no field {unknown[0]!r}.", f"The fields are {', '.join(known)}.")
    found = {name: column for name, column in given.items() if column in columns}
    free: dict[str, str] = {}
    for column in columns:
        if column not in found.values():
            free.setdefault(short_name(column), column)
            free[plain(column)] = column
    if CONVERSATION not in given and "query" not in given:
        turns = next((column for column in columns if is_conversation(column)), None)
        if turns is not None:
            found[CONVERSATION] = turns
            _drop(free, turns)
    for name, synonyms in _NAMES.items():
        if name in given or (name in ("query", "context") and CONVERSATION in found):
            continue
        fitting = next((free[one] for one in synonyms if one in free), None)
        if fitting is not None:
            found[name] = fitting
            _drop(free, fitting)
    if "response" not in found and "response" not in given and "answer" in found and "answer" not in given:
        found["response"] = found.pop("answer")  # the only answer of the row is what the model wrote
    return found


def instruction_as_system(names: Sequence[str]) -> dict[str, str]:
    """Return the mapping by which Alpaca's instruction is the system message, and its input the question."""
    by_name = {plain(name): name for name in names}
    if "instruction" not in by_name or "input" not in by_name:
        return {}
    return {"system": by_name["instruction"], "query": by_name["input"], "context": ""}


def _drop(free: dict[str, str], column: str) -> None:
    for name in [name for name, one in free.items() if one == column]:
        del free[name]
