"""The checkpoints of a training, evaluated: what the curve shows and what it leaves open."""

from collections.abc import Iterator

from orca_desk.counting import counted
from orca_desk.steps.evaluate.checkpoints import CheckpointCurve
from orca_desk.steps.evaluate.scoring import OVERALL

MEASURES = {
    "accuracy": "Correct answers",
    "adherence": "Follows the paired strategy",
    "mean_tokens": "Tokens per answer",
}
TIP = (
    "The base and the checkpoints that the training kept answer the same held-out tasks. A training keeps up"
    " to eight earlier adapters, closer together at its beginning."
)


def curve_notes(curve: CheckpointCurve) -> Iterator[str]:
    """Yield what a reader of the curve should know: the tasks, the message, and what is missing."""
    if curve.checkpoints:
        n = curve.checkpoints[-1].families[OVERALL].accuracy.n
        message = {"own": "your own system message", "empty": "no system message"}.get(
            curve.system.kind, f"the {curve.system.kind} system message"
        )
        yield f"{counted(n, 'held-out task')} under {message}. Intervals are 95% (Wilson)."
        if len({one.families[OVERALL].accuracy.n for one in curve.checkpoints}) > 1:
            yield "Not all checkpoints answered equally many tasks: some could not be asked or were stopped."
    missing = len(set(curve.steps) - {one.step for one in curve.checkpoints})
    if curve.checkpoints and missing:
        yield f"{counted(missing, 'checkpoint')} not evaluated yet."
    if curve.without_file:
        yield (
            f"Only the newest GGUF files are kept: the tokens of {counted(curve.without_file, 'checkpoint')}"
            " cannot be scored until they are evaluated again."
        )
