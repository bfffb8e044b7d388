"""How statements are built: sentences, reasons, asides, second thoughts, offers of help, refusals; and what
joins two candidates for an answer, takes one back, or calls it only possible."""

import re
from collections.abc import Iterator

_LONGEST = 4_000
_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]*]{0,3}\s+(?=[A-ZÀ-ÞА-ЯЁ\"'“(\[¿¡*])|[。！？।؟](?=\s*\S)|\n")
# A full stop after these ends no sentence: "Mr. Smith", "George W. Bush".
_ABBREVIATED = re.compile(
    r"\b(?:Mrs?|Ms|Dr|St|Prof|vs|(?!(?:Its?|Is|Option|Choice|Choose|Answer|Letter|So|Thus|Hence|Not"
    r"|Only|Pick|Vitamin|Plan"
    r"|Type|Grade|Class|Group|Either|Both|Say)\b)[A-Z][\w’]+ [A-Z]|(?:[A-Z]\. ?)+[A-Z])\Z"
)
_STARTS_SENTENCE = re.compile(
    r"(?:The|It|This|That|They|He|She|We|In|Because|Since|So|Then|If|As|And|But|Note|Not|I)\b|[A-Z]\b"
)
_REASON = re.compile(
    r"[\s,;:—–-]{1,4}(?:because|since|given that|seeing that|as (?:he|she|it|they|we|you|the|there"
    r"|this|that|a|each|every|all|both)\b|(?:each|after) \w+ing\b)",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\((?!(?:or|maybe|perhaps|possibly)\b)[^()]{0,400}\)")
_OFFER = re.compile(
    r"(?:please )?(?:let me know|feel free|is there anything|i hope|hope (?:this|that|it)"
    r"|would you like|do you (?:want|need)"
    r"|if you (?:have|need|want|would)|happy to|glad to|thank|you're welcome|good luck|great question"
    r"|anything else"
    r"|don't hesitate|shall i|want me to|can i help|have a (?:nice|great|good)|sag mir|lass mich"
    r"|möchtest du|n'hésite"
    r"|souhaite|dis-moi|avísame|¿(?:quieres|necesitas|te gustaría)|fammi sapere|vuoi che|espero que"
    r"|spero|j'espère|ich hoffe)",
    re.IGNORECASE,
)
# A check of the answer, which begins a line or a sentence, and what in it is an answer of its own.
_CHECK = re.compile(
    r"(?:^|(?<=[.!] ))[#*_ ]*(?:check|verification|verify(?:ing)?|double[- ]check(?:ing)?|sanity check"
    r"|to (?:check|verify|confirm)|let(?:'s|’s| us| me) (?:check|verify|confirm|double[- ]check))\b"
    r"(?! (?:that you|out|in)\b)[^\n.:,]{0,40}[:.,]",
    re.IGNORECASE | re.MULTILINE,
)
_DIGITS = re.compile(r"\d+")
_CHECK_CONCLUDES = re.compile(
    r"\b(?:so|thus|therefore|hence|wait|actually|but|however|not|no|wrong|incorrect|mistake|instead|answer"
    r"|should|total|final|result)\b|n['’]t\b|≠|!=|\*\*\S*\d",
    re.IGNORECASE,
)
# Words and signs after which a sentence goes on.
_GOES_ON = re.compile(
    r"(?:[,=+×÷]|\b(?:and|or|but|so|then|which|that|because|since|the|an|of|to|with|is|are|was|were|means|by|in|for"
    r"|from|if|when|while|as|at|plus|minus|times))\Z"
)
_REFUSAL = re.compile(
    r"\bi(?:'m| am)? (?:really |just )?(?:cannot|can't|can not|could not|couldn't|unable|not able"
    r"|not sure|do not know|don't know"
    r"|have no (?:idea|way))\b"
    r"|\bcan(?:not|'t| not) be (?:determined|known|answered|solved|found|calculated|computed|said"
    r"|worked out|inferred)\b"
    r"|\b(?:impossible|not possible|no way) to (?:say|tell|know|determine|answer|find|calculate|work)\b"
    r"|\b(?:not enough|insufficient|not sufficient|no) (?:information|data|details?|context)\b"
    r"|\b(?:need|without) (?:more|further|additional) (?:information|data|details?|context)\b",
    re.IGNORECASE,
)
_SECOND_THOUGHT = re.compile(
    r"(?<!\w)(?:no,? wait|wait,? no|wait|scratch that|correction|i mean|oops|sorry|hmm"
    r"|actually(?=,? (?:no|it|that|the answer)\b)"
    r"|(?<=\.\.\. )actually|(?<=… )actually"
    r"|(?<=(?:\.\.\.|. [—–-]) )no(?=,)|(?<=… )no(?=,))\b[\s,:.!—–-]*(?:no\b[\s,:.!]*)?(?:(?:it|that)(?:'s|’s"
    r"| is) (?!not|wrong)|make (?:that|it) )?",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\W*(?:if|suppose|assuming|when)\b[^,\n]*(?:,|\Z)", re.IGNORECASE)
_YET = re.compile(
    r"\b(?:but|so|however|still|though|then|therefore|guess|would be|must be|answer)\b", re.IGNORECASE
)
# What joins two candidates ("5 or 6"), takes one back ("not 5 but 6"), or calls one only possible.
_JOINED = re.compile(
    r"(?:\b(?:or|and|to|and/or|versus|vs|or so|x|by|oder|und|ou|et|o|y|e|или|и|або|lub|veya|hoặc)"
    r"|[,;/&|–—+*×÷^→或和、-]|\A)"
    r"(?:[\s,(]{0,3}\b(?:maybe|perhaps|possibly|even|else|rather|about|both|either|or))?[\s(\"'$€£*:]*\Z",
    re.IGNORECASE,
)
_EXPLAINS = re.compile(r"\b(?:because|since|which|where|when|per|of|from|(?<!or )so|as)\b", re.IGNORECASE)
_LONGEST_GAP = 60
_NEGATED_BEFORE = re.compile(
    r"(?:\b(?:not|never|isn't|isn’t|aren't|wasn't|cannot be|can't be|no longer|rather than|other than"
    r"|anything but|everything but|all but"
    r"|instead of|excluding|except(?: for)?|(?:more|less|fewer|greater|larger|smaller|bigger"
    r"|higher|lower) than|over|under)|\bneither"
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


def _ends(text: str) -> Iterator[re.Match[str]]:
    """Yield what ends each sentence of `text` but the last."""
    for match in _SENTENCE_END.finditer(text):
        if match[0][0] == "." and _abbreviates(text, match.start(), match.end()):
            continue
        yield match


def _abbreviates(text: str, stop: int, following: int) -> bool:
    """Return whether the full stop at `stop` ends an abbreviation: a title, or an initial before another."""
    initials = text[stop - 1 : stop].isupper() and text[following + 1 : following + 2] == "."
    alone = stop < 2 or not text[stop - 2].isalnum()
    if initials and alone:
        return True
    return (
        _ABBREVIATED.search(text, max(0, stop - 20), stop) is not None
        and _STARTS_SENTENCE.match(text, following) is None
    )


def sentences(text: str) -> list[tuple[int, int]]:
    """Return where the sentences of `text` begin and end; a line break ends one too."""
    found, start = [], 0
    for match in _ends(text):
        end = match.start() + len(match[0].rstrip())
        if text[start:end].strip():
            found.append((start, end))
        start = match.end()
    if text[start:].strip():
        found.append((start, len(text)))
    return found


def first_sentence(text: str) -> str:
    """Return `text` up to the end of its first sentence or line."""
    end = next(_ends(text[:_LONGEST]), None)
    return text[: end.start() + 1].rstrip("\n") if end else text


def last_sentence(text: str) -> str:
    """Return the last sentence of `text` (of its last 2,000 characters)."""
    tail = text[-2000:].rstrip()
    spans = sentences(tail)
    return tail[slice(*spans[-1])] if spans else ""


def before_reason(sentence: str) -> str:
    """Return `sentence` without the reason at its end ("42, since he sold 8" gives "42")."""
    reason = _REASON.search(sentence)
    return sentence[: reason.start()] if reason and sentence[: reason.start()].strip() else sentence


def reconsidered(text: str) -> str:
    """Return what `text` says after it takes something back ("5, no wait, 6" gives "6"), else the whole."""
    thoughts = list(_SECOND_THOUGHT.finditer(text, 1))
    rest = text[thoughts[-1].end() :] if thoughts else ""
    return rest if rest.strip(" .!)") else text


def after_condition(sentence: str) -> str:
    """Return `sentence` without the condition it begins with ("If it were 41, the sum would be odd.")."""
    condition = _CONDITION.match(sentence)
    return sentence[condition.end() :] if condition else sentence


def asides(text: str) -> list[tuple[int, int]]:
    """Return where the remarks in parentheses stand."""
    return [match.span() for match in _ASIDE.finditer(text)] if "(" in text else []


def without_offers(text: str) -> str:
    """Return `text` without the sentences at its end that offer help or wish well."""
    kept = text.rstrip()
    for _ in range(4):
        spans = sentences(kept[-_LONGEST:])
        if len(spans) < 2:
            break
        start = len(kept) - len(kept[-_LONGEST:]) + spans[-1][0]
        if not _OFFER.match(kept[start:].lstrip(" *_")):
            break
        kept = kept[:start].rstrip()
    return kept


def without_check(text: str) -> str:
    """Return `text` without a check of its answer at the end: "Check: 15 + 5 = 20.".

    A check that calculates with nothing of what stands before it, or that concludes anew, stays.
    """
    check = _CHECK.search(text)
    if check is None or _CHECK_CONCLUDES.search(text, check.end()):
        return text
    before = text[: check.start()].rstrip()
    checked = set(_DIGITS.findall(before)) & set(_DIGITS.findall(text, check.end()))
    return before if checked else text


def breaks_off(text: str) -> bool:
    """Return whether `text` stops in the middle of a sentence: "First, there are 5 boxes and"."""
    return _GOES_ON.search(text) is not None and len(text.split()) > 2


def refuses(sentence: str) -> bool:
    """Return whether a sentence says that the question cannot be answered, and then gives no answer."""
    match = _REFUSAL.search(sentence.replace("’", "'"))
    return match is not None and _YET.search(sentence, match.end()) is None


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
