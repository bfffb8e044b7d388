"""Markdown as models mean it: everything that is not plainly markup is shown as it was written.

Markdown takes a product for emphasis (2*3*4), a year for a list (1986. A great year), a comparison for a
quotation (> 5), and drops the backslashes of LaTeX. Where answers are compared, no character may be lost. So
all punctuation is escaped, but for a few constructs: code, headings, bullets, rules, tables, bold and italics
with white space around them, and links. Lines end where their writer ended them.
"""

import re
from collections.abc import Iterator

_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_FENCE = re.compile(
    r"[ \t]*(`{3,}|~{3,})[ \t]*(?:[A-Za-z][\w+#.-]*)?"
    r'(?:[ \t]*(?:\{[^{}`]*\}|(?<=[ \t])[A-Za-z]+="[^"`]*"))*[ \t]*$'  # {1,3} title="main.py"
)
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S.*)")
_BULLET = re.compile(r"([ \t]*)([-*+])[ \t]+(?=[^\s\d.,$€£¥%])(.*)")  # a number after it may have a sign
_RULE = re.compile(r"[ \t]*([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_DELIMITERS = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_CELL_END = re.compile(r"(?<!\\)\|")
_MATHS = {"\\[": "\\]", "$$": "$$"}  # what opens and closes formulas of several lines
_MARKUP = re.compile(
    r"`|\*\*|~~~|^ {0,3}#{1,6}[ \t]|^[ \t]*[-*+][ \t]|\|[ \t]*:?-|\\[\[(]|\\begin\{|\\boxed\{"
    r"|\$[^$\n]+\$|\$\$|(?<!\w)\*[^\s*][^*\n]*\*(?!\w)|\]\(",
    re.MULTILINE,
)
_NEST = 3  # columns of white space by which a bullet may be indented at the outermost level
_INLINE = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`+)(?!`).{1,2000}?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<maths>\\\(.{1,2000}?\\\)|\\\[.{1,2000}?\\\]|\$\$.{1,2000}?\$\$|(?<![\w$])\$(?=[^\s$])[^$]*?(?<=[^\s$\\])\$(?![\w$]))"
    r"|(?P<picture>!\[(?P<alt>[^\[\]\\]*)\]\([^()\s]+\))"
    r"|(?P<link>\[(?P<words>[^\[\]\\]+)\]\((?P<to>(?:https?://|mailto:)[^()<>\s\\]+)\))"
    r"|(?P<address>https?://[^\s<>\\\"'`*|&\[\](){}]+[^\s<>\\\"'`*|&\[\](){}.,;:!?])"
    r"|(?<![\w*\\])\*\*(?=[^\s*])(?P<bold>(?:[^*]|(?<!\*)\*(?!\*)){0,2000}?[^\s*\\])\*\*(?![\w*])"
    r"|(?<![\w*\\])(?P<stars>\*{1,3})(?=[^\s*])(?P<said>[^*]{0,2000}?[^\s*\\])(?P=stars)(?![\w*])"
)


def readable_markdown(text: str) -> str:
    """Return Markdown that shows `text`, with all of it in sight that is no plain markup."""
    return "\n".join(_blocks(text.replace("\r\n", "\n").split("\n")))


def has_markup(text: str) -> bool:
    """Return whether a text may look different when its Markdown, formulas and code are set."""
    return bool(_MARKUP.search(text))


def code_lines(text: str) -> Iterator[tuple[bool, str]]:
    """Yield whether a part of a text is a block of code, and the part: whole lines without the last end."""
    lines = text.replace("\r\n", "\n").split("\n")
    start = place = 0
    while place < len(lines):
        if fence := _FENCE.match(lines[place]):
            if start < place:
                yield False, "\n".join(lines[start:place])
            code = _code(lines, place, fence[1])
            place += len(code)
            yield True, "\n".join(lines[place - len(code) : place])
            start = place
        else:
            place += 1
    if start < place:
        yield False, "\n".join(lines[start:place])


def _blocks(lines: list[str]) -> Iterator[str]:
    place, is_after_blank, last_fence = 0, True, ""
    while place < len(lines):
        line = lines[place]
        if place and _is_item(lines[place - 1]) and line.strip() and not _is_item(line):
            yield ""  # without it, the line would be shown as one more item
        if fence := _FENCE.match(line):
            code = _code(lines, place, fence[1])
            place += len(code)
            if fence[1][0] == last_fence:
                code = _fenced_otherwise(code, fence[1])
            yield from code
            last_fence = code[0][0]
        elif formula := _formula(lines, place):
            yield from (f"{_literal(row.strip())}  " for row in formula)
            place += len(formula)
        elif rows := _table(lines, place):
            yield from ("", *rows, "")
            place += len(rows)
        else:
            yield _line(line, is_after_blank)
            place += 1
        is_after_blank = not lines[place - 1].strip()
        if not (fence or is_after_blank):
            last_fence = ""


def _code(lines: list[str], start: int, fence: str) -> list[str]:
    """Return the lines of a block of code, without the indentation of its start; the end may be missing."""
    found, indent = [lines[start].strip()], len(lines[start]) - len(lines[start].lstrip(" "))
    for line in lines[start + 1 :]:
        inside = line.strip()
        if inside.startswith(fence) and not inside.strip(fence[0]):
            return [*found, inside]
        found.append(line[min(indent, len(line) - len(line.lstrip(" "))) :])
    return found


def _fenced_otherwise(code: list[str], fence: str) -> list[str]:
    """Return a block of code between fences of the other kind, so that it is apart from the one before it."""
    first, *inside = code
    is_closed = bool(inside) and inside[-1].startswith(fence) and not inside[-1].strip(fence[0])
    kind = "~" if fence[0] == "`" else "`"
    other = kind * max([3, *(len(line) - len(line.lstrip(kind)) + 1 for line in map(str.strip, inside))])
    return [other + first.lstrip(fence[0]), *(inside[:-1] if is_closed else inside), *[other] * is_closed]


def _formula(lines: list[str], start: int) -> list[str]:
    """Return the lines of a formula that starts with this line and ends on another, or none."""
    opening = lines[start].strip()[:2]
    closing = _MATHS.get(opening)
    if closing is None or closing in lines[start].strip()[2:]:
        return []
    for end in range(start + 1, len(lines)):
        if closing in lines[end]:
            return lines[start : end + 1]
    return []


def _table(lines: list[str], start: int) -> list[str]:
    """Return the lines of a table that starts here, or none. A row with too many cells would lose some."""
    if start + 1 >= len(lines) or "|" not in lines[start] or not _DELIMITERS.match(lines[start + 1]):
        return []
    width = _cells(lines[start])
    if "|" not in lines[start + 1] or _cells(lines[start + 1]) != width:
        return []
    end = start + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    rows = [lines[start], *lines[start + 2 : end]]
    if any(_cells(row) > width for row in rows):
        return []
    head, *body = ["|".join(map(_inline, _CELL_END.split(row.strip()))) for row in rows]
    return [head, lines[start + 1].strip(), *body]


def _cells(row: str) -> int:
    bare = row.strip()
    return len(_CELL_END.split(bare)) - bare.startswith("|") - (len(bare) > 1 and bare.endswith("|"))


def _is_item(line: str) -> bool:
    """Return whether a line is shown as an item of a list."""
    bullet = _BULLET.match(line)
    return bullet is not None and len(bullet[1].expandtabs(4)) <= _NEST


def _line(line: str, is_after_blank: bool) -> str:
    """Return one line outside of code and tables; two spaces at its end keep its break."""
    if not line.strip():
        return ""
    if is_after_blank and _RULE.match(line):
        return "---"
    if heading := _HEADING.match(line):
        return f"{heading[1]} {_inline(heading[2])}"
    if bullet := _BULLET.match(line):
        indent = len(bullet[1].expandtabs(4))
        if indent <= _NEST:
            return f"{' ' * indent}- {_inline(bullet[3])}  "
        return f"{_spaces(indent)}• {_inline(bullet[3])}  "
    bare = line.lstrip()
    return f"{_spaces(len(line.expandtabs(4)) - len(bare.expandtabs(4)))}{_inline(bare)}  "


def _spaces(count: int) -> str:
    """Return an indentation that Markdown does not take for code."""
    return "\N{NO-BREAK SPACE}" * min(count, 40)


def _inline(text: str) -> str:
    """Escape all punctuation of a text but for its inline markup."""
    pieces, end = [], 0
    for found in _INLINE.finditer(text):
        pieces += [_literal(text[end : found.start()]), _markup(found)]
        end = found.end()
    return "".join([*pieces, _literal(text[end:])])


def _markup(found: re.Match[str]) -> str:
    if found["code"]:
        return found["code"]
    if found["picture"]:
        return found["picture"]
    if found["link"]:
        return f"[{_literal(found['words'])}](<{found['to']}>)"
    if found["address"]:
        return f"<{found['address']}>"
    stars, said = ("**", found["bold"]) if found["bold"] else (found["stars"], found["said"])
    if stars is None or _multiplies(found, said):
        return _literal(found[0])
    return f"{stars}{_inline(said)}{stars}"


def _multiplies(found: re.Match[str], said: str) -> bool:
    """Return whether stars stand between numbers: 2 *3* 4."""
    before, after = found.string[: found.start()].rstrip()[-1:], found.string[found.end() :].lstrip()[:1]
    return not re.search(r"[^\W\d_]", said) and (before.isdigit() or after.isdigit())


def _literal(text: str) -> str:
    return _PUNCTUATION.sub(r"\\\g<0>", text)
