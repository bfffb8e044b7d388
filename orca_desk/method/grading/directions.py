"""Which way an amount goes: "5 km north", "20% less", "a loss of $40". Another way is another answer."""

import re

# Within a group, the words of one line exclude those of all others.
_GROUPS = (
    (
        *("north", "south", "east", "west"),
        *("northeast north-east", "northwest north-west", "southeast south-east", "southwest south-west"),
    ),
    ("left", "right", "up", "down", "forward forwards", "back backward backwards"),
    ("clockwise", "counterclockwise counter-clockwise anticlockwise anti-clockwise"),
    ("above over", "below under underground"),
    ("ahead", "behind"),
    ("before early earlier", "after late later"),
    (
        "up more higher increase increased rise growth",
        "down less fewer lower decrease decreased decline drop fall reduction",
    ),
    ("larger bigger greater", "smaller"),
    ("older", "younger"),
    ("taller longer", "shorter"),
    ("heavier", "lighter"),
    ("faster fast", "slower slow"),
    ("many", "few"),
    ("profit gain surplus won", "loss deficit lost"),
    ("discount", "tax tip surcharge"),
)
_LINES = {
    (group, word): line
    for group, lines in enumerate(_GROUPS)
    for line, words in enumerate(lines)
    for word in words.split()
}
_KNOWN = frozenset(word for _, word in _LINES)
_BEFORE = re.compile(r"\b([A-Za-z]+) of\s\Z|\b([A-Za-z]+):?\s\Z")
# The words that belong to an amount: up to what explains, compares or joins it.
_STOPS = "than because since but and or if while as of in for from with per so at on by"
_AFTER = re.compile(
    rf"(?:[\s%°$€£²³/]*(?!(?:{'|'.join(_STOPS.split())}|to(?! the\b)|right (?:now|away))\b)[A-Za-z-]+){{1,4}}"
)
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)?")


def directions(text: str, start: int, end: int) -> frozenset[str]:
    """Return the words beside the amount text[start:end] that say which way it goes."""
    after = _AFTER.match(text, end)
    before = _BEFORE.search(text, max(0, start - 20), start)
    words = _WORD.findall(after[0].lower()) if after else []
    if before:
        words.append((before[1] or before[2]).lower())
    return frozenset(word for word in words if word in _KNOWN)


def opposed(one: frozenset[str], other: frozenset[str]) -> bool:
    """Return whether two amounts go different ways; one that says nothing may go any."""
    if not one or not other:
        return False
    for group in range(len(_GROUPS)):
        ours = {_LINES[group, word] for word in one if (group, word) in _LINES}
        theirs = {_LINES[group, word] for word in other if (group, word) in _LINES}
        if ours and theirs and not ours & theirs:
            return True
    return False
