"""Which texts read the same: what is folded before comparing, and what never is.

Case, articles, quotation marks, sentence punctuation and ways to encode one character are folded. Signs,
brackets of mathematics, symbols of programming, superscripts, accidentals, suits, vowel signs and the marks
of kana are not: they carry meaning.
"""

import re
import unicodedata
from functools import lru_cache

from orca_desk.method.grading.words import digits_for

_ARTICLES = frozenset({"a", "an", "the"})
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ", "0123456789+-=()ni")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴-⁹⁺⁻⁼⁽⁾ⁿⁱ]+")
_SIGNS = str.maketrans(
    {"≥": ">=", "⩾": ">=", "≤": "<=", "⩽": "<=", "≠": "!=", "−": "-", "‐": "-", "‑": "-", "⁄": "/", "∕": "/"}
    | {"∞": "infinity"}
    | dict.fromkeys("’ʼ‘´ʻ‛", "'")
    | dict.fromkeys("“”„‟«»「」『』《》", '"')
)
_BASE = re.compile("(?<=\\d)(?=[₀-₉])")  # 1011₂ is no 10112
_SHARP = re.compile(r"(?<=\b[A-G])♯")
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f]")
_COMPATIBLE = frozenset(
    [
        "<wide>", "<narrow>", "<compat>", "<sub>", "<initial>", "<medial>", "<final>", "<isolated>",
        "<vertical>",
    ]
)  # fmt: skip
_ACRONYM = re.compile(r"\b(?:[^\W\d_]{1,2}\.){2,}(?:[^\W\d_]\b)?|\b(?:[A-Z]\.\s){2,}")
_BULLET = re.compile(r"\A[-*•–]\s+(?=[^\W\d])")
_LETTER = r"[^\W\d_]"
# Apostrophes within and after words, and quotation marks; the prime of "x'" and the inches of 5" stay.
_APOSTROPHE = re.compile(rf"(?<={_LETTER})'(?={_LETTER})|(?<={_LETTER}{{2}})'|(?<!\w)'(?=\w)(?![^']*')")
_QUOTED = re.compile(r"(?<!\w)'([^']*)'(?!\w)|\"([^\"]*)\"")
_LONE_QUOTE = re.compile(r"(?<!\d)\"")
_SENTENCE_SIGNS = re.compile(r"[.,;:!?…]+(?=[\s)\]}]|\Z)|[。，、；：！？।؟،…¡¿]|,(?!\d{3}(?!\d))|;")
_FACTORIAL = re.compile(r"(?<=[\w)])!(?![=\w])")
_LONG_WORD = re.compile(rf"{_LETTER}{{3}}")
_HYPHEN = re.compile(rf"(?<={_LETTER})[-–—](?={_LETTER}{{2}})|(?<={_LETTER}{{2}})[-–—](?=\w)")
_DASH = re.compile(rf"(?<={_LETTER}{{2}})\s+[-–—]+\s+(?=\w)|\s*—\s*")
_OPERATOR = re.compile(
    r"\s*(>=|<=|!=|==|->|=>|=|<|>|≈|[+*/^|&×÷∪∩∧∨⊂⊆∈→⇒]|(?<=[\w)])\s-\s(?=[\w(])|(?<=\d)-(?=\d)"
    r"|(?<=\b\w)-(?=\w\b))\s*"
)
_AND = re.compile(r"(?<!&)&(?!&)")
_PLACEHOLDER = re.compile(rf"[\[{{<]({_LETTER}{{3,}}(?:[ '-]{_LETTER}+)*)[\]}}>]\.?")
_INNER_SPACE = re.compile(r"(?<=[(\[{])\s+|\s+(?=[)\]}%°])")
_WORDY_PARENTHESES = re.compile(rf"(?<![^\s(\[{{])\(({_LETTER}[^()\[\]{{}}\d=<>+*/^|]+)\)")
# The vowel points of Arabic (with its lengthening stroke) and of Hebrew.
_VOWEL_POINTS = re.compile(
    "[\u0610-\u061a\u064b-\u0652\u0670\u0640\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]"
)
_GRAVE, _ACUTE, _CIRCUMFLEX, _DIAERESIS, _CEDILLA = "\u0300\u0301\u0302\u0308\u0327"
_LIGHT_ACCENTS = frozenset({_GRAVE, _ACUTE, _CIRCUMFLEX, _CEDILLA})
_ACCENTED = re.compile("(.)([\u0300-\u036f]+)", re.DOTALL)
_STROKES = str.maketrans("łŁđĐøØı", "lLdDoOi")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "æ": "ae", "œ": "oe", "ø": "oe", "å": "aa"})
_LEAST_LETTERS = 4  # of a text in small letters whose accents may be missing


@lru_cache(maxsize=2048)
def _compatible(character: str) -> str:
    """Return the usual form of a character: of a full-width letter, a ligature, a subscript."""
    kind, _, _ = unicodedata.decomposition(character).partition(" ")
    if kind in _COMPATIBLE or (kind == "<font>" and "\U0001d400" <= character <= "\U0001d7ff"):
        return unicodedata.normalize("NFKC", character)
    return character


def _encoded(text: str) -> str:
    """Return `text` with one encoding of each character, without invisible ones; superscripts after "^"."""
    text = _SUPERSCRIPT.sub(lambda match: "^" + match[0].translate(_SUPERSCRIPTS), text)
    text = _BASE.sub("_", _SHARP.sub("#", text))
    shown = (character for character in _SKIN.sub("", text) if unicodedata.category(character) != "Cf")
    return unicodedata.normalize("NFC", "".join(map(_compatible, shown))).translate(_SIGNS)


def normalise(text: str) -> str:
    """Return `text` as it is compared: one case and encoding, without articles, quotation marks, and the
    punctuation of sentences.

    Text without any letter or digit (") ]", "?!", "♥") is compared sign by sign, without white space.
    """
    if not text.isascii():
        text = _encoded(text)
    if not any(map(str.isalnum, text)):
        signs = "".join(text.split())
        return signs.removesuffix(".") if signs[:-1].strip(".,!?") else signs
    text = _BULLET.sub("", text.strip())
    placeholder = _PLACEHOLDER.fullmatch(text)
    text = placeholder[1] if placeholder else text
    if "&" in text:
        text = _AND.sub(" and ", text)
    if "." in text:
        text = _ACRONYM.sub(_without_stops, text)
    if "'" in text or '"' in text:
        text = _QUOTED.sub(lambda match: match[1] or match[2] or "", text)
        text = _LONE_QUOTE.sub("", _APOSTROPHE.sub("", text))
    if "!" in text and not _LONG_WORD.search(text):
        text = _FACTORIAL.sub("\ue000", text)
    text = _SENTENCE_SIGNS.sub(" ", text).replace("\ue000", "!")
    if "(" in text:
        text = _WORDY_PARENTHESES.sub(r" \1 ", text)
    text = _DASH.sub(" ", _HYPHEN.sub(" ", text))
    text = _INNER_SPACE.sub("", _OPERATOR.sub(lambda match: f" {match[1].strip()} ", text))
    words = text.split()
    kept = [word for index, word in enumerate(words) if not _is_article(words, index)]
    return " ".join(digits_for(word.casefold()) for word in kept)


def _without_stops(match: re.Match[str]) -> str:
    """Return an abbreviation or initials without full stops: "U.S.A." is "USA", "J. K. " is "JK "."""
    return "".join(match[0].replace(".", "").split()) + (" " if match[0][-1].isspace() else "")


def _is_article(words: list[str], index: int) -> bool:
    """Return whether a word is an article: "a box" has one, "vitamin A" and "x = a" have none."""
    word = words[index]
    if word.casefold() not in _ARTICLES or index + 1 == len(words) or (word == "A" and index):
        return False
    return words[index + 1][0].isalnum()


def same_reading(answer: str, expected: str) -> bool:
    """Return whether two texts read the same, up to marks on letters that one of them leaves out.

    The vowel points of Arabic and Hebrew may be left out, and so may the accents of Latin names and of longer
    words where the other side has none: "Sao Paulo" and "cafe", but neither "schon" for "schön" nor "ano" for
    "año".
    """
    ours, theirs = normalise(answer), normalise(expected)
    if ours == theirs:
        return True
    if ours.isascii() and theirs.isascii():
        return False
    bare_ours, bare_theirs = _VOWEL_POINTS.sub("", ours), _VOWEL_POINTS.sub("", theirs)
    if bare_ours == bare_theirs and (bare_ours == ours or bare_theirs == theirs):
        return True
    return _plainer(expected, ours) or _plainer(answer, theirs)


def _plainer(accented: str, plain: str) -> bool:
    """Return whether `plain`, which is normalised, is `accented` without accents or with "ae" for "ä"."""
    bare = _unaccented(accented)
    if bare is not None and normalise(bare) == plain:
        return True
    folded = normalise(accented)
    spelled = folded.translate(_UMLAUTS)
    return spelled != folded and spelled == plain


def _unaccented(text: str) -> str | None:
    """Return a text without its accents if all of them may be left out, None otherwise."""
    composed = unicodedata.normalize("NFC", text)
    long = sum(map(str.isalpha, composed)) >= _LEAST_LETTERS
    words = [_unaccented_word(word, long=long) for word in re.split(r"(\s+|-)", composed)]
    return None if None in words else "".join(word for word in words if word is not None)


def _unaccented_word(word: str, *, long: bool) -> str | None:
    """Return a word without its accents: any of a Latin name, the light ones of a `long` text."""
    decomposed = unicodedata.normalize("NFD", word)
    accents = _ACCENTED.findall(decomposed)
    base = _ACCENTED.sub(r"\1", decomposed)
    if word[:1].isupper() and all("LATIN" in unicodedata.name(letter, "") for letter, _ in accents):
        return base.translate(_STROKES)
    light = all(
        set(marks) <= _LIGHT_ACCENTS or (marks == _DIAERESIS and letter in "eiеЕ")
        for letter, marks in accents
    )
    return base if not accents or (light and (long or not base.isascii())) else None
