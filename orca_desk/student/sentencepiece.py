"""SentencePiece's BPE in both forms: a score per token (llama.cpp), and a list of merges (tokenizer.json).

llama.cpp joins two neighbours if their union is a token, the highest score first; `tokenizers` joins only
pairs that its list names, in the order of the list. They agree if the list names all pairs of each token
together, and if both halves of a pair are tokens.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import gguf

SPACE = "\u2581"
BYTES = tuple(f"<0x{byte:02X}>" for byte in range(256))
MAX_WORK = 2**28  # characters copied when all tokens are cut at all places: ten times the largest vocabulary


def merges(
    tokens: Sequence[str], scores: Sequence[float], types: Sequence[gguf.TokenType]
) -> list[list[str]]:
    """Return the pairs that make a token, in the order in which they are joined.

    Raises ValueError for tokens that are too long to be any model's.
    """
    places = {text: place for place, text in enumerate(tokens) if types[place] != gguf.TokenType.UNUSED}
    _require_short(places)
    ordered = sorted(places, key=lambda text: -scores[places[text]])
    return [list(pair) for text in ordered for pair in _pairs(text, places)]


def scores(tokens: Sequence[str], listed: Sequence[Any]) -> tuple[float, ...]:
    """Return a score for each token: the earlier it is made, the higher; the lowest for those never made."""
    made: dict[str, int] = {}
    for rank, pair in enumerate(listed):
        left, right = pair.split(" ") if isinstance(pair, str) else pair
        made.setdefault(left + right, rank)
    return tuple(-float(made.get(text, len(listed))) for text in tokens)


def same_order(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Return whether other scores join the tokens that `ours` make in the same order."""
    lowest = min(ours, default=0.0)
    made = sorted((place for place, score in enumerate(ours) if score > lowest), key=lambda one: -ours[one])
    if made and made[-1] >= len(theirs):
        return False
    there = [theirs[place] for place in made if place < len(theirs)]
    return all(before >= after for before, after in itertools.pairwise(there))


def with_bytes(tokens: Sequence[str], types: Sequence[gguf.TokenType]) -> tuple[gguf.TokenType, ...]:
    """Return the types, with that of a byte where a token stands for one."""
    known = set(BYTES)
    return tuple(
        gguf.TokenType.BYTE if text in known and kind == gguf.TokenType.NORMAL else kind
        for text, kind in zip(tokens, types, strict=True)
    )


def why_different(tokens: Sequence[str], types: Sequence[gguf.TokenType], model: Mapping[str, Any]) -> str:
    """Return why llama.cpp would join other pairs than tokenizer.json's `model` lists; or nothing."""
    if missing := sum(byte not in model["vocab"] for byte in BYTES):
        return f"{missing} of the 256 bytes have no token"
    if model.get("ignore_merges"):
        return "it takes whole words before any merge"
    places = {text: place for place, text in enumerate(tokens) if types[place] != gguf.TokenType.UNUSED}
    _require_short(places)
    listed = [tuple(pair.split(" ") if isinstance(pair, str) else pair) for pair in model["merges"]]
    made, ends = "", set[str]()
    for left, right in listed:
        if left + right != made:
            ends.add(made)
            made = left + right
            if made in ends:
                return f"the merges of {made!r} do not follow each other"
    known = set(listed)
    for text, place in places.items():
        # Such a token is found before any merge; but the space that is put before a text can join others.
        if types[place] == gguf.TokenType.USER_DEFINED and SPACE not in text:
            continue
        if unlisted := next((pair for pair in _pairs(text, places) if pair not in known), None):
            return f"no merge joins {unlisted[0]!r} and {unlisted[1]!r}, though {text!r} is a token"
    return why_incomplete(places)


def why_incomplete(places: Mapping[str, int]) -> str:
    """Return which token is made of a character that is none, which only llama.cpp joins; or nothing."""
    for text in places:
        halves = ((text[:1], text[1:]), (text[:-1], text[-1:])) if len(text) > 1 else ()
        for pair in halves:
            reachable = all(half in places or len(half) == 1 for half in pair)
            if reachable and not all(half in places for half in pair):
                return f"{text!r} is a token, but one of its characters is none"
    return ""


def _pairs(text: str, places: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield the two halves of a token, at every place where both are tokens."""
    for cut in range(1, len(text)):
        left, right = text[:cut], text[cut:]
        if left in places and right in places:
            yield left, right


def _require_short(tokens: Mapping[str, int]) -> None:
    if sum(len(text) ** 2 for text in tokens) > MAX_WORK:
        raise ValueError("its tokens are longer than any model's")
