"""The published shapes of data sets, recognised by the columns and values of a row, and their fields."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from typing import Literal as OneOf

from orca_desk.formats.chat_rows import turns_in
from orca_desk.formats.columns import map_columns, plain
from orca_desk.formats.rows import Literal

Shape = OneOf[
    "messages", "ShareGPT", "conversation", "preference", "KTO", "Alpaca", "OpenOrca",
    "prompt and completion",
    "SQuAD", "MMLU", "ARC", "GSM8K", "MATH", "BIG-Bench", "AGIEval", "natural instructions",
    "question and answer", "questions",
]  # fmt: skip
_CHATS = ("messages", "conversations", "conversation")
_REPLIES = ("completion", "response", "output")
# A chosen answer, and the rejected one beside it
_PREFERRED = (
    ("chosen", "rejected"), ("chosenresponse", "rejectedresponse"), ("preferredoutput", "nonpreferredoutput"),
    ("responsechosen", "responserejected"), ("win", "lose"),
)  # fmt: skip
# What both answers of a preference may stand beside: the right one
_REFERENCES = frozenset({
    "answer", "reference", "referenceanswer", "groundtruth", "goldanswer", "finalanswer",
})  # fmt: skip
EARLIER = "earlier turns"  # the member of a row with the turns before its question, or examples of it
_BEFORE = ("earlierturns", "turns", "history")
_NATURAL = "Definition"
VERDICT = "verdict"  # stands in place of a field where a column says whether the answer is wanted
TOOLS = ("tools", "functions")  # columns with what a model may call


def shape_of(values: Mapping[str, Any]) -> Shape | None:
    """Return the shape of a row; None for one without a question that its columns name."""
    names = {plain(name): name for name in values}
    if preferred(values):
        return "preference"
    if is_wanted(values) is not None:
        return "KTO"
    for name in _CHATS:
        if turns := turns_in(values.get(names.get(name, ""))):
            return "ShareGPT" if "from" in turns[0] else "messages" if "role" in turns[0] else "conversation"
    if (EARLIER in values and _NATURAL in values) or _instructed(names):
        return "natural instructions"
    if (
        "multiplechoicetargets" in names
        or "targetscores" in names
        or ("inputs" in names and "targets" in names)
    ):
        return "BIG-Bench"
    if {"passage", "question", "options", "label"} <= names.keys():
        return "AGIEval"
    if "answerkey" in names and "choices" in names:
        return "ARC"
    if {"question", "choices", "answer"} <= names.keys():
        return "MMLU"
    if {"problem", "solution"} <= names.keys():
        return "MATH"
    if {"systemprompt", "question", "response"} <= names.keys():
        return "OpenOrca"
    if {"instruction", "output"} <= names.keys():
        return "Alpaca"
    if {"prompt", "completion"} <= names.keys():
        return "prompt and completion"
    if {"context", "question", "answers"} <= names.keys():
        return "SQuAD"
    if {"question", "answer"} <= names.keys() and "\n#### " in str(values[names["answer"]]):
        return "GSM8K"
    found = map_columns(values)
    if "query" not in found:
        return None
    return "question and answer" if "answer" in found else "questions"


def fields_of(columns: Collection[str]) -> dict[str, str]:
    """Return field -> column for the columns of a shape in which their names alone would mislead."""
    names = {plain(name): name for name in columns}
    if _NATURAL in columns and EARLIER in columns:
        return {"context": _NATURAL, "query": "input", "answer": "output"}
    if found := _instructed(names):
        return found
    if {"prompt", "completion", "label"} <= names.keys():
        return {"answer": names["completion"]}
    if chosen := preferred(columns):
        if names.keys() & _REFERENCES:
            return {}
        return {"answer" if "query" in map_columns(columns, {"answer": chosen}) else "query": chosen}
    if {"problem", "solution", "type"} <= names.keys():
        level = {"tags": names["level"]} if "level" in names else {}
        return {"family": names["type"], **level}
    return {}


def _instructed(names: Mapping[str, str]) -> dict[str, str]:
    """Return the fields of rows of natural instructions that repeat their definition; none of others."""
    for asked, answer in (("inputs", "targets"), ("input", "output")):
        if {"definition", asked, answer} <= names.keys():
            family = {"family": names["taskname"]} if "taskname" in names else {}
            return {"context": names["definition"], "query": names[asked], "answer": names[answer], **family}
    return {}


def preferred(columns: Collection[str]) -> str:
    """Return the column of the answer that was preferred to another one; "" without such a pair."""
    names = {plain(name): name for name in columns}
    return next((names[one] for one, other in _PREFERRED if one in names and other in names), "")


def is_wanted(values: Mapping[str, Any]) -> bool | None:
    """Return whether people want the answer of a row, as KTO rows say it; None for rows of other kinds."""
    names = {plain(name): name for name in values}
    said = verdict_column(values)
    if not said:
        return None
    wanted = truth(values[said])
    if wanted is None and {"prompt", "completion"} <= names.keys():
        return binary(values[said])
    return wanted


def verdict_column(columns: Collection[str]) -> str:
    """Return the column that may say whether the answer beside it is wanted; "" if there is no answer."""
    names = {plain(name): name for name in columns}
    found = next((names[name] for name in ("label", "ktotag") if name in names), "")
    return found if names.keys() & {*_REPLIES, *_CHATS} else ""


def reply_column(columns: Collection[str]) -> str:
    """Return the column of the answer that such a verdict is about; "" if it is the conversation's."""
    names = {plain(name): name for name in columns}
    return next((names[name] for name in _REPLIES if name in names), "")


def binary(value: Any) -> bool | None:
    """Return what a value that is true or false, or 1 or 0, says; None for any other."""
    return {"0": False, "1": True}.get(str(value).strip(), truth(value))


def truth(value: Any) -> bool | None:
    """Return what a value that is true or false says, also as a text; None for any other."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().casefold())
    return value if isinstance(value, bool) else None


def earlier_columns(columns: Collection[str]) -> list[str]:
    """Return the columns that may hold the turns before a question."""
    return [name for name in columns if plain(name) in _BEFORE]


def second_answer(columns: Collection[str]) -> str:
    """Return the column that gives the answer where the first one gives none, as in AGIEval; "" without."""
    names = {plain(name): name for name in columns}
    return names["label"] if {"question", "options", "label", "answer"} <= names.keys() else ""


def _unfolded(values: dict[str, Any]) -> dict[str, Any]:
    """Return a row of BIG-Bench's with its choices and the right one; any other as it is."""
    scores = values.get("target_scores")
    if isinstance(scores, dict) and "input" in values:
        return _scored(values, list(scores), list(scores.values()), "target_scores")
    texts = values.get("multiple_choice_targets")
    if isinstance(texts, list) and "inputs" in values:
        scored = values.get("multiple_choice_scores")
        if texts and isinstance(scored, list) and len(scored) == len(texts):
            return _scored(values, texts, scored, "multiple_choice_targets", "multiple_choice_scores")
        return {name: value for name, value in values.items() if not name.startswith("multiple_choice_")}
    return values


def _scored(
    values: dict[str, Any], texts: Sequence[Any], scores: Sequence[Any], *instead: str
) -> dict[str, Any]:
    """Return a row with the texts as choices, of which those with the highest score are right."""
    numbers = [_number(one) for one in scores]
    best = [text for text, number in zip(texts, numbers, strict=True) if number == max(numbers) > 0]
    rest = {name: value for name, value in values.items() if name not in instead}
    for name in ("target", "targets"):
        rest.pop(name, None)
    return {**rest, "choices": list(texts), "answer": best}


def _number(value: Any) -> float:
    try:
        return float(value) if isinstance(value, (Literal, str, int, float)) else 0.0
    except ValueError:
        return 0.0


def flat(values: dict[str, Any]) -> dict[str, Any]:
    """Return a row's values; one that is an object around a question gives its members to the row."""
    values = _unfolded(values)
    for name in ("body", "input"):  # a request of an OpenAI batch, and what OpenAI trains preferences on
        nested = values.get(name)
        if isinstance(nested, dict) and "messages" in nested:
            return {**{one: value for one, value in values.items() if one != name}, **nested}
    nested = values.get("question")
    wrapped = next((name for name in ("row", "item") if isinstance(values.get(name), dict)), "")
    if wrapped and not isinstance(nested, dict) and len(values) <= 4:  # as the Hub's viewer answers
        return {**{name: value for name, value in values.items() if name != wrapped}, **values[wrapped]}
    if isinstance(nested, dict) and "stem" in nested:
        return {**{name: value for name, value in values.items() if name != "question"}, **nested}
    if isinstance(nested, dict) and isinstance(nested.get("text"), str):
        return {**values, "question": nested["text"]}
    return values
