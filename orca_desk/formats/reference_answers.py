"""The reference answer in what a data set writes: out of an object, without thoughts and working."""

import re
from typing import Any

from orca_desk.formats.chat_rows import END_OF_THOUGHTS, turns_in
from orca_desk.formats.values import tidy

_MARK = "####"  # before the result on the last line of GSM8K's solutions
_BOX = re.compile(r"\\(?:boxed|fbox)\s*")  # before the result of a solution in LaTeX
_BARE = re.compile(r"[^\s$\\{}.,;]+")  # what may follow without braces: \boxed 7


def inner_answer(answer: Any) -> Any:
    """Return the answer in an object of answers, as SQuAD and TriviaQA have it."""
    if isinstance(answer, list) and answer and all(isinstance(one, dict) and "text" in one for one in answer):
        return answer if turns_in(answer) else [one["text"] for one in answer]
    if isinstance(answer, dict):
        for name in ("text", "value", "answer", "content"):
            if name in answer:
                return answer[name]
    return answer


def has_aliases(answer: Any, taken: Any) -> bool:
    """Return whether an object of answers gives others beside the one that was taken, as in TriviaQA."""
    others = answer.get("aliases") if isinstance(answer, dict) else None
    if not isinstance(others, list) or not isinstance(taken, str):
        return False
    return any(isinstance(one, str) and one.casefold() != taken.casefold() for one in others)


def essence(answer: str | None) -> str | None:
    """Return the answer without the thoughts or the working before it, where these are marked as such."""
    if answer is None:
        return None
    if END_OF_THOUGHTS in answer:
        answer = tidy(answer.rpartition(END_OF_THOUGHTS)[2])
    _, _, last = answer.rstrip().rpartition("\n")
    marked = last.strip().removeprefix(_MARK).strip() if last.strip().startswith(_MARK) else ""
    return marked or _boxed(answer) or None


def _boxed(answer: str) -> str:
    """Return what stands in the last \\boxed{...} of a solution; without one, the whole answer."""
    if "\\boxed" not in answer and "\\fbox" not in answer:
        return answer
    *_, last = _BOX.finditer(answer)
    if not answer.startswith("{", last.end()):
        bare = _BARE.match(answer, last.end())
        return bare[0] if bare else answer
    depth = 0
    for place in range(last.end(), len(answer)):
        depth += (answer[place] == "{") - (answer[place] == "}")
        if depth == 0:
            return tidy(answer[last.end() + 1 : place]) or answer
    return answer
