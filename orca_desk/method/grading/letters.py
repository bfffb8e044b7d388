"""Which option a statement names by its letter, and in which statement a response chooses.

A statement is read letter by letter: affirmed ("B is correct", "so it must be B"), announced ("the answer is
B"), denied ("not C", "A is wrong") or only mentioned.
"""

import re
from itertools import pairwise
from typing import NamedTuple

from orca_desk.method.grading.answers import FinalAnswer
from orca_desk.method.grading.clauses import (
    asides,
    before_reason,
    breaks_off,
    first_sentence,
    hedged,
    joined,
    reconsidered,
    refuses,
    retracted,
    sentences,
    without_offers,
)
from orca_desk.method.grading.markup import clean
from orca_desk.method.grading.options import parse_options

_OPTION = re.compile(
    r"\((?P<round>[A-Za-z])\)"
    r"|\[(?P<square>[A-Z])\]"
    r"|\b(?i:option|choice|answer|letter|letra|lettre|lettera|литера|буква|Buchstabe|opción|opcion"
    r"|opção|opzione|optie|variante?|вариант)\s{1,3}\(?(?P<named>[A-Z]\b|[b-h]\b|a(?=\s*(?:[.):,;!]"
    r"|is\b|\Z)))"
    r"|(?<![\w'’.+¬~!√±∂#$@\\-])(?P<bare>[B-HJ-Z](?!\.[A-Za-z0-9])(?![A-Za-z0-9_'’+#*^=♭♯♮°²³⁺⁻-])"
    r"|[AI](?=\s{0,3}(?:[):,;/&!?|→。，]|(?<=\s)[B-Z]\b|\.(?![A-Za-z0-9])|(?:or|and|und|et|y|e|o|ou|oder)\s[A-Z]\b|\Z"
    r"|(?:is|must be|would be) (?:the )?(?:only )?(?:correct|right|best|true|answer)\b)))"
    r"|(?<=[是为為选選は项項肢])(?P<glued>[A-Z])(?![A-Za-z0-9])"
)
_LEADING = re.compile(
    r"[\"'“\s\[(]{0,4}(?P<letter>[A-Za-z])[\"'”\])]{0,3}(?:\s{0,3}(?:\Z|\n|[.):,;!](?=\s|\Z)"
    r"|[–—-](?=\s)|[。，、：]|/(?=[A-Z]\b)|(?=です|입니다|है))"
    r"|\s{1,3}(?:because|since|as|or|and|is|would be|must be|seems|fits|है)\b|'d[iıuü]r\b)"
)
_PRIMED = re.compile(r"['′’](?![^\W\d_])")  # A' is another point than A
# What may stand before a bare letter that names an option: "choose B" does, "vitamin B" does not.
_ANNOUNCED = re.compile(
    r"(?:\A|[^\w\s]|\b(?:is|be|was|it's|its|with|choose|chose|choosing|pick|picked|select|selected|for"
    r"|leaving|leaves|leave|therefore|so"
    r"|thus|hence|then|or|and|but|oder|und|ou|et|y|e|o|или|и|not|both|either|say|la|el|le|die|der|de"
    r"|het|il|lo|a|ist|est|es|è|é|opt|answer|definitely|probably|maybe|perhaps|possibly|even|else"
    r"|torn between|reflection|likely|think|believe|matches|to|e\.|only"
    r"|just|guess|на|это|jest|là"
    r"|adalah|cevap|yanıt|उत्तर|जवाब))\s{0,3}\Z",
    re.IGNORECASE,
)
_RIGHT_AFTER = re.compile(
    r"[)\]\"'”*.:]{0,3}(?:\s(?:(?!\b[A-Z]\b)[^.!?\n]){0,80}?)?\s(?:is|would be|must be)(?: clearly"
    r"| indeed| therefore| thus)? (?:the )?(?:only |most |best )?"
    r"(?:correct|right|true|answer|best|accurate|appropriate|one|solution|option)\b"
    r"|[)\]\"'”*]{0,3}\s(?:remains|fits|matches|works|holds|wins|it is)\b",
    re.IGNORECASE,
)
_CHOSEN_BEFORE = re.compile(
    r"\b(?:only|choose|chose|pick|picked|select|selected|go with|going with|opt for|vote for|leaving"
    r"|leaves(?: us with)?|left with|must be|has to be"
    r"|(?:so|thus|hence|therefore),?(?: it(?:'s| is))?|it's|it is|matches"
    r"|corresponds to|namely|i\.e\.|i(?:['’]ll|['’]d| will| would)? (?:think|believe|guess|say|vote))\s"
    r"(?:the )?(?:option |choice |answer )?[(\[\"'*]{0,3}\Z",
    re.IGNORECASE,
)
_LONGEST_CHOICE = 60  # characters; a model that goes round in circles names a thousand options
_DENIED = re.compile(
    r"\b(?:rule[sd]?|ruling|eliminat\w+|exclud\w+|reject\w*|discard\w*|cross(?:ed|es|ing)?)(?: out"
    r"| off)?\s(?:both |option |choice |options |choices )?"
    r"(?:\(?[A-Z]\)?(?:, | and |, and ))*[(\[]{0,2}\Z"
)
_FALLS_AFTER = re.compile(
    r"[)\]\"'”*]{0,3}(?:(?:,| and|, and) \(?[A-Z]\)?)*\s(?:fails?|(?:is|are|was|were)(?:n['’]t| not"
    r"|(?:\s(?:also|clearly|just|simply|definitely))?\s(?:too|wrong|incorrect|false|out|impossible|invalid|ruled|eliminated"
    r"|excluded|a common distractor|a distractor|tempting|unlikely|implausible))|can(?:not|['’]t)"
    r"|does(?:n['’]t| not)|do(?:n['’]t| not))\b"
)
_DESCRIBES = re.compile(r"\s(?:is|says|means|shows|describes|would)\b")
_ITEM = re.compile(r"\W*[A-Z][.):]\s")  # of a list of options
# A line of a list that judges every option: "B) 12 - Correct.", "- A: wrong", "C) 14 ❌".
_JUDGED = re.compile(
    r"^\W*(?P<letter>[A-Z])\b(?:[^\n✅✓✔❌✗✘]{0,100}?[\s–—(:-])?"
    r"(?:(?P<right>correct\b|right\b|[✅✓✔])|(?:incorrect\b|wrong\b|not correct\b|[❌✗✘]))",
    re.IGNORECASE | re.MULTILINE,
)
_NOR = re.compile(r",? (?:or|nor|and) ")
_HEADING = re.compile(r"(?:[Oo]ption|[Cc]hoice) \(?([A-Z])\)?(?:[:.]|\Z)")
_ANY_LETTER = re.compile(r"\b[A-H]\b(?! [a-z])")
_LETTER_IN_BRACKETS = 3  # characters of "(B)"
_LIST_OF_LETTERS = re.compile(r"(?:\W*[A-Z]\W*\n){1,9}\W*[A-Z]\W*")
# Full-width signs and letters in circles.
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x24B6 + n: ord("A") + n for n in range(26)
}


class Letter(NamedTuple):
    letter: str
    start: int
    end: int


def letters_of(statement: str) -> list[Letter]:
    """Return the option that a statement names; several where it offers several."""
    text = statement[:2000].translate(_PLAIN)
    if refuses(first_sentence(text)):
        return []
    found: list[Letter] = []
    leading = _LEADING.match(text)
    if leading and _PRIMED.match(text, leading.end("letter")) and leading[0][:1] not in "\"'“":
        leading = None
    if leading and not _denied(text, *leading.span("letter")):
        found.append(Letter(leading["letter"].upper(), *_bracketed(text, *leading.span("letter"))))
    denied = 0  # where the last letter ends that is denied by what stands before it
    for match in _OPTION.finditer(text, found[0].end if found else 0):
        letter = match["round"] or match["square"] or match["named"] or match["bare"] or match["glued"]
        if match["bare"] is not None and not _announced(text, match):
            continue
        if _denied(text, *match.span()) or (denied and _NOR.fullmatch(text, denied, match.start())):
            denied = match.end()
        else:
            found.append(Letter(letter.upper(), *match.span()))
    remarks = [(start, end) for start, end in asides(text) if end - start > _LETTER_IN_BRACKETS]
    main = [one for one in found if not any(start < one.start < end for start, end in remarks)]
    offered = _offered(text, main or found) if found else []
    return [] if len(offered) == 1 and hedged(text, offered[0].start, offered[0].end) else offered


def _bracketed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span of a letter with the brackets around it."""
    opens, closes = text[start - 1 : start] in ("(", "["), text[end : end + 1] in (")", "]")
    return (start - 1, end + 1) if opens and closes else (start, end)


def _announced(text: str, match: re.Match[str]) -> bool:
    before = _ANNOUNCED.search(text, max(0, match.start() - 14), match.start())
    return before is not None or _RIGHT_AFTER.match(text, match.end()) is not None


def _offered(text: str, found: list[Letter]) -> list[Letter]:
    """Return the letters that a statement offers: the chosen or else the first, with those joined to it."""
    main = before_reason(text)
    within = [one for one in found if one.start < len(main)] or found
    outright = [index for index, one in enumerate(within) if _is_chosen(text, one)]
    if len({within[index].letter for index in outright}) > 1:
        return [within[index] for index in outright]
    chosen = outright[0] if outright else 0
    gaps = [text[earlier.end : later.start] for earlier, later in pairwise(within)]
    joints = [joined(gap) or not gap.strip() for gap in gaps]
    first, last = chosen, chosen
    while first and joints[first - 1]:
        first -= 1
    while last < len(joints) and joints[last]:
        last += 1
    return within[first : last + 1]


def _is_chosen(text: str, one: Letter) -> bool:
    """Return whether a statement says outright that a letter is the answer."""
    return (
        _RIGHT_AFTER.match(text, one.end) is not None
        or _CHOSEN_BEFORE.search(text, max(0, one.start - _LONGEST_CHOICE), one.start) is not None
    )


def _denied(text: str, start: int, end: int) -> bool:
    """Return whether the letter at text[start:end] is said to be wrong."""
    return (
        retracted(text, start, end)
        or _DENIED.search(text[max(0, start - 40) : start]) is not None
        or _FALLS_AFTER.match(text, end) is not None
    )


def choosing_statement(final: FinalAnswer) -> str:
    """Return the sentence in which a response without a mark chooses.

    The last one that says outright which option is correct, else the very start ("B. The ..."), else the last
    sentence that does more than deny options.
    """
    whole = without_offers(final.whole)
    if _LIST_OF_LETTERS.fullmatch(whole):
        return " and ".join(re.findall("[A-Z]", whole))
    judged = [match for match in _JUDGED.finditer(whole[-2000:]) if match["letter"].isupper()]
    right = [match for match in judged if match["right"]]
    if len(judged) > 1 and len(right) == 1:
        return f"({right[0]['letter']})"
    start = clean(first_sentence(whole))
    tail = whole[-2000:]
    found = _sentences_back(tail)
    affirmed = next((sentence for sentence in found if _affirms(sentence)), None)
    if affirmed is not None:
        return affirmed
    leads = _LEADING.match(start) or start.startswith("(") or _is_only_heading(start, whole)
    if leads and letters_of(start) and not _lists(start, whole):
        return start
    if breaks_off(tail.rstrip()):
        return ""
    if len(parse_options(whole)) > 1:
        found = _sentences_back("\n".join(line for line in tail.split("\n") if not _ITEM.match(line)))
    return next((sentence for sentence in found if not _only_denies(sentence)), "")


def _is_only_heading(start: str, whole: str) -> bool:
    """Return whether a response begins with "Option B: ...", and names no other option after it."""
    heading = _HEADING.match(start)
    return heading is not None and set(_ANY_LETTER.findall(whole)) <= {heading[1]}


def _sentences_back(text: str) -> list[str]:
    """Return the sentences of a text that ask nothing, the last first, without what they take back."""
    found = [clean(reconsidered(text[begin:end])) for begin, end in reversed(sentences(text))]
    return [sentence for sentence in found if not sentence.endswith("?")]


def _lists(start: str, whole: str) -> bool:
    """Return whether a response begins by listing the options or describing the first one."""
    first = letters_of(start)[0]
    if _DESCRIBES.match(start, first.end):
        return len(sentences(whole)) > 1
    return first.letter == "A" and len(parse_options(whole)) > 1


def _affirms(sentence: str) -> bool:
    """Return whether a sentence says which option is correct."""
    return any(_is_chosen(sentence, one) for one in letters_of(sentence))


def _only_denies(sentence: str) -> bool:
    """Return whether a sentence names options, all of them as wrong."""
    return _OPTION.search(sentence) is not None and not letters_of(sentence)
