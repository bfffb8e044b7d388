"""Arithmetic of each line: every equation of a step is worked out again.

An equation is what stands on both sides of "=", as far as it reads as numbers and signs. Sentences around
it, units, money and per cent can be read in more than one way; a step is incorrect only if every reading of
one of its equations is, and correct only if all its equations could be read and hold.
"""

import re
from collections.abc import Iterator
from fractions import Fraction

from orca_desk.method.answer_steps import AnswerStep
from orca_desk.method.checkers.check import CORRECT, UNCHECKED, StepCheck, StepFault, incorrect, shown_step
from orca_desk.method.grading.markup import clean

_LONGEST = 4_000  # characters of a step that are read
_SIDE = 120  # characters of a side of an equation that are read
_CALCULATOR = re.compile(r"<<([^<>]{1,80})>>")  # GSM8K's: "16 - 3 = <<16-3=13>>13"
_EQUALS = re.compile(r"(?<![<>!=:])=(?![=<>])|≈|(?<!\w)~=")
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+"
_TOKEN = re.compile(
    rf"\s*(?:(?P<number>[$€£]?\s?(?:{_NUMBER})(?P<percent>\s?%)?)|(?P<times>[x×·*]|of\b)(?!\*)|(?P<power>\*\*|\^)"
    r"|(?P<sign>[+\-−–/÷()]))"
)
_UNIT = re.compile(r"\s*(?P<unit>(?<=\s)[^\W\d_]+(?:[ -][^\W\d_]+){0,2})?\s*[.,;:!?)*_]*\s*\Z")
_FIRST_UNIT = re.compile(r"\s*-?(?P<unit>(?!x\s)[^\W\d_]+)?")
_SPACED_DASH = re.compile(r"\s[-−–]\s")
_ONE_UNIT = re.compile(rf"(?P<number>(?:{_NUMBER}))\s+(?P<unit>[^\W\d_]+)(?=\s*(?:[+−–-]|\Z))")
_FLOAT_NOISE = Fraction(1, 10**9)
_OPERATOR_BEFORE = re.compile(r"[+*×·/÷^=<>√∛]\s*\Z|\d:\Z|(?<![^\W\d_])x\s*\Z")  # "9:00 + 2" is a clock
_OPERATOR_AFTER = re.compile(r"\s*(?:[*×·/÷^+(]|[-−–](?=\s?[\w(])|x\s)")
_CLAUSE_END = re.compile(r"(?<=[.!?;])(?:\s|\Z)")
_NOT_STATED = re.compile(  # asked, supposed or denied: "It is wrong that 2 + 2 = 5"; or not in tens
    r"\b(?:if|suppose|assume|wrong|incorrect|false|not|never|instead|mistake)\b|n['’]t\b|\?"
    r"|\b(?:mod|modulo|binary|octal|hex|hexadecimal|base[ -]\w+)\b",
    re.IGNORECASE,
)
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3})+(?![\d.,])")  # "1.500" is 1,500 in much of Europe
_LEADING_ZERO = re.compile(r"(?<![\d.,])0\d")  # of a date: "2024-01-05"
_RANGE = re.compile(r"\s*(\d{1,4})\s?[-−–]\s?(\d{1,4})\s*")  # "pages 12-15 = 4 pages", "9 - 17 = 8 hours"
_IMPLIED_PRODUCT = re.compile(r"[\d)]\s?\(")
_AFTER_RESULT = re.compile(rf"[ *_`]*[-−]?\s?[$€£]?\s?[-−]?(?:{_NUMBER})(?P<rest>.*)", re.DOTALL)
# A clock and a calendar begin again: "11 + 3 = 2 pm". So does "30 + 45 = 1 hour 15 minutes", and "3:4".
_BEGINS_AGAIN = re.compile(
    r":\d|\s*(?:[ap]\.?m\b|o['’]clock\b|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b"
    r"|[^\W\d_]+,?(?:\s+and)?\s+\d)",
    re.IGNORECASE,
)
_LARGER_UNIT = re.compile(
    r"\s*(?:dozens?|minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|years?|decades?|feet|foot|ft|yards?"
    r"|miles?|pounds?|lbs?|pints?|quarts?|gallons?|cups?|pairs?)\b",
    re.IGNORECASE,
)
_PER_LARGER_UNIT = frozenset({2, 3, 4, 7, 8, 10, 12, 16, 20, 24, 30, 52, 60, 365, 3600, 5280})
_LARGEST_POWER = 64
_LARGEST = Fraction(10) ** 18
_MOST_NUMBERS = 40


def check_arithmetic(question: str, steps: tuple[AnswerStep, ...]) -> tuple[StepCheck, ...]:
    """Return a check per step: its equations hold, one does not, or there is none that can be read."""
    del question
    return tuple(UNCHECKED if step.kind in ("code", "thought") else check_sums(step.text) for step in steps)


def check_sums(text: str) -> StepCheck:
    """Check the equations in a text, from the first on."""
    if len(text) > _LONGEST:
        return UNCHECKED
    unread = False
    held = False
    for line in _lines(text):
        sides, marks = _EQUALS.split(line), _EQUALS.findall(line)
        for index, mark in enumerate(marks):
            check = _check_stated(sides[index], sides[index + 1], exact=mark == "=")
            if check.outcome == "incorrect":
                return check
            held = held or check.outcome == "correct"
            unread = unread or check.outcome == "unchecked"
    return CORRECT if held and not unread else UNCHECKED


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from _CALCULATOR.findall(line)
        yield clean(_CALCULATOR.sub("", line))


def _check_stated(left: str, right: str, *, exact: bool) -> StepCheck:
    """Check one equation; one that does not hold is incorrect only if the text states it, in any notation."""
    check = _check(left, right, exact=exact)
    if check.outcome != "incorrect":
        return check
    clause = _CLAUSE_END.split(left)[-1] + _CLAUSE_END.split(right, maxsplit=1)[0]
    if _NOT_STATED.search(clause):
        return UNCHECKED
    left, right = (_GROUPED.sub(lambda found: found[0].replace(".", ""), side) for side in (left, right))
    other = _check(left, right, exact=exact)
    return check if other.outcome == "incorrect" else UNCHECKED


def _check(left: str, right: str, *, exact: bool) -> StepCheck:
    """Check one equation; `exact` is false for one that says "about"."""
    said = _left(left[-_SIDE:])
    stated = _right(right[:_SIDE])
    if said is None or stated is None:
        return UNCHECKED
    (expressions, unit), (results, result_unit, digits, shown) = said, stated
    if unit and result_unit and _stem(unit) != _stem(result_unit):
        return UNCHECKED  # "60 minutes = 1 hour"
    values = [value for _, value in expressions]
    if any(_is_same(value, result) for value in values for result in results):
        return CORRECT
    step = Fraction(1, 10**digits)
    near = [
        (abs(value), abs(result))
        for value in values
        for result in results
        if value.denominator > 1 and abs(value - result) < step
    ]
    if near:  # rounded or cut off: 10 / 3 = 3.33; a whole number may be the quotient without its remainder
        is_exact = any(value - result < step and result - value <= step / 2 for value, result in near)
        return CORRECT if digits and is_exact else UNCHECKED
    if not exact or any(_scaled(value, result) for value in values for result in results):
        return UNCHECKED
    text, value = expressions[0]
    if any(other in results for other in _after_dashes(left, text)):
        return UNCHECKED
    if _is_other_count(text, value, unit, right, results, result_unit):
        return UNCHECKED
    return incorrect(StepFault.SUM, stated=f"{shown_step(text)} = {shown}", value=_written(value))


def _is_same(value: Fraction, result: Fraction) -> bool:
    """Return whether two values are equal, but for what a computer's division leaves: 14.999999999999998."""
    return abs(value - result) <= abs(value) * _FLOAT_NOISE


def _after_dashes(left: str, expression: str) -> Iterator[Fraction]:
    """Yield the values of an expression if a dash of it belongs to the sentence: "Day 3 - 4 + 5 = 9"."""
    before = left.rpartition(expression)[0].rstrip()
    if before.endswith(("-", "−", "–")):
        yield from _readings(f"-{expression}")
    for dash in _SPACED_DASH.finditer(expression):
        rest = expression[dash.end() :]
        yield from _readings(rest)
        yield from _readings(f"-{rest}")


def _is_other_count(
    expression: str, value: Fraction, unit: str, right: str, results: list[Fraction], result_unit: str
) -> bool:
    """Return whether the sides may count in other ways: a date, a clock, a range, coins or a larger unit."""
    after = _AFTER_RESULT.match(right)
    rest = after["rest"] if after else ""
    if _LEADING_ZERO.search(expression) or _BEGINS_AGAIN.match(rest):
        return True
    if unit and re.search(r"[$€£]", expression):  # "$10 - 350 cents"
        return True
    if result_unit and (found := _RANGE.fullmatch(expression)):
        gap = int(found[2]) - int(found[1])
        return any(way in results for way in (gap, gap + 1, gap % 12, gap % 24))
    if unit or not _LARGER_UNIT.match(rest):
        return False
    return any(result and abs(value / result) in _PER_LARGER_UNIT for result in results)


def _scaled(value: Fraction, result: Fraction) -> bool:
    """Return whether two values differ by a factor of units: cents, thousands, per cent."""
    if not value or not result:
        return False
    return any(value * factor == result or result * factor == value for factor in (100, 1000, 1_000_000))


def _stem(unit: str) -> str:
    last = unit.casefold().split()[-1].split("-")[-1]
    return last.removesuffix("s").removesuffix("e")


def _written(value: Fraction) -> str:
    if value.denominator == 1:
        return f"{value.numerator:,}"
    return f"{float(value):.6g}"


def _left(text: str) -> tuple[list[tuple[str, Fraction]], str] | None:
    """Return the readings of the expression that ends a text, and its unit; None without any sign."""
    tail = _UNIT.search(text)
    unit = (tail["unit"] or "") if tail else ""
    body = text[: tail.start("unit")] if tail and unit else text
    if tail and not unit:
        body = text[: tail.start()] + text[tail.start() :].rstrip(" .,;:!?*_")
    body = _without_units(body.rstrip(), unit)
    start = _start_of_expression(body)
    if start is None:
        return None
    shown = body[start:]
    readings = list(dict.fromkeys(_readings(shown)))
    if not readings:
        return None
    return [(shown, value) for value in readings], unit


def _without_units(text: str, unit: str) -> str:
    """Return "5 + 3" for "5 apples + 3" before the unit "apples"; a text with other units as it is."""
    if not unit or not _ONE_UNIT.search(text):
        return text
    same = {_stem(found["unit"]) for found in _ONE_UNIT.finditer(text)} == {_stem(unit)}
    return _ONE_UNIT.sub(lambda found: found["number"], text) if same else text


def _start_of_expression(text: str) -> int | None:
    """Return where the expression begins that ends `text`: the longest run of tokens, with a sign in it."""
    for begin in _word_starts(text):
        tokens = _tokens(text[begin:])
        if tokens is None:
            continue
        kinds = [kind for kind, _ in tokens]
        if kinds.count("number") < 2 or kinds.count("number") > _MOST_NUMBERS:
            return None
        is_whole = not _OPERATOR_BEFORE.search(text[:begin])  # "9 hours * 2/3": only a part can be read
        return begin if is_whole and any(kind not in ("number", "(", ")") for kind in kinds) else None
    return None


def _word_starts(text: str) -> Iterator[int]:
    """Yield where an expression can begin, from the first place on."""
    allowed = re.search(r"(?:[\d\s.,$€£%+\-−–/÷()x×·*^]|\bof\b)*\Z", text)
    begin = allowed.start() if allowed else len(text)
    before = text[begin - 1] if begin else " "
    inside_word = before.isalnum()
    for index in range(begin, len(text)):
        character = text[index]
        if not (character.isdigit() or character in "$€£(-−–."):
            continue
        previous = text[index - 1] if index else " "
        if previous.isdigit() or (previous in ".," and index - begin > 1 and text[index - 2].isdigit()):
            continue
        if index == begin and inside_word:
            continue
        if character in "-−–" and previous.isspace() and text[index + 1 : index + 2].isspace():
            continue  # "Total - 4 + 5": a dash
        yield index


def _tokens(text: str) -> list[tuple[str, str]] | None:
    """Return (kind, text) of an expression's tokens, or None if something else is in it."""
    tokens: list[tuple[str, str]] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found or found.end() == position:
            return None
        position = found.end()
        if found["number"]:
            tokens.append(("number", found["number"]))
        elif found["times"]:
            tokens.append(("of" if found["times"] == "of" else "*", found["times"]))
        elif found["power"]:
            tokens.append(("^", "^"))
        else:
            sign = found["sign"]
            kind = {"−": "-", "–": "-", "÷": "/"}.get(sign, sign)
            tokens.append((kind, sign))
    return tokens


def _readings(text: str) -> Iterator[Fraction]:
    """Yield the values of an expression in its readings.

    Per cent is a share, a plain number, or taken off or put on. People disagree on 6 / 2(1 + 2) and on -2^2.
    """
    tokens = _tokens(text)
    if not tokens:
        return
    is_disputed = "^" in text or "**" in text or _IMPLIED_PRODUCT.search(text)
    for percent in ("share", "plain", "change") if "%" in text else ("plain",):
        for by_hand in (False, True) if is_disputed else (False,):
            value = _Reader(tokens, percent, by_hand=by_hand).value()
            if value is not None:
                yield value


class _Reader:
    """Reads tokens by precedence: powers, then products, then sums, each from the left.

    `by_hand` reads as many people write: a product without a sign before other products, a power before the
    minus in front of it.
    """

    def __init__(self, tokens: list[tuple[str, str]], percent: str, *, by_hand: bool = False) -> None:
        self._tokens, self._percent, self._by_hand = tokens, percent, by_hand
        self._at = 0

    def value(self) -> Fraction | None:
        """Return the value of all tokens, or None if they make no expression."""
        try:
            value = self._sum(0)
        except (ValueError, ZeroDivisionError, RecursionError):
            return None
        return value if self._at == len(self._tokens) and abs(value) <= _LARGEST else None

    def _next(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _sum(self, depth: int) -> Fraction:
        if depth > _MOST_NUMBERS:
            raise ValueError
        value = self._product(depth)
        while (sign := self._next()) in ("+", "-"):
            self._at += 1
            is_percent = self._is_percent()
            term = self._product(depth)
            if is_percent and self._percent == "change":
                term *= value
            value = value + term if sign == "+" else value - term
        return value

    def _is_percent(self) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at][1].endswith("%")

    def _product(self, depth: int) -> Fraction:
        value = self._factor(depth)
        while (sign := self._next()) in ("*", "/", "of", "("):
            if sign != "(":
                self._at += 1
            factor = self._factor(depth)
            value = value / factor if sign == "/" else value * factor
            if abs(value) > _LARGEST:
                raise ValueError
        return value

    def _factor(self, depth: int) -> Fraction:
        value = self._power(depth)
        while self._by_hand and self._next() == "(":
            value *= self._power(depth)
        return value

    def _power(self, depth: int) -> Fraction:
        value = self._atom(depth)
        if self._next() == "^":
            self._at += 1
            exponent = self._atom(depth)
            if exponent.denominator != 1 or abs(exponent) > _LARGEST_POWER or abs(value) > 10**6:
                raise ValueError
            value = value**exponent.numerator
        return value

    def _atom(self, depth: int) -> Fraction:
        if self._at >= len(self._tokens):
            raise ValueError
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "-":
            return -(self._power(depth + 1) if self._by_hand else self._atom(depth + 1))
        if kind == "(":
            value = self._sum(depth + 1)
            if self._next() != ")":
                raise ValueError
            self._at += 1
            return value
        if kind != "number":
            raise ValueError
        return self._number(text)

    def _number(self, text: str) -> Fraction:
        percent = text.endswith("%")
        value = _amount(text)
        return value / 100 if percent and self._percent != "plain" else value


def _amount(text: str) -> Fraction:
    return Fraction(text.strip(" $€£%").replace(",", ""))


def _right(text: str) -> tuple[list[Fraction], str, int, str] | None:
    """Return the readings of what begins a text, its unit, the digits after its point, and itself."""
    stripped = text.lstrip(" *_`")
    offset = 0
    best: tuple[list[Fraction], int] | None = None
    # The longest run of tokens that is an expression, and its first number alone: "3 * 4 = 12 + 5 = 17"
    allowed = re.match(r"(?:[\d\s.,$€£%+\-−–/÷()×·*^]|x(?=\s?\d))*", stripped)
    run = (allowed[0] if allowed else "").rstrip(" .,*_+-−–/÷(×·^")
    first = re.match(rf"[-−]?\s?[$€£]?\s?[-−]?(?:{_NUMBER})(?:\s?%)?", stripped)
    if first is None:
        return None
    results: list[Fraction] = []
    head = first[0].replace("−", "-")
    sign = -1 if "-" in head else 1
    amount = _amount(head.replace("-", "")) * sign
    results.append(amount)
    if head.endswith("%"):
        results.append(amount / 100)
    offset = first.end()
    if len(run) > offset:
        for end in range(len(run), offset, -1):
            values = list(_readings(run[:end].replace("−", "-")))
            if values:
                best = values, end
                break
    follows = stripped[offset : offset + 1]
    if follows and ((follows.isalpha() and stripped[offset - 1].isdigit()) or follows in "^!°'\"_²³√"):
        return None  # "2x", "3rd", "5!"
    if best is not None:
        results += best[0]
        offset = best[1] if best[1] > offset else offset
    rest = _FIRST_UNIT.match(stripped[offset:])
    if _OPERATOR_AFTER.match(stripped[offset + rest.end() if rest else offset :]):
        return None  # "6 * x", "93 days + 28": only a part can be read
    digits = len(head.rstrip("% ").partition(".")[2])
    return results, (rest["unit"] or "") if rest else "", digits, shown_step(first[0])
