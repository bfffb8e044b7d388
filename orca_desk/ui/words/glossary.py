"""Tool tips for the terms of the method: what the handbook's glossary says of them."""

import functools
import re

from orca_desk.handbook import glossary

LONGEST = 60  # characters of a label; longer ones are sentences, and explain themselves
MOST = 2  # terms in one tip
VERBS = ("erase", "judge")  # "erased" is the same term, but "bundled" and "based" are none
AS_WRITTEN = {"gguf": "GGUF", "lora": "LoRA"}  # terms that are not common words


def tip_of(text: str) -> str:
    """Return the meanings of the terms in a short label, the first ones if there are many; "" for none."""
    if not text or len(text) > LONGEST:
        return ""
    found: dict[str, None] = {}
    for match in _terms().finditer(text.replace("&", "").lower().replace("held-out", "held out")):
        found[_term(match[0])] = None
    meanings = glossary()
    return "\n\n".join(f"{_written(term)}: {meanings[term]}" for term in [*found][:MOST])


@functools.cache
def _terms() -> re.Pattern[str]:
    """Return a pattern of all terms with their plurals, the longest first: "learning rate" before "rate"."""
    words = sorted((word for term in glossary() for word in _forms(term)), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b")


@functools.cache
def _term(word: str) -> str:
    return next(term for term in glossary() if word in _forms(term))


def _written(term: str) -> str:
    return AS_WRITTEN.get(term) or term.capitalize()


def _forms(term: str) -> tuple[str, ...]:
    if term.endswith("y"):
        return (term, f"{term[:-1]}ies")
    if term in VERBS:
        return (term, f"{term}s", f"{term}d")
    return (term, f"{term}s")
