"""Refusals: an answer that declines to answer, by how it begins.

Only the opening is read, so an answer that quotes a refusal, or is sorry for something, is not one. "It
cannot be determined from the passage" is an answer, too.
"""

import re

from orca_desk.method.thoughts import split_thoughts

OPENING = 300  # characters
_I_CANNOT = r"""i\s*(?:can(?:no|['’])t|can\ not|could\ not|won['’]t|will\ not|must\ decline\ to
    |(?:am|['’]m)\ (?:unable|not\ able|not\ (?:programmed|designed|allowed|permitted))\ to)"""
_VERB = r"""(?:help|assist|comply|provide|fulfil|fulfill|do\ (?:that|this)|create|generate|write|produce
    |discuss|engage|support|offer|share|complete\ this\ request|continue\ with
    |respond\ to\ (?:that|this)|participate
    |answer\ (?:that|this|your)\ (?:question|request)(?!\ (?:based|from|with|using|given))
    |browse|access|process\ (?:that|this|your)|recommend|give\ (?:you\ )?(?:advice|instructions)
    |encourage|facilitate)"""
_SORRY = r"""(?:(?:i['’]?m|i\ am)(?:\ (?:really|very|so))?\ sorry|sorry|(?:i|my)\ apolog(?:ies|i[sz]e)
    |unfortunately|regrettably)\b"""
_AS_AI = r"""as\ an?\ (?:ai|artificial\ intelligence|(?:large\ )?language\ model|virtual\ assistant)\b
    [^.!?\n]{0,80}"""
_PATTERNS = (
    # I'm sorry, but as an AI I can't help with that.
    rf"(?:{_SORRY}[^.!?\n]{{0,60}}?[,.;:!—–-]*\s*)?(?:but\s+)?(?:{_AS_AI},?\s*)?{_I_CANNOT}\s+{_VERB}\b",
    rf"{_AS_AI},?\s*(?:i|my)\b[^.!?\n]{{0,80}}"
    r"\b(?:not|cannot|can['’]t|unable|no\ (?:access|ability|opinion))",
    r"i(?:['’]m|\ am)\ just\ an\ ai\b",
    r"i\ (?:don['’]t|do\ not)\ have\ (?:the\ ability|access|the\ capability|permission)\ to\b",
    r"lo\ siento,?\ (?:pero\ )?no\ puedo\ (?:ayudar|responder|proporcionar|cumplir)",
    r"(?:je\ suis\ )?désolée?,?\ (?:mais\ )?je\ ne\ (?:peux|suis)\ pas",
    r"(?:(?:es\ )?tut\ mir\ leid|entschuldigung),?\ (?:aber\ )?(?:ich|dabei|das)\ kann\b[^.!?\n]{0,50}nicht",
    r"(?:desculpe|sinto\ muito),?\ (?:mas\ )?não\ posso",
    r"mi\ dispiace,?\ (?:ma\ )?non\ posso",
    r"(?:很?抱歉|对不起)[，,]?\s*(?:但)?我(?:无法|不能)",
    r"(?:申し訳(?:ありません|ございません)|すみません)[^。\n]{0,40}できません",
)
_REFUSAL = re.compile(rf"\W*(?:{'|'.join(_PATTERNS)})", re.IGNORECASE | re.VERBOSE)


def is_refusal(answer: str) -> bool:
    """Return whether an answer, after its thoughts, begins by declining to answer."""
    return bool(_REFUSAL.match(split_thoughts(answer)[1].lstrip()[:OPENING]))
