"""The content of the cards: the numbers of a library, worded for each step of the method."""

from collections.abc import Mapping

from orca_desk.library.overview import LibraryOverview, Step
from orca_desk.ui.pages.home.flow import State, StepFigures


def step_figures(numbers: LibraryOverview, states: Mapping[Step, State]) -> dict[Step, StepFigures]:
    """Return what each step's card shows."""
    lines: dict[Step, tuple[str, str, str]] = {
        "collect": (
            short_number(numbers.tasks),
            _noun(numbers.tasks, "task", "tasks"),
            f"{_count(numbers.families, 'family', 'families')}, {short_number(numbers.heldout)} held out"
            f"{_samples(numbers)}",
        ),
        "pair": (
            short_number(numbers.paired),
            f"of {short_number(numbers.pairable)}",
            "families with a strategy",
        ),
        "instruct": (
            short_number(numbers.records),
            _noun(numbers.records, "record", "records"),
            f"{short_number(numbers.usable)} usable, {short_number(numbers.unusable)} unusable",
        ),
        "erase": (
            short_number(numbers.snapshots),
            _noun(numbers.snapshots, "snapshot", "snapshots"),
            f"{_count(numbers.frozen, 'record', 'records')} frozen,"
            f" {short_number(numbers.unreviewed)} unreviewed",
        ),
        "train": (
            short_number(numbers.trainings),
            _noun(numbers.trainings, "training", "trainings"),
            f"newest: {numbers.newest_training}" if numbers.newest_training else "No adapter yet",
        ),
        "test": _test_line(numbers),
    }
    return {
        step: StepFigures(value=value, unit=unit, detail=detail, state=states[step])
        for step, (value, unit, detail) in lines.items()
    }


def short_number(count: int) -> str:
    """Format a count to fit on a card: 2,661, or 1.27 M from a million up."""
    return f"{count:,}" if count < 1_000_000 else f"{count / 1_000_000:.2f} M"


def _samples(numbers: LibraryOverview) -> str:
    if numbers.mixed:
        return f", {_count(numbers.mixed, 'sample', 'samples')} among them"
    return ", samples left out" if numbers.samples else ""


def _test_line(numbers: LibraryOverview) -> tuple[str, str, str]:
    if numbers.best is None:
        return "–", "", _count(numbers.evaluations, "evaluation", "evaluations")
    share, among = numbers.best.share, numbers.best.among
    interval = f"{share.low * 100:.0f} to {share.high * 100:.0f}%"
    which = "tuned student" if among == 1 else f"best of {among} tuned"
    return f"{share.share:.0%}", "correct", f"{which}, {_count(share.n, 'task', 'tasks')} ({interval})"


def _noun(count: int, singular: str, plural: str) -> str:
    return singular if count == 1 else plural


def _count(count: int, singular: str, plural: str) -> str:
    return f"{short_number(count)} {_noun(count, singular, plural)}"
