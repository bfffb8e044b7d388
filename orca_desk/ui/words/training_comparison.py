"""The words of compared trainings: a row for each result and setting, a value for each training."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orca_desk.library.database import Library
from orca_desk.library.trainings import Training
from orca_desk.steps.evaluate.of_training import TrainingEvaluation, evaluations_of
from orca_desk.steps.train.history import TrainingDetails, training_details
from orca_desk.ui.words.evaluations import interval
from orca_desk.ui.words.runs import status_text, time_of
from orca_desk.ui.words.settings import title
from orca_desk.ui.words.tidying import run_title
from orca_desk.ui.words.trainings import records_summary, shown

NOTHING = "–"
MOST_EVALUATIONS = 8  # names of evaluations that get a row


@dataclass(frozen=True, kw_only=True)
class ComparedTraining:
    """A training with its evaluations, the newest first."""

    details: TrainingDetails
    evaluations: tuple[TrainingEvaluation, ...]

    @property
    def name(self) -> str:
        """What the training is called."""
        return run_title(self.details.training.run)


Entry = tuple[str, tuple[str, ...]]  # what a row is about, and the value of each training


def compared(library: Library, trainings: Sequence[Training]) -> list[ComparedTraining]:
    """Return some trainings with their evaluations."""
    evaluations = evaluations_of(library, trainings)
    return [
        ComparedTraining(details=training_details(library, one.id), evaluations=evaluations[one.id])
        for one in trainings
    ]


def entries(found: Sequence[ComparedTraining]) -> list[Entry]:
    """Return the rows: what the trainings came to, then their settings; first of all the differences."""

    def row(name: str, value: Callable[[ComparedTraining], str]) -> Entry:
        return name, tuple(value(one) for one in found)

    results = [
        row("Base model", lambda one: one.details.training.base.name),
        row("Snapshot", lambda one: one.details.snapshot),
        row("Status", _status),
        row("Best validation loss", lambda one: _loss(one.details.training.best_eval)),
        row("Before the training", lambda one: _loss(one.details.base_loss)),
        row("Steps", _steps),
        row("Records", lambda one: records_summary(one.details.records) or NOTHING),
        row("Took", lambda one: time_of(one.details.training.run) or NOTHING),
        *(
            (f"Correct: {name}", tuple(_newest(one, name) for one in found))
            for name in _evaluated(found)[:MOST_EVALUATIONS]
        ),
    ]
    names = dict.fromkeys(name for one in found for name in one.details.training.settings)
    settings = [
        (title(name), tuple(shown(one.details.training.settings.get(name, NOTHING)) for one in found))
        for name in names
    ]
    return sorted([*results, *settings], key=lambda entry: len(set(entry[1])) == 1)


def _status(one: ComparedTraining) -> str:
    early = ", stopped early" if one.details.stopped_early else ""
    return f"{status_text(one.details.training.run)}{early}"


def _steps(one: ComparedTraining) -> str:
    last = one.details.metrics[-1] if one.details.metrics else None
    return NOTHING if last is None else f"{last['step']:,} of {last['steps']:,}"


def _loss(loss: float | None) -> str:
    return NOTHING if loss is None else f"{loss:.4f}"


def _evaluated(found: Sequence[ComparedTraining]) -> list[str]:
    """Return the names of evaluations, those that most trainings share first."""
    names: dict[str, int] = {}
    for one in found:
        for name in dict.fromkeys(each.listed.name for each in one.evaluations if not each.is_earlier):
            names[name] = names.get(name, 0) + 1
    return sorted(names, key=lambda name: -names[name])


def _newest(one: ComparedTraining, name: str) -> str:
    """Return the share of the newest evaluation of a name, with its interval and number of questions."""
    for each in one.evaluations:
        if each.listed.name == name and not each.is_earlier:
            return f"{interval(each.listed.accuracy)}, n = {each.listed.accuracy.n:,}"
    return NOTHING
