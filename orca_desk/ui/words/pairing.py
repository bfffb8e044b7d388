"""Why a family is paired with its strategy, or with none, in words."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from orca_desk.counting import counted
from orca_desk.library.pairings import StoredPairing, Undecided
from orca_desk.method.evidence import Basis, Evidence, most_accurate
from orca_desk.method.halves import HeldOutScore
from orca_desk.method.judging import JudgeCheck
from orca_desk.method.pairing import ChoiceRule, Decision, Pairing, PairingReason
from orca_desk.steps.pair.estimate import ProbeEstimate
from orca_desk.steps.pair.standing import OUT, Budget, ProbeStanding, Spent
from orca_desk.ui.words.progress import between, duration
from orca_desk.ui.words.shorten import shorten

NAMED = 5  # families in a sentence
WITHOUT_NAMED = 3  # of the families without a strategy
NO_EVIDENCE = "Use a stronger teacher or easier tasks, or choose the strategy by hand."
STILL_OPEN = "Measure more tasks, or choose the strategy by hand."
NO_TITLES: Mapping[str, str] = MappingProxyType({})
BASES: dict[Basis, str] = {
    Basis.REFERENCE: "by reference answers",
    Basis.AGREEMENT: "by agreement",
    Basis.JUDGE: "by a judge",
}
# What a share is, where it stands: only by reference is it an accuracy
SHARES: dict[Basis, str] = {
    Basis.REFERENCE: "correct",
    Basis.AGREEMENT: "agreeing",
    Basis.JUDGE: "judged correct",
}
ABOUT_BASES: dict[Basis, str] = {
    Basis.REFERENCE: "Each answer is compared with its task's reference answer: the share is an accuracy.",
    Basis.AGREEMENT: (
        "For tasks without reference answers. Each answer is compared with the other answers that the same"
        " strategy gives to the task. The share says how consistent a strategy is. It is not accuracy: a"
        " mistake that is always the same counts in full."
    ),
    Basis.JUDGE: (
        "For tasks without reference answers. A judge model reads each answer and says whether it is correct."
        " The share is the judge's opinion, not accuracy: judges favour long answers and their own, and a"
        " weak judge is often wrong."
    ),
}
ABOUT_CHOICE = (
    "A family gets the strategy with the fewest answer tokens of those shown to be not worse than the best."
    " Strategies are compared task by task on the same tasks (a paired test), with correction for the number"
    " of comparisons (Holm): with many strategies, one looks good by luck."
)
ABOUT_INTERVAL = (
    "95% interval: measured again on other tasks, the share would usually lie in this range. It narrows with"
    " more tasks."
)


def pairing_reason(
    pairing: Pairing, rule: ChoiceRule | None = None, titles: Mapping[str, str] = NO_TITLES
) -> str:
    """Return the reason as a sentence; the one that an older Orca Desk stored stays as it is.

    `rule` is the one that chose; strategies are called by their `titles`, if these are given.
    """
    if pairing.reason == PairingReason.BY_HAND:
        return "Chosen by hand."
    chosen = next((one for one in pairing.evidence if one.strategy == pairing.strategy), None)
    if chosen is None or pairing.reason not in list(PairingReason):
        return _sentence(pairing.reason)
    best = most_accurate(pairing.evidence)
    match PairingReason(pairing.reason):
        case PairingReason.NONE_CORRECT:
            return f"No strategy answered any of the {best.n} tasks correctly; this one is the shortest."
        case PairingReason.BEST:
            return f"{score(chosen)}, the best of {len(pairing.evidence)} measured strategies."
        case PairingReason.ONLY:
            return f"{score(chosen)}, the only strategy measured."
    margin = (rule or ChoiceRule()).margin
    return (
        f"{score(chosen)} at {chosen.mean_tokens:.0f} tokens per answer. {_title(best.strategy, titles)} got"
        f" {best.correct:,} of {best.n:,} at {best.mean_tokens:.0f}; this one is cheaper and not worse by"
        f" {margin:.0%} or more."
    )


def score(evidence: Evidence) -> str:
    """Return how many answers count as correct: "9 of 10 correct", "9 of 10 agreeing"."""
    return f"{evidence.correct:,} of {evidence.n:,} {SHARES[evidence.basis]}"


def no_choice(undecided: Undecided | Decision) -> str:
    """Return why a measurement chose no strategy for a family, and what would settle it."""
    best = most_accurate(undecided.evidence)
    if undecided.reason == PairingReason.NONE_CORRECT:
        answers = sum(one.n for one in undecided.evidence)
        return f"No evidence: 0 of {counted(answers, 'answer')} {SHARES[best.basis]}. {NO_EVIDENCE}"
    if undecided.more_tasks is None:
        return (
            "No choice: the answers do not show which strategies are not worse than the best, and more tasks"
            " are unlikely to. Choose the strategy by hand."
        )
    answers = undecided.more_tasks * len(undecided.evidence)
    return (
        "No choice: the answers do not show yet which strategies are not worse than the best. About"
        f" {counted(undecided.more_tasks, 'more task', 'more tasks')} would probably settle it (up to"
        f" {counted(answers, 'answer')})."
    )


def held_out_text(
    found: HeldOutScore | None,
    basis: Basis = Basis.REFERENCE,
    titles: Mapping[str, str] = NO_TITLES,
) -> str:
    """Return what a choice achieves on tasks that did not make it; "" if there were too few tasks."""
    if found is None:
        return ""
    first, second = (_title(name, titles) for name in found.by_halves)
    which = first if first == second else f"{first} on one half and {second} on the other"
    return (
        f"Chosen on one half of the tasks and scored on the other, both ways: {found.accuracy:.0%}"
        f" {SHARES[basis]} ({found.low:.0%} to {found.high:.0%}, {counted(found.tasks, 'task')}), by {which}."
    )


def overruled(stored: StoredPairing, titles: Mapping[str, str] = NO_TITLES) -> str:
    """Return who chose a pairing by hand and what the measurement said then; "" if it was measured."""
    if stored.source != "chosen":
        return ""
    by = stored.details.get("by")
    who = f"Chosen by hand by {by}." if by else "Chosen by hand."
    measured = stored.details.get("measured")
    if not measured:
        return f"{who} Nothing was measured then." if "by" in stored.details else who
    scores, basis = measured["scores"], Basis(measured["basis"])
    mine, chosen = _title(stored.strategy, titles), measured["strategy"]
    own = f"{mine}: {_counts(scores, stored.strategy, basis)}"
    if stored.strategy not in scores:
        own = f"{mine} was not measured"
    if chosen == stored.strategy:
        return f"{who} The measurement {BASES[basis]} chose the same ({own})."
    if chosen is not None:
        said = f"had chosen {_title(chosen, titles)} ({_counts(scores, chosen, basis)})"
    elif measured["reason"] == PairingReason.NONE_CORRECT:
        said = "had no evidence"
    else:
        said = "had not settled the choice"
    return f"{who} The measurement {BASES[basis]} {said}; {own}."


def source_word(stored: StoredPairing, *, is_earlier: bool = False) -> str:
    """Return how a family came to its strategy; nothing correct is no measurement that speaks for one.

    `is_earlier` says that an earlier instruction of the strategy was measured.
    """
    if stored.source == "chosen":
        return "by hand"
    if is_earlier:
        return "earlier version"
    if stored.pairing.reason == PairingReason.NONE_CORRECT:
        return "no evidence"
    basis = next((one.basis for one in stored.pairing.evidence), Basis.REFERENCE)
    return "measured" if basis == Basis.REFERENCE else BASES[basis]


def without_strategy(families: Sequence[str]) -> str:
    """Return a sentence that names the families without a strategy, the first of them if there are many."""
    named = ", ".join(shorten(family, 40) for family in families[:WITHOUT_NAMED])
    more = len(families) - WITHOUT_NAMED
    return f"No strategy yet for {named} and {more:,} more." if more > 0 else f"No strategy yet for {named}."


def probe_summary(
    paired: int,
    fruitless: Collection[str],
    left_out: int,
    still_open: Collection[str] = (),
    without_verdict: Collection[str] = (),
) -> str:
    """Return what a measurement came to: how many families it paired, and which ones it could not.

    `fruitless` are the families without a single correct answer, `still_open` those in which the answers do
    not settle the choice, and `without_verdict` those in which no task has a verdict under every strategy;
    `left_out` counts the tasks that have none.
    """
    lines = [f"{counted(paired, 'family', 'families')} paired by measurement."]
    if still_open:
        count = counted(len(still_open), "family", "families")
        lines.append(f"No choice yet for {count}: too few answers to tell in {_named(still_open)}.")
    if fruitless:
        count = counted(len(fruitless), "family", "families")
        lines.append(f"No evidence for {count}: no strategy got a task right in {_named(fruitless)}.")
    if without_verdict:
        count = counted(len(without_verdict), "family", "families")
        lines.append(
            f"No verdict for {count}: no task has a graded answer under every strategy in"
            f" {_named(without_verdict)}."
        )
    if left_out:
        lines.append(f"{counted(left_out, 'task')} not graded under every strategy, so not compared.")
    return " ".join(lines)


def estimate_text(found: ProbeEstimate) -> str:
    """Return what a measurement will cost: answers, and where they are known tokens and time."""
    if not found.most_answers:
        return "no answers"
    few, many = found.least_answers, found.most_answers
    parts = [counted(many, "answer") if few >= many else f"{few:,} to {counted(many, 'answer')}"]
    if found.tokens is not None:
        parts.append(f"up to {counted(found.tokens, 'token')}")
    if found.low is not None and found.high is not None:
        parts.append(between(found.low, found.high))
    return ", ".join(parts)


def standing_text(standing: ProbeStanding) -> str:
    """Return where a measurement stands: its races, and what was spent of its budget."""
    states: dict[str, set[str]] = defaultdict(set)
    for (family, _), cell in standing.cells.items():
        states[family].add(cell.state)
    still_open = sum("open" in each for each in states.values())
    chosen = sum("chosen" in each for each in states.values())
    out = sum(cell.state in OUT for cell in standing.cells.values())
    races = (
        f"{counted(chosen, 'family', 'families')} settled, {still_open:,} still open;"
        f" {counted(out, 'strategy', 'strategies')} out."
    )
    return f"{races} {spent_text(standing.spent, standing.budget)}"


def spent_text(spent: Spent, budget: Budget) -> str:
    """Return what a measurement has cost, beside its budget where it has one."""
    parts = [
        _of(f"{spent.answers:,}", budget.answers, "answers"),
        _of(f"{spent.tokens:,}", budget.tokens, "tokens"),
    ]
    if budget.seconds is not None:
        parts.append(f"{duration(spent.seconds)} of {duration(budget.seconds)}")
    return f"Spent: {', '.join(parts)}."


def judge_check_text(found: JudgeCheck) -> str:
    """Return how a judge's verdicts compare with reference answers."""
    return (
        f"Where tasks have reference answers, the judge accepts {found.accepted_correct:,} of"
        f" {counted(found.correct, 'correct answer')} and {found.accepted_incorrect:,} of"
        f" {counted(found.incorrect, 'incorrect answer')}."
    )


def replaced_text(replaced: Sequence[StoredPairing]) -> str:
    """Return which pairings a measurement replaced that rested on more than it; "" for none."""
    if not replaced:
        return ""
    named = "; ".join(f"{one.pairing.family} had {one.strategy} {_how(one)}" for one in replaced[:NAMED])
    more = f"; and {len(replaced) - NAMED:,} more" if len(replaced) > NAMED else ""
    return f"Replaced: {named}{more}. To keep an earlier strategy, choose it by hand."


def at_stake_text(stake: Sequence[StoredPairing], titles: Mapping[str, str] = NO_TITLES) -> str:
    """Return which pairings, on firmer grounds than its own, a measurement may replace."""
    named = "; ".join(  # titles contain commas
        f"{one.pairing.family} has {_title(one.strategy, titles)} {_how(one)}" for one in stake[:NAMED]
    )
    more = f"; and {len(stake) - NAMED:,} more" if len(stake) > NAMED else ""
    return f"{named}{more}."


def _how(stored: StoredPairing) -> str:
    return "by hand" if stored.source == "chosen" else BASES[Basis.REFERENCE]


def _of(spent: str, limit: int | None, unit: str) -> str:
    return f"{spent} {unit}" if limit is None else f"{spent} of {limit:,} {unit}"


def _title(strategy: str, titles: Mapping[str, str]) -> str:
    return titles.get(strategy, strategy)


def _counts(scores: Mapping[str, Sequence[int]], strategy: str, basis: Basis) -> str:
    correct, n = scores.get(strategy, (0, 0))
    return f"{correct:,} of {n:,} {SHARES[basis]}"


def _named(families: Collection[str]) -> str:
    names = ", ".join(sorted(families)[:NAMED])
    return f"{names} and {len(families) - NAMED:,} more" if len(families) > NAMED else names


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
