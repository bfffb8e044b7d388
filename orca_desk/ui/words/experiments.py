"""Experiments in words that stand beside a button or in a list; what they found words itself in the step."""

from typing import TYPE_CHECKING

from orca_desk.counting import counted
from orca_desk.ui.words.progress import between

if TYPE_CHECKING:  # every start of the desktop imports this module
    from orca_desk.method.arms import Arm
    from orca_desk.steps.experiment.estimate import ExperimentEstimate
    from orca_desk.steps.experiment.outcome import ExperimentOutcome
    from orca_desk.steps.experiment.results import ExperimentResults, ShareResult

UNREADABLE_PLAN = "Another version of Orca Desk stored this experiment: set it up again."


def estimate_sentence(found: "ExperimentEstimate") -> str:
    """Return what an experiment will do, how long it takes, and where that is known from."""
    what = (
        f"{counted(found.trainings, 'training')} of {counted(found.records, 'record')} each and "
        f"{counted(found.evaluations, 'evaluation')} on {counted(found.tasks, 'task')}"
    )
    known = [one for one in (found.training, found.evaluation) if one]
    source = f"by {' and '.join(known)}" if len(known) == 2 else "a rough estimate"
    return f"{what}: {between(found.low, found.high)}, {source}."


def experiment_outcome(found: "ExperimentOutcome") -> str:
    """Return how far an experiment came."""
    if (found.trained, found.evaluated) == (found.trainings, found.evaluations):
        return (
            f"{counted(found.trainings, 'training')} and {counted(found.evaluations, 'evaluation')}. "
            "The report says what they show."
        )
    done = (
        f"{found.trained:,} of {counted(found.trainings, 'training')} and "
        f"{found.evaluated:,} of {counted(found.evaluations, 'evaluation')} done"
    )
    failed = f"; {counted(found.failed, 'training')} cannot be done" if found.failed else ""
    return f"{done}{failed}."


def share_text(one: "ShareResult | None") -> str:
    """Return a share with its interval in percent: "62.0% (57-67)"; "-" while it is not known."""
    if one is None:
        return "-"
    share = one.share
    return f"{share.share:.1%} ({share.low * 100:.0f}-{share.high * 100:.0f})"


def seeds_done(found: "ExperimentResults", arm: "Arm") -> str:
    """Return how many students of an arm are trained: "2 of 3"; "-" for the base, which is none."""
    made = next(one for one in found.arms if one.arm == arm)
    if arm not in found.plan.trained:
        return "-"
    failed = f", {len(made.failures)} failed" if made.failures else ""
    return f"{len(made.trainings):,} of {len(found.plan.seeds):,}{failed}"
