"""Where statements end: sentences, reasons, asides, second thoughts, offers of help, refusals to answer."""

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
    r"|(?<=\.\.\. )actually|(?<=… )actually)\b[\s,:.!—–-]*(?:no\b[\s,:.!]*)?(?:(?:it|that)(?:'s|’s"
    r"| is) (?!not|wrong)|make (?:that|it) )?",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\W*(?:if|suppose|assuming|when)\b[^,\n]*(?:,|\Z)", re.IGNORECASE)
_YET = re.compile(
    r"\b(?:but|so|however|still|though|then|therefore|guess|would be|must be|answer)\b", re.IGNORECASE
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


def breaks_off(text: str) -> bool:
    """Return whether `text` stops in the middle of a sentence: "First, there are 5 boxes and"."""
    return _GOES_ON.search(text) is not None and len(text.split()) > 2


def refuses(sentence: str) -> bool:
    """Return whether a sentence says that the question cannot be answered, and then gives no answer."""
    match = _REFUSAL.search(sentence.replace("’", "'"))
    return match is not None and _YET.search(sentence, match.end()) is None
