"""One response against one reference."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol, get_args

from orca_desk.method.grading.answers import FinalAnswer, as_read, bare_reference, find_answer
from orca_desk.method.grading.choice import ExpectedChoice, expected_choice, parse_option, parse_option_set
from orca_desk.method.grading.expressions import is_unsolved, looks_like_math
from orca_desk.method.grading.finding import Finding, correct
from orca_desk.method.grading.key_value import ExpectedKeyValue, expected_key_value, parse_pairs
from orca_desk.method.grading.mathematics import Comparer, ExpectedMath, expected_math, raw_reference
from orca_desk.method.grading.numbers import expected_number
from orca_desk.method.grading.options import parse_options
from orca_desk.method.grading.ordering import expected_ordering, is_ordering
from orca_desk.method.grading.polar import expected_polar
from orca_desk.method.grading.reasons import Why, reason, shown
from orca_desk.method.grading.text import ExpectedExact, ExpectedText, same_meaning
from orca_desk.method.grading.values import bare_value, is_value
from orca_desk.method.records import AnswerKind

KINDS: tuple[AnswerKind, ...] = get_args(AnswerKind)
_LONGEST_REFERENCE = 20_000


class _Expected(Protocol):
    """A reference as its kind reads it; the answers that it checks are never empty."""

    def check(self, final: FinalAnswer) -> Finding: ...


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a response is correct, the kind and the answer that it was read as, and a stored reason."""

    correct: bool
    kind: AnswerKind
    answer: str | None
    reason: str


def grade(
    response: str,
    reference: str,
    kind: AnswerKind | None = None,
    *,
    question: str = "",
    comparer: Comparer | None = None,
) -> Verdict:
    """Grade `response` against `reference`, whose `kind` is inferred if it is None.

    A reference that cannot be read as its kind (a "number" without a number) is compared as text. Never
    raises, whatever the texts contain; takes time linear in the length of the response.

    `question` is what was asked: a choice may be answered by the text of an option that it lists, and a
    letter that stands with another option's text is no answer. `comparer` decides about mathematics that is
    written differently; without one, it counts as incorrect, and the reason says why.
    """
    asked, expected, bare = _prepare(as_read(reference), kind)
    if isinstance(expected, ExpectedMath):
        expected = expected.with_comparer(comparer)
    names = tuple(expected.pairs) if isinstance(expected, ExpectedKeyValue) else ()
    final = find_answer(response, names=names)
    options = parse_options(question) if question else {}
    if options and asked == "choice":
        expected = expected_choice(bare, options) or expected
    finding = _judge(expected, final, bare, asked)
    is_option = any(same_meaning(final.text, text) for text in options.values())
    if asked == "choice" and final.in_math and _is_formula(final.text) and not (finding.correct or is_option):
        # A formula in a box chooses nothing: "Answer: D, as \boxed{x \ll y}".
        earlier = find_answer(as_read(response)[: final.start], names=names)
        finding = _judge(expected, earlier, bare, asked) if earlier.marked else finding
    if asked == "number" and not finding.correct and final.in_math and looks_like_math(final.raw):
        finding = ExpectedMath(raw_reference(reference), comparer).check(final)
    if options and asked in ("text", "number") and not finding.correct:
        finding = _by_letter(finding, final, bare, options)
    if not finding.correct and bare and as_read(response).strip() == as_read(reference).strip():
        finding = correct(final.text or bare, bare)  # whatever it means, the response says the same
    return Verdict(correct=finding.correct, kind=asked, answer=finding.answer, reason=finding.reason)


def _by_letter(finding: Finding, final: FinalAnswer, bare: str, options: Mapping[str, str]) -> Finding:
    """Return the finding for an answer that may give the letter of the option whose text the reference is."""
    letters = [letter for letter, text in options.items() if same_meaning(text, bare)]
    if len(letters) != 1:
        return finding
    chosen = _judge(ExpectedChoice(bare, letters[0], options), final, bare, "choice")
    return chosen if chosen.correct else finding


def infer_kind(reference: str) -> AnswerKind:
    """Return the kind that a reference looks like: keyed, choice, number, math or ordering, else text.

    "exact" is never inferred: the user must choose it.
    """
    text = as_read(reference).strip()[:_LONGEST_REFERENCE]
    if len(parse_pairs(text)) >= 2:
        return "keyed"
    bare = bare_value(bare_reference(text))
    if parse_option(bare) is not None or parse_option_set(bare):
        return "choice"
    if is_value(bare):
        return "number"
    if looks_like_math(raw_reference(text)):
        return "math"
    return "ordering" if is_ordering(bare) else "text"


@lru_cache(maxsize=4096)
def _prepare(reference: str, kind: AnswerKind | None) -> tuple[AnswerKind, _Expected, str]:
    """Return the kind, check and bare text of a reference (cached: data sets repeat their references)."""
    asked = kind or infer_kind(reference)
    if asked == "math":
        bare = raw_reference(reference)
    else:
        bare = reference.strip() if asked in ("exact", "keyed") else bare_reference(reference)
    bare = bare_value(bare) if asked == "number" else bare
    makers: dict[AnswerKind, Callable[[str], _Expected | None]] = {
        "exact": ExpectedExact,
        "text": lambda text: expected_polar(text) or ExpectedText(text),
        "number": lambda text: expected_math(text) if is_unsolved(text) else expected_number(text),
        "math": expected_math,
        "choice": expected_choice,
        "ordering": expected_ordering,
        "keyed": expected_key_value,
    }
    expected = makers[asked](bare[:_LONGEST_REFERENCE])
    return asked, expected or ExpectedText(bare), bare


def _judge(expected: _Expected, final: FinalAnswer, bare: str, kind: AnswerKind) -> Finding:
    if not bare:
        return Finding(correct=False, answer=final.text or None, reason=reason(Why.NO_REFERENCE))
    if not final.text:
        why = Why.ONLY_THOUGHTS if final.only_thoughts else Why.EMPTY
        return Finding(correct=False, answer=None, reason=reason(why, expected=shown(bare)))
    finding = expected.check(final)
    if not finding.correct and kind != "exact" and _word_for_word(final, bare, kind):
        return correct(final.text, bare)
    if finding.correct and final.rival is not None and not (kind == "choice" and _is_formula(final.rival)):
        rival = expected.check(replace(final, text=final.rival, block=final.rival, raw=final.rival))
        if not rival.correct and rival.answer is not None:
            both = reason(Why.RIVALS, first=shown(final.rival), last=shown(final.text))
            return Finding(correct=False, answer=final.text, reason=both)
    return finding


def _is_formula(text: str) -> bool:
    """Return whether an answer without its markup is mathematics, which chooses no option."""
    return "\\" in text or looks_like_math(text)


def _word_for_word(final: FinalAnswer, bare: str, kind: AnswerKind) -> bool:
    """Return whether the answer repeats the reference word for word, which is correct whatever its kind.

    Capitals count in numbers and mathematics: mW is not MW.
    """
    fold = str if kind in ("number", "math") else str.casefold
    longest = 2 * len(bare) + 100
    readings = [text for text in (final.block, final.whole) if len(text) <= longest]
    return any(fold(text).split() == fold(bare).split() for text in readings)
