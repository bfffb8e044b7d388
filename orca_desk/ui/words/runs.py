"""What the Jobs page says of a run, in words."""

from collections.abc import Mapping
from typing import Any

from orca_desk.library.runs import Run, Status
from orca_desk.ui.theme import Role
from orca_desk.ui.widgets.job_panel import duration
from orca_desk.ui.widgets.when import seconds_between
from orca_desk.ui.words.outcomes import outcome_text

KINDS = {  # icon, words, the page that goes on with it
    "generate": ("graduation-cap", "Teacher answers", "teacher"),
    "probe": ("route", "Strategies measured", "strategies"),
    "train": ("chart-line", "Training", "training"),
    "evaluate": ("target", "Evaluation", "evaluate"),
    "demo": ("flask-conical", "Demo", "home"),
}
STATUS: dict[Status, tuple[str, str, Role]] = {  # icon, word, colour
    "queued": ("clock", "Waits", "muted"),
    "running": ("play", "Runs", "accent"),
    "paused": ("pause", "Paused", "warn"),
    "done": ("circle-check", "Done", "good"),
    "failed": ("circle-x", "Failed", "bad"),
    "cancelled": ("square", "Stopped", "muted"),
    "interrupted": ("triangle-alert", "Cut off", "warn"),
}
CAN_GO_ON = frozenset({"interrupted", "cancelled", "failed"})
OUTCOMES: dict[Status, str] = {
    "queued": "It has not begun yet.",
    "running": "It is running now.",
    "paused": "It waits until you resume it.",
    "done": "It went well.",
    "failed": "It failed without a reason.",
    "cancelled": "You stopped it; what was done is kept.",
    "interrupted": "The app ended before it was done; it can go on.",
}


def kind_of(run: Run) -> str:
    """Return what a run did."""
    return KINDS[run.kind][1] if run.kind in KINDS else run.kind.replace("-", " ").capitalize()


def page_of(run: Run) -> str | None:
    """Return the page that can go on with a run, where it can be gone on with."""
    return KINDS[run.kind][2] if run.kind in KINDS and run.status in CAN_GO_ON else None


def progress_of(run: Run) -> str:
    """Return how far a run came: "120 of 400 answers"."""
    if run.total:
        return f"{run.done:,.0f} / {run.total:,.0f} {run.unit}"
    return f"{run.done:,.0f} {run.unit}" if run.done else "–"


def lasted(run: Run) -> str:
    """Return how long a run took, or takes so far; nothing where that is not known."""
    if run.ended_at is None and run.status not in ("running", "paused"):
        return "–"
    seconds = seconds_between(run.started_at, run.ended_at)
    return "–" if seconds is None else duration(max(0.0, seconds))


def outcome_of(run: Run) -> str:
    """Return what came of a run, in a sentence."""
    return outcome_text(run.outcome) or OUTCOMES[run.status]


def settings_of(run: Run) -> list[tuple[str, str]]:
    """Return a run's settings as name and value, one level a line."""
    return list(_lines(run.settings))


def _lines(settings: Mapping[str, Any], prefix: str = "") -> Any:
    for name, value in settings.items():
        title = f"{prefix}{name.replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _lines(value, "" if name in ("settings", "sampling") else f"{title}: ")
        else:
            yield title.capitalize(), _value(value)


def _value(value: Any) -> str:
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(" ".join(map(str, one)) if isinstance(one, list) else str(one) for one in value)
    if isinstance(value, str) and len(value) >= 32 and all(sign in "0123456789abcdef" for sign in value):
        return f"{value[:12]}…"  # a hash: its beginning tells it apart
    return f"{value:g}" if isinstance(value, float) else str(value)
