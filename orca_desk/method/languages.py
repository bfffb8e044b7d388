"""Which language a text is in, by py3langid: a model of 139 languages inside the package, no network.

A short text gives away little: probabilities stay spread then, and the text counts as no language at all
rather than as a wrong one.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

Likely = tuple[tuple[str, float], ...]  # ISO 639 codes with their probabilities, the likeliest first
# What can be told, written out so that checking a code needs no model
_CODES = (
    "ace af am an ar ary arz as az ba bcl be bg bn br bs ca crh cs cy da de dz el en eo es et eu ext fa "
    "fi fo fr fuv fy ga gcf gcr gd gl gom grc gu gug guw ha hbo he hi hr ht hu hy id ig is it ja jv ka "
    "kab kik kk km kn ko ku ky la lb lg lij ln lo lt ltg lv mg mk ml mn mr ms mt my ne nl nn no nso oc "
    "om or pa pcm pl ps pt qu ro ru rw sa sdh se si sk sl sn so sq sr st sv sw ta te tg th tk tl tr tt "
    "ug uk ur uz uzs vec vi vo wa wuu xh yo yue zh zu zxx "
)
LANGUAGES = frozenset(_CODES.split())
LETTERS = 12  # with fewer, no language can be told; a letter of a script without spaces counts for three
CLEAR = 0.6  # the probability from which a text is said to be in a language
UNLIKELY = 0.1  # the probability below which a text is surely not in some languages,
LIKELY = 0.4  # provided that it is likely in another one: names and formulas are spread over many
MENTIONED = 0.01
# Code, formulas and addresses are in no language, and neither are numbers, signs and single letters
_NO_LANGUAGE = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$|\\\[.*?\\\]|https?://\S+", re.DOTALL
)
_WORD = re.compile(r"[^\W\d_]{2,}(?:['’][^\W\d_]+)?|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def languages_of(text: str) -> Likely:
    """Return the languages a text may be in; none if it has too few letters to tell."""
    words = " ".join(_WORD.findall(_NO_LANGUAGE.sub(" ", text)))
    if len(words) + 2 * len(_DENSE.findall(words)) < LETTERS:
        return ()
    found = _identifier().rank(words)
    return tuple((code, round(share, 3)) for code, share in found[:5] if share >= MENTIONED)


def clear_language(likely: Likely) -> str:
    """Return the code of the language that a text is clearly in, or an empty text."""
    return likely[0][0] if likely and likely[0][1] >= CLEAR else ""


def surely_other(likely: Likely, wanted: Iterable[str]) -> bool:
    """Return whether a text is surely in none of the `wanted` languages; never for one that tells nothing."""
    if not likely or likely[0][1] < LIKELY:
        return False
    codes = set(wanted)
    return sum(share for code, share in likely if code in codes) < UNLIKELY


@cache
def _identifier() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # with its model: 0.4 s

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
