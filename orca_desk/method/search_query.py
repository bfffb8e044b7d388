"""The language of every search: words, "exact words", field:value, and a minus before what must not match.

    family:algebra wrong:yes "exact words" tri -tag:draft model:smol,tiny

Everything must hold. Words match whole words, the last one also the beginning of a word; without regard to
case and accents. A value with spaces stands in quotes; values with commas between them are alternatives, and
`*` at the end stands for any ending.
"""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from orca_desk.errors import UserError
from orca_desk.method.records import AnswerKind

YES, NO = "yes", "no"
TRUTH = (YES, NO)
# Each field with the values that it can have; () for any
FIELDS: dict[str, tuple[str, ...]] = {
    "family": (),
    "split": ("train", "heldout"),
    "tag": (),
    "kind": get_args(AnswerKind),
    "has": ("answer", "context", "tag", "strategy", "record"),
    "strategy": (),
    "wrong": TRUTH,
    "correct": TRUTH,
    "reviewed": TRUTH,
    "decision": ("keep", "drop", "none"),
    "leaked": TRUTH,
    "edited": TRUTH,
    "reason": (),
    "model": (),
    "run": (),
    "id": (),
}
EXAMPLES = {"family": "family:algebra", "tag": "tag:hard", "model": "model:smollm", "run": "run:generate-3"}
SPELLINGS = {"held-out": "heldout", "held_out": "heldout", "test": "heldout", "true": YES, "false": NO}
LONGEST = 5_000  # characters
MOST_WORDS, MOST_VALUES = 200, 50  # SQLite refuses an expression that is nested a thousand times
FINAL = re.compile(r"σ\b")
WORD = re.compile(r"[^\W_]+")
# A minus is a "not" before a letter or a quote; before a digit it belongs to a number
TOKEN = re.compile(
    r"""(?P<minus>-(?=[^\W\d_]|"))?
    (?: (?P<field>[^\W\d_]{2,}) : (?!//|:) (?: "(?P<value>[^"]*)"? | (?P<bare>[^\s"]*) )
      | "(?P<exact>[^"]*)(?P<closed>"?)
      | (?P<word>[^\s"]+) )""",
    re.VERBOSE,
)


class QueryError(UserError):
    """A search that cannot be read: an unknown field, or a value that the field does not have."""


@dataclass(frozen=True, kw_only=True)
class Term:
    """Words that follow each other; `prefix`: the last one may be the beginning of a word."""

    words: tuple[str, ...]
    prefix: bool = False
    negated: bool = False

    @property
    def match(self) -> str:
        """The term in the query language of SQLite's FTS5: quoted, so that no text acts as an operator.

        The index folds the case of single letters, but not ß to ss, nor the two small sigmas to one.
        """
        words = " ".join(self.words).lower()
        end = "*" if self.prefix else ""
        spellings = dict.fromkeys((words, words.replace("ß", "ss"), words.replace("ss", "ß")))
        sigmas = dict.fromkeys(form for one in spellings for form in (one, FINAL.sub("ς", one)))
        either = " OR ".join(f'"{one}"{end}' for one in sigmas)
        return f"({either})" if len(sigmas) > 1 else either


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A field that has one of the values, or with `negated` none of them. A value may end with `*`."""

    field: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, kw_only=True)
class Query:
    """What a search asks for, all at once. `is_void`: only signs were typed, which nothing matches."""

    terms: tuple[Term, ...] = ()
    conditions: tuple[Condition, ...] = ()
    is_void: bool = False

    @property
    def wanted(self) -> tuple[Term, ...]:
        """The terms that must occur."""
        return tuple(term for term in self.terms if not term.negated)

    @property
    def unwanted(self) -> tuple[Term, ...]:
        """The terms that must not occur."""
        return tuple(term for term in self.terms if term.negated)


def parse_query(text: str) -> Query:
    """Read a search. Raises QueryError for an unknown field, a value that it cannot have, and a long text.

    What only looks like a field is words: a colon before a space or another colon, in a time, after one
    letter, in an address.
    """
    _require_readable(text)
    terms: list[Term] = []
    conditions: list[Condition] = []
    tokens = list(TOKEN.finditer(text))
    for place, token in enumerate(tokens):
        negated = token["minus"] is not None
        field = (token["field"] or "").lower()
        value = token["value"] if token["value"] is not None else token["bare"]
        if field and (value or field in FIELDS):
            conditions.append(_condition(field, value or "", negated, quoted=token["value"] is not None))
            continue
        is_last = place == len(tokens) - 1
        if token["exact"] is not None:
            words = WORD.findall(token["exact"])
            if words:
                prefix = is_last and not token["closed"]
                terms.append(Term(words=tuple(words), prefix=prefix, negated=negated))
            continue
        found = WORD.findall(token["word"] or token["field"])
        if negated and len(found) > 1:
            terms.append(Term(words=tuple(found), negated=True))
            continue
        for number, word in enumerate(found):
            prefix = is_last and number == len(found) - 1
            terms.append(Term(words=(word,), prefix=prefix, negated=negated))
    is_void = bool(text.strip()) and not terms and not conditions
    terms, conditions = list(dict.fromkeys(terms)), list(dict.fromkeys(conditions))
    _require_few(sum(len(one.words) for one in terms), MOST_WORDS, "words")
    _require_few(sum(len(one.values) for one in conditions), MOST_VALUES, "values of fields")
    return Query(terms=tuple(terms), conditions=tuple(conditions), is_void=is_void)


def to_match(terms: Iterable[Term]) -> str:
    """Return the FTS5 query for a text in which all of these terms occur."""
    return " AND ".join(term.match for term in terms)


def terms_as_json(terms: Iterable[Term]) -> str:
    """Return terms as the text that `has_terms` reads."""
    return json.dumps([[term.words, term.prefix] for term in terms], ensure_ascii=False)


def has_terms(terms: str, text: str | None) -> bool:
    """Return whether all terms, as `terms_as_json` writes them, occur in a text that is not indexed."""
    plain = f" {' '.join(WORD.findall(_plain(text or '')))} "
    return all(
        f" {' '.join(WORD.findall(_plain(' '.join(words))))}{'' if prefix else ' '}" in plain
        for words, prefix in json.loads(terms)
    )


def _plain(text: str) -> str:
    """Return a text without case and accents, as the index of SQLite has it; `_` parts words there."""
    parts = unicodedata.normalize("NFKD", text.casefold().replace("_", " "))
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def _require_few(count: int, most: int, of_what: str) -> None:
    if count > most:
        raise QueryError(
            f"A search can have {most:,} {of_what} at most, and this one has {count:,}.",
            "Search for a few of them: rare words find a text best.",
        )


def _require_readable(text: str) -> None:
    _require_few(len(text), LONGEST, "characters")
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise QueryError("The search contains half a character (a lone surrogate).", "Remove it.")


def _condition(field: str, value: str, negated: bool, *, quoted: bool) -> Condition:
    allowed = FIELDS.get(field)
    if allowed is None:
        raise QueryError(
            f"There is no field {field!r} to search by; the fields are {', '.join(FIELDS)}.",
            f'To search for the words, put them in quotes: "{field}:{value}".',
        )
    values = [value.strip()] if quoted else [one for one in value.split(",") if one]
    if not any(values):
        example = EXAMPLES.get(field, f"{field}:{allowed[0] if allowed else '...'}")
        raise QueryError(
            f"The field {field!r} needs a value right after the colon.", f"For example: {example}"
        )
    if not allowed:
        return Condition(field=field, values=tuple(values), negated=negated)
    read = [SPELLINGS.get(one.lower(), one.lower()) for one in values]
    if wrong := [given for given, one in zip(values, read, strict=True) if one not in allowed]:
        raise QueryError(f"The field {field!r} cannot be {wrong[0]!r}.", f"It can be: {', '.join(allowed)}.")
    return Condition(field=field, values=tuple(read), negated=negated)
