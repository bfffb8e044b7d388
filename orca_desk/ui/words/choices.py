"""What measured outcomes decide about a family, in words."""

from orca_desk.method.halves import HeldOutScore
from orca_desk.method.pairing import ChoiceRule, Decision, PairingReason, Standing
from orca_desk.steps.pair.recorded import RecordedChoice
from orca_desk.ui.words.counting import counted

NO_CHOICE = "no choice"
NAMED = 5  # families in a sentence
TOLD = 10  # unused rows that are told one by one


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
            return f"The most accurate; {_surely(standing, decision.rule)}."
        case PairingReason.SHORTEST if standing:
            return f"The shortest that is not worse; {_surely(standing, decision.rule)}."
    return ""


def held_out_words(score: HeldOutScore) -> str:
    """Return the score of a choice on tasks that did not make it."""
    first, second = score.by_halves
    chosen = first if first == second else f"{first} by one half, {second} by the other"
    return (
        f"{score.accuracy:.1%} on the half that did not choose ({chosen};"
        f" {counted(score.tasks, 'task')}, 95% interval {score.low:.0%} to {score.high:.0%})"
    )


def recorded_notes(found: RecordedChoice) -> list[str]:
    """Return what the file's rows were used for, and what was left out or guessed."""
    notes = [f"{counted(found.used, 'row')} of {found.read:,} used."]
    if found.unused:
        notes.append(f"{counted(len(found.unused), 'row')} left out:")
        notes += [f"  line {one.line}: {one.reason}" for one in found.unused[:TOLD]]
        if len(found.unused) > TOLD:
            notes.append(f"  and {len(found.unused) - TOLD:,} more (--json lists them all)")
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


def _surely(standing: Standing, rule: ChoiceRule) -> str:
    against = f"{standing.difference:+.1%} against {standing.rival}"
    basis = "shared tasks" if standing.paired else "tasks, none shared"
    return (
        f"{against} on {standing.tasks:,} {basis} (95% interval {standing.low:+.1%} to {standing.high:+.1%}),"
        f" worse by {100 * rule.margin:g} points or more: adjusted p {_p(standing.adjusted_p)}"
    )


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
