"""Which teacher records are fit for training: the one rule, as data in and a reason out.

The teacher's outcome, Home and every snapshot ask `why_unfit`. The reasons are codes, and `UNFIT` has their
words. What depends on other records, equal answers and the best of several, is in `best.py`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Literal, Self

from orca_desk.errors import SettingError
from orca_desk.method.answer_facts import AnswerFacts
from orca_desk.method.answer_format import Format, check_pattern, matches
from orca_desk.method.languages import LANGUAGES, surely_other
from orca_desk.method.records import FinishReason

Decision = Literal["keep", "drop"]
PER_TASK = 4  # answers; see FitnessRules


class Unfit(StrEnum):
    """Why a record is not used for training. The values are stored with snapshots."""

    HELD_OUT = "held-out"
    DROPPED = "dropped"
    EMPTY = "empty"
    NOT_KEPT = "not-kept"
    OTHER_STRATEGY = "other-strategy"
    CUT_OFF = "cut-off"
    INCORRECT = "incorrect"
    NO_AGREEMENT = "no-agreement"
    LEAK = "leak"
    REFUSAL = "refusal"
    REPETITION = "repetition"
    LANGUAGE = "language"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    FORMAT = "format"
    FORMAT_UNCHECKED = "format-unchecked"  # the regular expression takes too long
    DUPLICATE = "duplicate"  # another fit record has the same question and answer
    NOT_BEST = "not-best"  # the task already has its maximum of better answers under this strategy
    OVER_CAP = "over-cap"  # the snapshot already has its maximum of this family
    OVERLAP = "overlap"  # the question is a held-out one, but for case, punctuation and white space
    NEAR_OVERLAP = "near-overlap"  # the question is nearly a held-out one
    ALWAYS_SOLVED = "always-solved"  # by the student before any training
    NEVER_SOLVED = "never-solved"
    TOO_MANY_LONG = "too-many-long"  # the snapshot already has its share of long answers
    OVER_SHARE = "over-share"  # its family or strategy already has its share


# In words that fit a table cell or follow a count
UNFIT: Mapping[Unfit, str] = {
    Unfit.HELD_OUT: "held out for evaluation",
    Unfit.DROPPED: "dropped in review",
    Unfit.EMPTY: "empty answer",
    Unfit.NOT_KEPT: "not kept in review",
    Unfit.OTHER_STRATEGY: "not the paired strategy",
    Unfit.CUT_OFF: "cut off by the length limit",
    Unfit.INCORRECT: "incorrect answer",
    Unfit.NO_AGREEMENT: "too few samples agree",
    Unfit.LEAK: "mentions its instruction",
    Unfit.REFUSAL: "refuses to answer",
    Unfit.REPETITION: "repeats itself in a loop",
    Unfit.LANGUAGE: "other language",
    Unfit.TOO_SHORT: "too short",
    Unfit.TOO_LONG: "too long",
    Unfit.FORMAT: "other format",
    Unfit.FORMAT_UNCHECKED: "format not checked: the expression takes too long",
    Unfit.DUPLICATE: "duplicate answer",
    Unfit.NOT_BEST: "better answers to its task",
    Unfit.OVER_CAP: "over the maximum per family",
    Unfit.OVERLAP: "same as a held-out question",
    Unfit.NEAR_OVERLAP: "nearly a held-out question",
    Unfit.ALWAYS_SOLVED: "always solved by the untrained student",
    Unfit.NEVER_SOLVED: "never solved by the untrained student",
    Unfit.TOO_MANY_LONG: "over the share of long answers",
    Unfit.OVER_SHARE: "over its share of the mix",
}

NEVER_FIT = (Unfit.HELD_OUT, Unfit.DROPPED, Unfit.EMPTY)  # whatever the rules say

# Those that records have by themselves; the others come from the mix of a snapshot
RECORD_REASONS = tuple(Unfit)[: tuple(Unfit).index(Unfit.NOT_BEST) + 1]


class RecordBasis(StrEnum):
    """What speaks for a record that is used: agreement of samples is no proof that they are correct."""

    KEPT = "kept"
    CORRECT = "correct"
    AGREEMENT = "agreement"
    UNGRADED = "not-graded"
    INCORRECT = "incorrect"  # let in by the rules


@dataclass(frozen=True, kw_only=True)
class RecordFacts:
    """What decides whether a record is fit for training.

    `correct` is None for an ungraded answer. `edited`: the user replaced the answer. `other_strategy`: the
    record was made under a strategy other than the one its task, or else its family, is paired with. `empty`:
    the answer has no text. `tokens` is None where they were not counted. `agreed` is the share of its
    question's votes that the answer won, 0 if it lost, None without a vote. `text` and `format` are only
    known where a rule asks for them.
    """

    finish_reason: FinishReason
    correct: bool | None
    leaked: bool
    edited: bool = False
    decision: Decision | None = None
    held_out: bool = False
    other_strategy: bool = False
    empty: bool = False
    tokens: int | None = None
    agreed: float | None = None
    text: AnswerFacts | None = None
    format: Format = "right"


@dataclass(frozen=True, kw_only=True)
class FitnessRules:
    """The rules that a user can relax or add. Held-out, dropped and empty records are never fit.

    `per_task` is the most answers to a task under one strategy: correct ones first, then the shortest. Four
    keep some variety, as the several answers of Orca-Math and RAFT do, and no task outweighs the others; None
    takes all. `agreement` is the share of its question's votes, over 0 to 1, that an answer without a
    reference must have won; None takes such answers unchecked. Lengths are those of whole answers. An answer
    is left out for its `languages` only if it is surely in none of them. `must_match` and `must_not_match`
    are regular expressions, searched anywhere in an answer. Constructing rules checks them; a bad value
    raises SettingError.
    """

    only_correct: bool = True
    only_paired: bool = True
    allow_leaks: bool = False
    only_kept: bool = False
    allow_cut_off: bool = False
    per_task: int | None = PER_TASK
    agreement: float | None = None
    no_refusals: bool = False
    no_repetition: bool = False
    languages: tuple[str, ...] | None = None
    min_tokens: int | None = None
    max_tokens: int | None = None
    min_characters: int | None = None
    max_characters: int | None = None
    must_match: str = ""
    must_not_match: str = ""

    def __post_init__(self) -> None:
        for name in ("per_task", "min_tokens", "max_tokens", "min_characters", "max_characters"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise SettingError(name, f"{value} is not 1 or more", "Choose a higher number.")
        for unit in ("tokens", "characters"):
            low, high = getattr(self, f"min_{unit}"), getattr(self, f"max_{unit}")
            if low is not None and high is not None and low > high:
                problem = f"{high:,} is less than the minimum of {low:,}"
                raise SettingError(f"max_{unit}", problem, "Raise it, or lower the minimum.")
        if self.agreement is not None and not 0 < self.agreement <= 1:
            raise SettingError("agreement", f"{self.agreement:g} is not a share over 0 to 1", "Try 0.5.")
        for name in ("must_match", "must_not_match"):
            if pattern := getattr(self, name):
                check_pattern(name, pattern)
        if self.languages is not None:
            _check_languages(self.languages)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read rules that were stored as JSON, also by an earlier version: it had no maximum per task."""
        names = {one.name for one in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**{"per_task": None, **{name: values[name] for name in values.keys() & names}})

    @property
    def need_text(self) -> bool:
        """Whether these rules ask for `RecordFacts.text`."""
        return self.no_refusals or self.no_repetition or bool(self.languages or self._characters)

    @property
    def need_format(self) -> bool:
        """Whether these rules ask for `RecordFacts.format`."""
        return bool(self.must_match or self.must_not_match)

    @property
    def limit_tokens(self) -> bool:
        """Whether these rules ask for `RecordFacts.tokens`."""
        return self.min_tokens is not None or self.max_tokens is not None

    @property
    def _characters(self) -> bool:
        return self.min_characters is not None or self.max_characters is not None

    def format_of(self, answer: str) -> Format:
        """Return what the regular expressions say of an answer; "unchecked" if one takes too long."""
        has = not self.must_match or matches(self.must_match, answer)
        lacks = not self.must_not_match or _not(matches(self.must_not_match, answer))
        if has is False or lacks is False:
            return "other"
        return "right" if has and lacks else "unchecked"


DEFAULT_RULES = FitnessRules()


@dataclass(frozen=True, kw_only=True)
class RecordStanding:
    """Whether a record is used for training, and why.

    `reasons` are all that speak against it, the first of which counts; without any, `basis` speaks for it.
    """

    reasons: tuple[Unfit, ...] = ()
    basis: RecordBasis

    @property
    def reason(self) -> Unfit | None:
        """The reason that counts, or None for a record that is used."""
        return self.reasons[0] if self.reasons else None


def why_never_fit(facts: RecordFacts) -> Unfit | None:
    """Return the first reason against a record that no rule relaxes, or None."""
    if facts.held_out:
        return Unfit.HELD_OUT
    if facts.decision == "drop":
        return Unfit.DROPPED
    return Unfit.EMPTY if facts.empty else None


def why_unfit(facts: RecordFacts, rules: FitnessRules = DEFAULT_RULES) -> Unfit | None:
    """Return the first reason against a record, or None if it is fit for training.

    A record that the user decided to keep needs no correct, complete or leak-free answer.
    """
    return next(_reasons(facts, rules), None)


def standing_of(facts: RecordFacts, rules: FitnessRules = DEFAULT_RULES) -> RecordStanding:
    """Return how a record stands on its own, whatever other records there are."""
    return RecordStanding(reasons=tuple(_reasons(facts, rules)), basis=basis_of(facts, rules))


def basis_of(facts: RecordFacts, rules: FitnessRules = DEFAULT_RULES) -> RecordBasis:
    """Return what speaks for a record, if nothing speaks against it."""
    if facts.decision == "keep":
        return RecordBasis.KEPT
    if facts.correct is not None:
        return RecordBasis.CORRECT if facts.correct else RecordBasis.INCORRECT
    return RecordBasis.UNGRADED if rules.agreement is None else RecordBasis.AGREEMENT


def _reasons(facts: RecordFacts, rules: FitnessRules) -> Iterator[Unfit]:
    """Yield what speaks against a record, in the order of `Unfit`."""
    if reason := why_never_fit(facts):
        yield reason
    if rules.only_kept and facts.decision != "keep":
        yield Unfit.NOT_KEPT
    if facts.other_strategy and rules.only_paired:
        yield Unfit.OTHER_STRATEGY
    if facts.decision == "keep":
        return
    if facts.finish_reason in ("length", "cancelled") and not facts.edited and not rules.allow_cut_off:
        yield Unfit.CUT_OFF
    if facts.correct is False and rules.only_correct:
        yield Unfit.INCORRECT
    if facts.correct is None and rules.agreement is not None and (facts.agreed or 0) < rules.agreement:
        yield Unfit.NO_AGREEMENT
    if facts.leaked and not rules.allow_leaks:
        yield Unfit.LEAK
    yield from _reasons_of_text(facts, rules)


def _reasons_of_text(facts: RecordFacts, rules: FitnessRules) -> Iterator[Unfit]:
    text = facts.text
    if rules.no_refusals and text and text.refusal and not facts.correct:  # a reference may ask to refuse
        yield Unfit.REFUSAL
    if rules.no_repetition and text and text.loop:
        yield Unfit.REPETITION
    if rules.languages and text and surely_other(text.languages, rules.languages):
        yield Unfit.LANGUAGE
    characters = text.characters if text else None
    if _under(facts.tokens, rules.min_tokens) or _under(characters, rules.min_characters):
        yield Unfit.TOO_SHORT
    if _over(facts.tokens, rules.max_tokens) or _over(characters, rules.max_characters):
        yield Unfit.TOO_LONG
    if facts.format != "right":
        yield Unfit.FORMAT if facts.format == "other" else Unfit.FORMAT_UNCHECKED


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _under(length: int | None, limit: int | None) -> bool:
    return length is not None and limit is not None and length < limit


def _over(length: int | None, limit: int | None) -> bool:
    return length is not None and limit is not None and length > limit


def _check_languages(codes: tuple[str, ...]) -> None:
    if not codes:
        raise SettingError("languages", "no language is named", "Name one, as en, or remove the rule.")
    if unknown := [code for code in codes if code not in LANGUAGES]:
        hint = "Use the code of a language in ISO 639, such as en, de or zh."
        raise SettingError("languages", f"{unknown[0]!r} is not a known code", hint)
