"""What measured outcomes decide about a family, in words."""

from orca_desk.counting import counted
from orca_desk.method.pairing import ChoiceRule, Decision, PairingReason, Standing
from orca_desk.steps.pair.recorded import RecordedChoice

NO_CHOICE = "no choice"
NAMED = 5  # families in a sentence
TOLD = 10  # unused rows that are named one by one


def choice_word(decision: Decision) -> str:
    """Return a family's strategy, or that there is no choice or no evidence."""
    if decision.strategy is not None:
        return decision.strategy
    return "no evidence" if decision.reason == PairingReason.NONE_CORRECT else NO_CHOICE


def decision_reason(decision: Decision) -> str:
    """Return why a family gets its strategy, or none, and what would settle it, as a sentence or two."""
    standing = next((one for one in decision.standings if one.strategy == decision.strategy), None)
    match decision.reason:
        case PairingReason.NONE_CORRECT:
            answers = counted(sum(item.n for item in decision.evidence), "answer")
            return f"No evidence: not one of {answers} is correct."
        case PairingReason.ONLY:
            return "The only strategy measured."
        case PairingReason.OPEN:
            return f"No choice: {_open(decision)}"
        case PairingReason.BEST if standing:
            return f"The most accurate. {_surely(standing, decision)}"
        case PairingReason.SHORTEST if standing:
            return f"The shortest that is not worse than the best. {_surely(standing, decision)}"
    return ""


def legend(rule: ChoiceRule) -> str:
    """Return what the star and the last column of a family's table mean."""
    return (
        "* is chosen. p (worse) is how likely luck shows a strategy as good as this if it is truly worse than"
        f" the best by {_points(rule)} or more, corrected for the number of strategies:"
        f" up to {rule.alpha:.2g} counts as not worse."
    )


def recorded_notes(found: RecordedChoice) -> list[str]:
    """Return what the file's rows were used for, and what was left out or guessed."""
    notes = [f"{counted(found.used, 'row')} of {found.read:,} used."]
    if found.unused:
        notes.append(f"{counted(len(found.unused), 'row')} left out:")
        notes += [f"  line {one.line}: {one.reason}" for one in found.unused[:TOLD]]
        if len(found.unused) > TOLD:
            notes.append(f"  and {len(found.unused) - TOLD:,} more (--json lists them all)")
    if found.unread_tokens:
        first = found.unread_tokens[0]
        notes.append(
            f"{counted(len(found.unread_tokens), 'row')} without a usable length, though with a verdict that"
            f" counts; the first is line {first.line}: {first.reason}."
        )
    if found.repeated:
        notes.append(
            f"{counted(found.repeated, 'row')} without a sample number repeat a task under the same strategy:"
            " taken as further samples of it."
        )
    for family, count in list(found.unshared.items())[:NAMED]:
        notes.append(
            f"{family}: {counted(count, 'task')} not answered under every strategy. Two strategies are"
            " compared on the tasks that both answered."
        )
    if len(found.unshared) > NAMED:
        notes.append(f"The same in {counted(len(found.unshared) - NAMED, 'more family', 'more families')}.")
    if found.unshared:
        notes.append("The tokens of a strategy are the mean over all of its answers, also to other tasks.")
    if found.without_lengths:
        names = ", ".join(found.without_lengths[:NAMED])
        more = f" and {len(found.without_lengths) - NAMED:,} more" if found.without_lengths[NAMED:] else ""
        notes.append(
            f"No answer lengths for {names}{more}: of the strategies that are not worse than the best, the"
            " most accurate is chosen, not the shortest."
        )
    return notes


def _open(decision: Decision) -> str:
    if decision.more_tasks is None:
        return "no number of further answers would settle it if the differences stay as they are."
    return (
        f"about {counted(sum(decision.more_answers.values()), 'more answer')} on"
        f" {counted(decision.more_tasks, 'task')} would probably settle it."
    )


def _surely(standing: Standing, decision: Decision) -> str:
    rule, strategies = decision.rule, len(decision.evidence)
    basis = "tasks that both answered" if standing.paired else "tasks each, none of them shared"
    points = 100 * standing.difference
    beside = f"{abs(points):.1f} points {'above' if points > 0 else 'below'}" if points else "Level with"
    corrected = f", corrected for {strategies} strategies" if strategies > 2 else ""
    measured = (
        f"{beside} {standing.rival} on {standing.tasks:,} {basis} (95% interval {100 * standing.low:+.1f} to"
        f" {100 * standing.high:+.1f})."
    )
    if standing.adjusted_p > rule.alpha:  # the last of a tournament, and no test of all at its end
        return f"{measured} The others were out: worse, or longer and not better by {_points(rule)}."
    return (
        f"{measured} If it were worse by {_points(rule)} or more, luck would show it as good"
        f" as this with a chance of {_chance(standing.adjusted_p)}{corrected}; up to {_chance(rule.alpha)} is"
        " allowed."
    )


def _points(rule: ChoiceRule) -> str:
    return f"{100 * rule.margin:g} points" if rule.margin else "anything"


def _chance(p: float) -> str:
    return "less than 0.1%" if p < 0.001 else f"{100 * p:.2g}%"
