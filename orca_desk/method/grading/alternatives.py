"""What joins two candidates in an answer ("5 or 6"), and what retracts one ("not 5 but 6")."""

import re

_JOINED = re.compile(
    r"(?:\b(?:or|and|to|and/or|versus|vs|or so|x|by|oder|und|ou|et|o|y|e|или|и|або|lub|veya|hoặc)"
    r"|[,;/&|–—+*×÷^或和、-]|\A)"
    r"(?:[\s,(]{0,3}\b(?:maybe|perhaps|possibly|even|else|rather|about|both|either|or))?[\s(\"'$€£*:]*\Z",
    re.IGNORECASE,
)
_EXPLAINS = re.compile(r"\b(?:because|since|which|where|when|per|of|from|(?<!or )so|as)\b", re.IGNORECASE)
_LONGEST_GAP = 60
_NEGATED_BEFORE = re.compile(
    r"(?:\b(?:not|never|isn't|isn’t|aren't|wasn't|cannot be|can't be|no longer|rather than|other than"
    r"|anything but|everything but|all but"
    r"|instead of|excluding|except(?: for)?|(?:more|less|fewer|greater) than|over|under)|\bneither"
    r"|\bnor|[❌✗✘🚫])(?:[\s(\"'$€£]{1,3}"
    r"(?:the|an?|in|on|at|be|option|choice|just|only|simply)\b){0,3}[\s(\"'$€£]*\Z",
    re.IGNORECASE,
)
_DISMISSED_AFTER = re.compile(
    r"\A[\s)\"'.]{0,3}(?:(?![A-Z]\b)\w+\s)?(?:is|are|was|were)"
    r"(?: (?:also )?(?:not|wrong|incorrect|false|impossible)\b|n't\b|n’t\b)",
    re.IGNORECASE,
)


_RELATED_BEFORE = re.compile(
    r"(?:[\w)]\s{1,3}[<>]=?|[\w)]\s{0,3}(?:≤|≥|≠|!=|<=|>=))\s{0,3}\Z"
)  # "x > 3" is not 3


_HEDGED_BEFORE = re.compile(
    r"(?:\b(?:could|might|may)(?: (?:also|well|possibly|perhaps|just))? be"
    r"|\b(?:maybe|perhaps|possibly)(?: (?:it|that)(?:['’]s| is))?)"
    r"(?: (?:about|around|the|an?|option|choice))*[\s\"'(*$€£]*\Z",
    re.IGNORECASE,
)
_HEDGED_AFTER = re.compile(r"[)\]\"'”*]{0,3}\s(?:might|could|may)\s(?:\w+\s)?be\b", re.IGNORECASE)
_ALSO = re.compile(
    r"(?<![\w.])\(?(?P<other>[A-Z]|-?\d+(?:[.,]\d+)*)\)?\s(?:is|are|could|might|may|would|seems?)\s"
    r"(?:(?!not\b|wrong\b|incorrect\b|false\b)\w+\s){0,3}?"
    r"(?:also(?! (?:not|wrong|incorrect|false|ruled|too|out|eliminated|excluded|less|unlikely)\b)"
    r"|possible|plausible|acceptable|as well|too\b(?= *[.,;!\n]| *\Z))"
)


def joined(gap: str) -> bool:
    """Return whether the text between two candidates offers both or computes with them (5 or 6, 5 + 6)."""
    if len(gap) > _LONGEST_GAP or _EXPLAINS.search(gap) or ". " in gap or "=" in gap:
        return False
    return _JOINED.search(gap) is not None


def retracted(text: str, start: int, end: int) -> bool:
    """Return whether the candidate at text[start:end] is denied: "not 5", "rather than 5", "(A) is wrong"."""
    before = text[max(0, start - 40) : start]
    return (
        _NEGATED_BEFORE.search(before) is not None
        or _RELATED_BEFORE.search(before) is not None
        or _DISMISSED_AFTER.match(text[end : end + 40]) is not None
    )


def hedged(text: str, start: int, end: int) -> bool:
    """Return whether text[start:end] is said to be only possible: "it could be 5", "5 may be right"."""
    before = _HEDGED_BEFORE.search(text, max(0, start - 40), start)
    return before is not None or _HEDGED_AFTER.match(text, end) is not None


def offers_another(text: str, answer: str) -> bool:
    """Return whether a text calls another letter or number possible, too: "C, but B is also possible"."""
    if "also" not in text and "possible" not in text and "too" not in text and "as well" not in text:
        return False
    return any(match["other"] not in answer for match in _ALSO.finditer(text))
