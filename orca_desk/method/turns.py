"""The turns before a question: an earlier part of a conversation, or examples of how to answer (few-shot).

A system message is never among them: the method chooses it.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

Turns = tuple[tuple[str, str], ...]  # who speaks, "user" or "assistant", and the text
SPEAKERS = ("user", "assistant")
TELLING = 8  # words; a shorter question ("Why?") means nothing without what came before it


def conversation_text(turns: Turns, user: str) -> str:
    """Return all that is asked as one text: `user` itself without turns, else each turn after its speaker."""
    return said_before((*turns, ("user", user))) if turns else user


def said_before(turns: Turns) -> str:
    """Return turns as one text, each after its speaker."""
    return "\n\n".join(f"{role.capitalize()}: {text}" for role, text in turns)


def text_to_compare(turns: Turns, user: str) -> str:
    """Return the text by which questions are compared for likeness.

    This is the question alone, as a family often shares its examples; but a short one only with its turns.
    """
    return user if not turns or len(user.split()) >= TELLING else conversation_text(turns, user)


def turns_of(values: Iterable[Sequence[Any]]) -> Turns:
    """Return turns from pairs of whatever sequence. Raises ValueError for what are not turns."""
    turns = tuple((role, text) for role, text in values)
    if any(role not in SPEAKERS or not isinstance(text, str) for role, text in turns):
        raise ValueError("a turn is who speaks, 'user' or 'assistant', and a text")
    return turns


def turns_to_json(turns: Turns) -> str:
    """Return turns as the library stores them."""
    return json.dumps(turns, ensure_ascii=False) if turns else "[]"


def turns_from_json(stored: str) -> Turns:
    """Return the turns that `turns_to_json` wrote."""
    return () if stored == "[]" else tuple((role, text) for role, text in json.loads(stored))
