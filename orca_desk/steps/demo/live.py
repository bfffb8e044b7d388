"""The newest output of a running stage, for whoever watches the demo."""

from dataclasses import dataclass

from orca_desk.library.database import Library
from orca_desk.library.overview import NewestAnswer, Step, newest_answer, newest_record
from orca_desk.library.trainings import list_trainings, training_events


@dataclass(frozen=True, kw_only=True)
class LiveOutput:
    """The newest answer, or a training's losses so far as (step, loss in nats per token)."""

    newest: NewestAnswer | None = None
    losses: tuple[tuple[int, float], ...] = ()
    validation: tuple[tuple[int, float], ...] = ()
    steps: int = 0  # of the whole training


def live_output(library: Library, step: Step) -> LiveOutput:
    """Return the newest output of a step of the method."""
    if step in ("pair", "instruct"):
        return LiveOutput(newest=newest_record(library))
    if step == "test":
        return LiveOutput(newest=newest_answer(library))
    found = list_trainings(library)[:1] if step == "train" else []
    if not found:
        return LiveOutput()
    losses = training_events(library, found[0].id, "metrics")
    validation = training_events(library, found[0].id, "eval")
    return LiveOutput(
        losses=tuple((one["step"], one["loss"]) for one in losses),
        validation=tuple((one["step"], one["loss"]) for one in validation),
        steps=losses[-1]["steps"] if losses else 0,
    )
