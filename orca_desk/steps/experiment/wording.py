"""An experiment in plain words: its arms, its messages, and what its data supports and what it does not.

Every sentence with a finding has the difference and its interval. The page, the report and the command say
the same.
"""

from collections.abc import Iterator, Sequence

from orca_desk.counting import counted
from orca_desk.method.arms import REWRITING, Arm
from orca_desk.method.crossed import CrossedDifference
from orca_desk.method.statistics import Finding
from orca_desk.steps.evaluate.scoring import OVERALL
from orca_desk.steps.experiment.plan import MessageKind
from orca_desk.steps.experiment.results import (
    ContrastResult,
    ContrastSet,
    ExperimentResults,
    arm_pairs,
)

ARM_NAMES = {
    Arm.BASE: "Base",
    Arm.ERASED: "Erased",
    Arm.NOT_ERASED: "Not erased",
    Arm.ANSWER_ONLY: "Answer only",
    Arm.EXPLANATION_AFTER: "Explanation after",
    Arm.SHUFFLED: "Shuffled reasoning",
    Arm.BEST: "Best of k",
    Arm.FIRST: "First of k",
}
ARM_MEANINGS = {
    Arm.BASE: "The student before training.",
    Arm.ERASED: "The strategy's instruction replaced by the student's: the method itself.",
    Arm.NOT_ERASED: "The strategy's instruction left in place.",
    Arm.ANSWER_ONLY: "The final answers without their reasoning.",
    Arm.EXPLANATION_AFTER: "The final answer first, then the same reasoning.",
    Arm.SHUFFLED: "The steps of the reasoning in another order, then the answer.",
    Arm.BEST: "Of several answers to a task, the shortest correct one.",
    Arm.FIRST: "Of the same answers, the first one, whatever its grade.",
}
MESSAGE_NAMES = {
    MessageKind.NONE: "No message",
    MessageKind.CAUTIOUS: "Cautious",
    MessageKind.STRATEGY: "True strategy",
    MessageKind.WRONG: "Wrong strategy",
    MessageKind.OWN: "The snapshot's own",
}
UNDER = {
    MessageKind.NONE: "no system message",
    MessageKind.CAUTIOUS: "the cautious message",
    MessageKind.STRATEGY: "the true strategy",
    MessageKind.WRONG: "a wrong strategy",
    MessageKind.OWN: "the snapshot's own message",
}
SUBJECTS = {
    (Arm.ERASED, Arm.BASE): "Training on the erased records",
    (Arm.ERASED, Arm.NOT_ERASED): "Erasing the instruction, against leaving it in place,",
    (Arm.ERASED, Arm.ANSWER_ONLY): "The reasoning in the records, against the answers alone,",
    (Arm.ERASED, Arm.EXPLANATION_AFTER): "Reasoning before the answer, against the same behind it,",
    (Arm.ERASED, Arm.SHUFFLED): "The order of the steps, against shuffled ones,",
    (Arm.BEST, Arm.FIRST): "Taking the best of several answers, against the first,",
}
VERBS: dict[Finding, str] = {
    "better": "helped",
    "worse": "hurt",
    "no clear difference": "made no clear difference",
}
ALIKE = 3  # messages with the same finding that are reported together
FEW_TASKS = 100  # below, a difference of ten points is about as large as its interval is wide


def side_name(arm: Arm, message: MessageKind) -> str:
    """Return a side of a difference, e.g. "Erased, cautious"."""
    return f"{ARM_NAMES[arm]}, {MESSAGE_NAMES[message].lower()}"


def contrast_name(one: ContrastResult) -> str:
    """Return what a difference is between: two arms under one message, or two sides."""
    first, second = one.first, one.second
    if first.message == second.message:
        return f"{ARM_NAMES[first.arm]} - {ARM_NAMES[second.arm].lower()}, under {UNDER[first.message]}"
    if first.arm == second.arm:
        return f"{ARM_NAMES[first.arm]}: under {UNDER[first.message]} - under {UNDER[second.message]}"
    return f"{side_name(first.arm, first.message)} - {side_name(second.arm, second.message).lower()}"


def points(found: CrossedDifference) -> str:
    """Write a difference in percentage points with its interval: +62.0 points (+57.1 to +66.8)."""
    low, high = found.low * 100, found.high * 100
    return f"{found.difference * 100:+.1f} points ({low:+.1f} to {high:+.1f})"


def conclusion(found: ExperimentResults) -> str:
    """Return one paragraph: what the data supports, and what it does not."""
    sentences = [*_supported(found), *_unsupported(found)]
    return " ".join(sentences) or "There are no results yet."


def _supported(found: ExperimentResults) -> Iterator[str]:
    overall = found.of_set(ContrastSet.ARMS)
    for first, second in arm_pairs(found.plan.arms):
        same = [
            one
            for one in overall
            if (one.first.arm, one.second.arm) == (first, second) and one.first.message == one.second.message
        ]
        if same:
            subject = SUBJECTS.get(
                (first, second),
                f"Training on {ARM_NAMES[first].lower()}, against {ARM_NAMES[second].lower()},",
            )
            yield f"{subject} {_by_finding(same)}."
    for one in overall:
        if one.first.message != one.second.message:
            yield (
                "Each under the message that it was trained with, erasing the instruction "
                f"{VERBS[one.finding]}: {points(one.difference)}{_doubt(one)}."
            )
    told = [one for one in found.of_set(ContrastSet.MESSAGES) if one.first.arm is Arm.ERASED]
    for one in told:
        what = "the true" if one.first.message is MessageKind.STRATEGY else "a wrong"
        yield (
            f"Telling the erased student {what} strategy, against no message, {VERBS[one.finding]}: "
            f"{points(one.difference)}{_doubt(one)}."
        )


def _by_finding(contrasts: Sequence[ContrastResult]) -> str:
    """Return the messages under which a pair differs, and those under which it does not, with intervals.

    Where it is the same under every message, the smallest and the largest difference stand for all.
    """
    if len(contrasts) >= ALIKE and len({one.finding for one in contrasts}) == 1:
        ordered = sorted(contrasts, key=lambda one: one.difference.difference)
        first, last = (
            f"{points(one.difference)} under {UNDER[one.first.message]}{_doubt(one)}"
            for one in (ordered[0], ordered[-1])
        )
        which = "any" if ordered[0].finding == "no clear difference" else "every"
        return f"{VERBS[ordered[0].finding]} under {which} system message, from {first} to {last}"
    parts = []
    for finding, verb in VERBS.items():
        those = [one for one in contrasts if one.finding == finding]
        if those:
            under = [
                f"under {UNDER[one.first.message]}, {points(one.difference)}{_doubt(one)}" for one in those
            ]
            parts.append(f"{verb} {_listed(under)}")
    return "; it ".join(parts)


def _doubt(one: ContrastResult) -> str:
    """Return why a difference is not clear although its interval lies beside 0; "" for all others."""
    if one.finding != "no clear difference" or one.difference.low <= 0 <= one.difference.high:
        return ""
    return ", not clear after the correction for many comparisons"


def _listed(items: Sequence[str]) -> str:
    if len(items) == 1:
        return items[0]
    return f"{'; '.join(items[:-1])}; and {items[-1]}"


def _unsupported(found: ExperimentResults) -> Iterator[str]:
    unclear = [one for one in found.of_set(ContrastSet.ARMS) if one.finding == "no clear difference"]
    if unclear:
        missed = max(max(abs(one.difference.low), abs(one.difference.high)) for one in unclear) * 100
        yield (
            "No clear difference does not mean that there is none: where this says so, one of up to "
            f"{missed:.0f} points could have been missed."
        )
    if found.contrasts:
        yield _extent(found)


def _extent(found: ExperimentResults) -> str:
    """Return what the intervals are over, and so how far the findings reach."""
    seeds = max((one.difference.seeds for one in found.contrasts), default=0)
    few = "only " if found.tasks < FEW_TASKS else ""
    families = counted(len(found.families), "family")
    tasks = f"{few}{counted(found.tasks, 'held-out task')} in {families}"
    if seeds == 1:
        spread = (
            f"The intervals are over {tasks}, from one training of each arm: another seed may give other "
            "differences, and nothing here says how different."
        )
    else:
        spread = f"The intervals are over {tasks} and {seeds:,} seeds."
    return (
        f"{spread} All of this is about one base model, one set of records and one choice of training "
        "settings; it says nothing about others."
    )


def notes(found: ExperimentResults) -> list[str]:
    """Return a sentence for everything that is left out, missing or not done yet."""
    lines = []
    if not found.finished:
        lines.append(
            f"Not finished: {found.done:,} of {found.parts:,} trainings and evaluations are done. "
            "The results will change."
        )
    left = found.left_out
    if left.no_answer:
        lines.append(
            f"{left.no_answer:,} of the snapshot's records are in no arm: the grader finds no final answer "
            "in them, or not the same one once they are rewritten."
        )
    if left.unknown:
        lines.append(f"{left.unknown:,} records are in no arm: their instruction is not in the library.")
    if left.beyond:
        lines.append(f"{left.beyond:,} records are in no arm: more than the plan allows.")
    if found.absent:
        names = " and ".join(ARM_NAMES[arm].lower() for arm in found.absent)
        lines.append(f"Without {names}: no task of the snapshot has several answers by one teacher.")
    sampled = [one for one in found.arms if one.arm in (Arm.BEST, Arm.FIRST) and one.records is not None]
    if sampled:
        lines.append(
            "Best of k and first of k are trained on one record for each task with several answers "
            f"({sampled[0].records:,}), so they compare with each other alone."
        )
    lines += _unchanged(found)
    lines += [
        f"{ARM_NAMES[one.arm]}: a seed has no student. {why}" for one in found.arms for why in one.failures
    ]
    lines += [
        f"Not all students were asked the same under {UNDER[message]}: strategies or tasks were edited "
        "between two evaluations. Run the experiment again to ask all of them again."
        for message in found.mixed
    ]
    if found.edited:
        lines.append(
            f"{found.edited:,} tasks are in no score: they were edited between two evaluations, or not "
            "graded."
        )
    cut = [one for one in found.shares if one.family == OVERALL and one.cut > 0]
    if cut:
        worst = max(cut, key=lambda one: one.cut)
        lines.append(
            f"Answers cut off at the length limit count as incorrect: up to {worst.cut:.1%} "
            f"({side_name(worst.side.arm, worst.side.message).lower()})."
        )
    return lines


def _unchanged(found: ExperimentResults) -> Iterator[str]:
    """Yield how many records the rewriting arms left as they are."""
    arms: dict[tuple[int, int], list[str]] = {}
    for one in found.arms:
        if one.arm in REWRITING and one.records and one.rewritten is not None and one.rewritten < one.records:
            arms.setdefault((one.records - one.rewritten, one.records), []).append(ARM_NAMES[one.arm])
    for (same, records), names in arms.items():
        yield (
            f"{', '.join(names)}: {same:,} of {records:,} records are as the teacher wrote them, as there is "
            "nothing in them to change."
        )
