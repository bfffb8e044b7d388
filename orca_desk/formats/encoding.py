"""Which encoding a file of text has: by its byte order mark, as UTF-8 from end to end, or recognised."""

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from orca_desk.errors import UserError

CHUNK = 1 << 20  # bytes
SAMPLE = 64_000  # bytes with non-ASCII characters, from which an encoding is recognised
_HEAD = 4096
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1b"))  # rare in text
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
# Common ones first: of those that read a text equally well, the first Latin one is taken
_CANDIDATES = (
    "cp1252", "cp1250", "iso8859_2", "cp1254", "cp932", "gb18030", "big5", "cp949", "euc_jp", "cp1251",
    "koi8_r", "cp1253", "cp1255", "cp1256", "cp874", "mac_roman", "cp850",
)  # fmt: skip
_RARE = {  # letters that seldom occur where another encoding has common ones in their place
    "cp1252": frozenset("ðþýÐÞÝ"),
    "cp1250": frozenset("đţÐŢÝ"),
}
_JAPANESE_MAIL = re.compile(rb"\x1b\$[@B]")
_HAN_HOMES = {"gb18030": ("gb2312", 0xD7), "big5": ("big5", 0xC6), "cp932": ("shift_jis", 0x97),
              "euc_jp": ("euc_jp", 0xCF)}  # fmt: skip


# What people call them; the others go by Python's name
WORDS = {
    "utf-8": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32": "UTF-32",
    "cp1252": "Windows-1252 (Western)", "cp1250": "Windows-1250 (Central European)",
    "iso8859_2": "ISO 8859-2 (Central European)",
    "cp1254": "Windows-1254 (Turkish)", "cp932": "Shift-JIS (Japanese)", "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)", "cp949": "EUC-KR (Korean)", "euc_jp": "EUC-JP (Japanese)",
    "cp1251": "Windows-1251 (Cyrillic)", "koi8_r": "KOI8-R (Cyrillic)", "cp1253": "Windows-1253 (Greek)",
    "cp1255": "Windows-1255 (Hebrew)", "cp1256": "Windows-1256 (Arabic)", "cp874": "Windows-874 (Thai)",
    "iso2022_jp": "ISO-2022-JP (Japanese)", "mac_roman": "Mac Roman", "cp850": "DOS 850 (Western)",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """The encoding of a text, by Python's name. `guessed` says that nothing in the text proves it."""

    name: str
    guessed: bool = False


def find_encoding(stream: BinaryIO, *, name: str, asked: str | None = None) -> Encoding:
    """Return the encoding of all of `stream`, which can seek; `asked` is what the user named, if anything.

    A text is in one encoding from end to end, or it is UTF-8 in which some lines are damaged. Raises
    UserError, which calls the file `name`, for a file that is not text and for an encoding that does not fit.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    if asked:
        return _asked(stream, name, asked)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return Encoding(name=encoding)
    if head.startswith((b"PK\x03\x04", b"\x1f\x8b", b"GGUF", b"%PDF")):
        raise UserError(
            f"{name} is not a text file, but perhaps a workbook, archive, PDF or model file.",
            "Unpack it, or export it as JSONL or CSV.",
        )
    if wide := _wide(head):
        if _decodes(stream, wide):
            return Encoding(name=wide, guessed=True)
        raise UserError(f"{name} is binary, or damaged UTF-16.", "Save it as UTF-8 text.")
    if _JAPANESE_MAIL.search(head) and _decodes(stream, "iso2022_jp"):  # all of its bytes are ASCII
        return Encoding(name="iso2022_jp", guessed=True)
    if _decodes(stream, "utf-8"):
        if sum(map(head.count, _CONTROLS)) > max(len(head), 40) // 4:
            raise UserError(f"{name} is not a text file.", "Choose a JSONL, JSON, CSV or text file.")
        return Encoding(name="utf-8-sig")
    if sum(map(head.count, _CONTROLS)) > len(head) // 20:
        raise UserError(f"{name} is not a text file.", "Choose a JSONL, JSON, CSV or text file.")
    sample, whole_lines, damaged_lines = _beyond_ascii(stream)
    if whole_lines < damaged_lines and (found := recognise(sample, lambda one: _decodes(stream, one))):
        return Encoding(name=found, guessed=True)
    return Encoding(name="utf-8-sig")


def recognise(sample: bytes, fits: Callable[[str], bool] = lambda encoding: True) -> str | None:
    """Return the encoding in which `sample` reads most like text, among those that it and the file `fits`."""
    from charset_normalizer import from_bytes

    texts = {}
    for encoding in _CANDIDATES:
        try:
            texts[encoding] = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
    odd = {encoding: _oddness(text, encoding) for encoding, text in texts.items()}
    ranked = [found.encoding for found in from_bytes(sample, cp_isolation=list(_CANDIDATES))]

    def order(encoding: str) -> tuple[float, int, int]:
        place = ranked.index(encoding) if encoding in ranked else len(ranked)
        return odd[encoding], 0 if encoding == "cp1252" else 1 + place, _CANDIDATES.index(encoding)

    return next((encoding for encoding in sorted(odd, key=order) if fits(encoding)), None)


def _asked(stream: BinaryIO, name: str, asked: str) -> Encoding:
    try:
        known = codecs.lookup(asked)
        "".encode(asked)
    except (LookupError, ValueError, TypeError) as error:
        hint = "Name one such as utf-8, cp1252 or gb18030."
        raise UserError(f"There is no text encoding {asked!r}.", hint) from error
    encoding = "utf-8-sig" if known.name == "utf-8" else known.name
    if not _decodes(stream, encoding):
        raise UserError(f"{name} is not {asked} text.", "Leave the encoding out, or name another one.")
    return Encoding(name=encoding)


def _wide(head: bytes) -> str:
    """Return the UTF-16 that a text without a mark is in, by where its zero bytes stand; "" for neither."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 20 < len(head) or min(even, odd) * 10 > max(even, odd) or len(head) < 4:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _decodes(stream: BinaryIO, encoding: str) -> bool:
    stream.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := stream.read(CHUNK):
            if encoding != "utf-8" or not chunk.isascii() or decoder.getstate()[0]:  # ASCII is UTF-8
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _beyond_ascii(stream: BinaryIO) -> tuple[bytes, int, int]:
    """Return a sample of the lines beyond ASCII, and how many such lines are UTF-8 and how many are not."""
    stream.seek(0)
    sample: list[bytes] = []
    size = whole = damaged = 0
    for line in _long_lines(stream):
        if line.isascii():
            continue
        try:
            line.decode()
            whole += 1
        except UnicodeDecodeError:
            damaged += 1
        if size < SAMPLE:
            sample.append(line)
            size += len(line)
    return b"".join(sample), whole, damaged


def _long_lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(SAMPLE):
        while not line.isascii() and not line.endswith(b"\n") and len(line) < 4 * SAMPLE:
            more = stream.readline(SAMPLE)
            if not more:
                break
            line += more
        yield line


def _oddness(text: str, encoding: str) -> float:
    """Return how odd a text looks: 0 for one that people could have written."""
    odd = 0.0
    home, last_common = _HAN_HOMES.get(encoding, ("", 0))
    has_accents = any(sign in text for sign in "áéíúæÁÉÍÚÆ")
    previous = " "
    for sign, following in zip(text, text[1:] + " ", strict=True):
        if not sign.isascii():
            odd += _odd_sign(sign, previous, following)
            if home and _is_han(sign):
                odd += 0.0 if _is_common(sign, home, last_common) else 0.6
            elif encoding == "cp949" and _is_han(sign):
                odd += 1
            is_rare = sign in _RARE.get(encoding, ()) and not has_accents
            if is_rare or (sign == "ъ" and not following.isalpha()):
                odd += 0.7
        previous = sign
    return odd


def _odd_sign(sign: str, previous: str, following: str) -> float:
    kind = unicodedata.category(sign)
    if kind in ("Cc", "Cn", "Co", "Cs"):
        return 3
    inside = previous.isalpha() and following.isalpha()
    beside = previous.isalpha() or following.isalpha()
    if sign in "ªº" or kind in ("So", "Sk", "No", "Sm"):
        return 1.0 if inside else 0.6 if beside else 0.1
    if kind[0] == "P":
        return 0.0 if sign in "’‘'·–—、。，" or not inside else 1.0
    if "\uff61" <= sign <= "\uff9f":
        return 1  # halfwidth katakana: what another encoding's bytes look like
    odd = 0.0
    if sign.isupper() and previous.islower():
        odd += 1
    script, before = _script(sign), _script(previous)
    if previous.isalpha() and script != before:
        odd += 1 if "latin" in (script, before) and "cjk" not in (script, before) else 0.2
    if script == "latin" == before and not previous.isascii():
        odd += 0.6
    return odd


@lru_cache(maxsize=4096)
def _script(sign: str) -> str:
    if not sign.isalpha():
        return ""
    name = unicodedata.name(sign, "")
    word = name.split(" ", 1)[0]
    return "cjk" if word in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "FULLWIDTH") else word.casefold()


def _is_han(sign: str) -> bool:
    return "\u3400" <= sign <= "\u9fff" or "\uf900" <= sign <= "\ufaff" or sign >= "\U00020000"


@lru_cache(maxsize=8192)
def _is_common(sign: str, home: str, last: int) -> bool:
    """Return whether a Han sign is among the common half of a national standard."""
    try:
        return sign.encode(home)[0] <= last
    except UnicodeEncodeError:
        return False
