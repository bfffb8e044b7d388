"""What rules would do to the library's records, before they are put in force."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from orca_desk.library.database import Library
from orca_desk.library.fill_facts import OnProgress, unwatched
from orca_desk.library.fitness import JudgedRecord, judge_all, judge_and_ask, require_checked
from orca_desk.library.record_rules import current_rules
from orca_desk.library.review import record_lines
from orca_desk.method.fitness import NEVER_FIT, FitnessRules, RecordBasis, Unfit
from orca_desk.steps.votes import prepare

EXAMPLES = 3  # records per rule


@dataclass(frozen=True, kw_only=True)
class RemovedExample:
    """A record that a rule removes, by its id, with the beginning of its question."""

    id: str
    question: str


@dataclass(frozen=True, kw_only=True)
class RuleEffect:
    """What one rule removes: `removed` records, `only` of them by this rule alone.

    `on` is False for a rule that is not in force; the numbers are then those that it would remove. Examples
    are among those that no other rule removes, where there are any.
    """

    reason: Unfit
    on: bool
    removed: int
    only: int
    examples: tuple[RemovedExample, ...]


@dataclass(frozen=True, kw_only=True)
class RulesPreview:
    """How `rules` divide `records` records, and how many change sides against the rules in force.

    `never` counts those that no rule lets in, by reason; `used` those that are in, by what speaks for them;
    `families` those that are in, by family. `uncounted` of those that are in meet a limit in tokens only
    because theirs were not counted. `effects` have the other reasons in the order of `Unfit`.
    """

    rules: FitnessRules
    records: int
    used: dict[RecordBasis, int]
    families: dict[str, int]
    uncounted: int
    never: dict[Unfit, int]
    effects: tuple[RuleEffect, ...]
    entering: int
    leaving: int

    @property
    def usable(self) -> int:
        """The number of records that are in."""
        return sum(self.used.values())


def preview_rules(
    library: Library, rules: FitnessRules, *, on_progress: OnProgress = unwatched
) -> RulesPreview:
    """Judge all records by `rules`, and by those of the yes-or-no rules that are off.

    Half a second to a few seconds for 50,000 records. Raises UserError where a regular expression takes too
    long on many. Never call this in the event loop of a window.
    """
    strict = replace(
        rules,
        only_correct=True,
        only_paired=True,
        allow_leaks=False,
        allow_cut_off=False,
        no_refusals=True,
        no_repetition=True,
        only_kept=rules.only_kept,
    )
    now = current_rules(library)
    for each in (strict, now):
        prepare(library, each, on_progress=on_progress)
    asked = judge_and_ask(library, strict, off=_off(rules))
    judged = [one for one, _ in asked]
    require_checked(judged)  # the rules in force may be worse, and these the way out
    before = judged if now == rules else judge_all(library, now)
    used = {one.n for one in judged if one.standing.reason is None}
    earlier = {one.n for one in before if one.standing.reason is None}
    return RulesPreview(
        rules=rules,
        records=len(judged),
        used=dict(sorted(Counter(one.standing.basis for one in judged if one.n in used).items())),
        families=dict(sorted(Counter(one.family for one in judged if one.n in used).items())),
        uncounted=sum(one.tokens is None for one in judged if one.n in used) if rules.limit_tokens else 0,
        never=_never(judged),
        effects=_effects(library, asked, _off(rules)),
        entering=len(used - earlier),
        leaving=len(earlier - used),
    )


def _never(judged: Iterable[JudgedRecord]) -> dict[Unfit, int]:
    counts = Counter(one.standing.reason for one in judged if one.standing.reason in NEVER_FIT)
    return {reason: counts[reason] for reason in NEVER_FIT if counts[reason]}


def _effects(
    library: Library,
    asked: Sequence[tuple[JudgedRecord, tuple[Unfit, ...]]],
    off: frozenset[Unfit],
) -> tuple[RuleEffect, ...]:
    """Return what each rule removes, with examples."""
    removed: defaultdict[Unfit, list[int]] = defaultdict(list)
    alone: defaultdict[Unfit, list[int]] = defaultdict(list)
    for one, would in asked:
        reasons = one.standing.reasons
        if reasons and reasons[0] in NEVER_FIT:
            continue
        for reason in reasons:
            removed[reason].append(one.n)
        if len(reasons) == 1:
            alone[reasons[0]].append(one.n)
        for reason in would:
            removed[reason].append(one.n)
            if not reasons:  # it is in, and this rule would take it out
                alone[reason].append(one.n)
    shown = {reason: (alone[reason] or rows)[:EXAMPLES] for reason, rows in removed.items()}
    examples = _examples(library, {n for rows in shown.values() for n in rows})
    return tuple(
        RuleEffect(
            reason=reason,
            on=reason not in off,
            removed=len(removed[reason]),
            only=len(alone[reason]),
            examples=tuple(examples[n] for n in shown[reason] if n in examples),
        )
        for reason in Unfit
        if removed.get(reason)
    )


def _off(rules: FitnessRules) -> frozenset[Unfit]:
    """Return the reasons that the yes-or-no rules would give which are not in force."""
    states = {
        Unfit.INCORRECT: rules.only_correct,
        Unfit.OTHER_STRATEGY: rules.only_paired,
        Unfit.LEAK: not rules.allow_leaks,
        Unfit.CUT_OFF: not rules.allow_cut_off,
        Unfit.REFUSAL: rules.no_refusals,
        Unfit.REPETITION: rules.no_repetition,
    }
    return frozenset(reason for reason, on in states.items() if not on)


def _examples(library: Library, rowids: set[int]) -> dict[int, RemovedExample]:
    lines = record_lines(library, sorted(rowids))
    return {
        line.rowid: RemovedExample(id=line.id, question=line.question) for line in lines if line is not None
    }
