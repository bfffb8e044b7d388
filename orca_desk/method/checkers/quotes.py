"""Quoted text is in the context: what a step puts between quotation marks must stand in the question."""

import re
from collections.abc import Iterator

from orca_desk.method.answer_steps import AnswerStep
from orca_desk.method.checkers.check import CORRECT, UNCHECKED, StepCheck, StepFault, incorrect, shown_step

_QUOTED = re.compile(
    r'"([^"\n]{1,600})"|“([^”\n]{1,600})”|«([^»\n]{1,600})»|„([^“”\n]{1,600})[“”]|「([^」\n]{1,600})」'
)
_LEFT_OUT = re.compile(r"\[?(?:\.\.\.|…)\]?")
_LEAST_WORDS = 3  # what is shorter may be a word that is spoken of, not a quotation
_WORD = re.compile(r"[^\W\d_]{2,}")
_NOTATION = re.compile(r"[=+*/<>|^~{}\[\]]|(?:^|\s)[?!_-](?:\s|$)|^\(.*\)$")  # "x = 3", "(left) ? book"
_NOT_TEXT = re.compile(r"[\W_]+")


def check_quotes(question: str, steps: tuple[AnswerStep, ...]) -> tuple[StepCheck, ...]:
    """Return a check per step: all its quotations are in the question, one is not, or it has none."""
    context = _folded(question)
    return tuple(
        UNCHECKED if step.kind in ("thought", "code") else _check(context, step.text) for step in steps
    )


def _check(context: str, text: str) -> StepCheck:
    found = False
    for quote in _quotes(text):
        missing = [part for part in _parts(quote) if f" {part} " not in context]
        if not missing:
            found = True
        elif _is_prose(quote):
            return incorrect(StepFault.NOT_QUOTED, quote=shown_step(quote))
        else:
            return UNCHECKED
    return CORRECT if found else UNCHECKED


def _is_prose(quote: str) -> bool:
    """Return whether a quotation is words of some text: neither a term that is spoken of nor notation."""
    return len(_WORD.findall(quote)) >= _LEAST_WORDS and not _NOTATION.search(quote)


def _quotes(text: str) -> Iterator[str]:
    for match in _QUOTED.finditer(text):
        yield next(group for group in match.groups() if group is not None)


def _parts(quote: str) -> Iterator[str]:
    for part in _LEFT_OUT.split(quote):
        if folded := _folded(part).strip():
            yield folded


def _folded(text: str) -> str:
    """Return a text as words with single spaces around them, whatever its case and punctuation."""
    return f" {_NOT_TEXT.sub(' ', text.casefold()).strip()} "
