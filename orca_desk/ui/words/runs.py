"""Runs in words: what they did, their status, progress, time, outcome and settings."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from orca_desk.counting import counted
from orca_desk.library.runs import Run, Status
from orca_desk.ui.words.outcomes import outcome_text
from orca_desk.ui.words.progress import duration
from orca_desk.ui.words.roles import Role
from orca_desk.ui.words.settings import title


class RunType(NamedTuple):
    """How runs of one type look: their icon, their name, and the page that resumes them."""

    image: str
    name: str
    page: str


class RunStatus(NamedTuple):
    """How a status looks: its icon, its word, the role of its colour."""

    image: str
    word: str
    role: Role


TYPES = {
    "generate": RunType("graduation-cap", "Teacher answers", "teacher"),
    "probe": RunType("route", "Strategy measurement", "strategies"),
    "train": RunType("chart-line", "Training", "training"),
    "evaluate": RunType("target", "Evaluation", "evaluate"),
    "forgetting": RunType("target", "Measurement of what was lost", "evaluate"),
    "benchmark": RunType("flask-conical", "Standard benchmark", "evaluate"),
    "experiment": RunType("flask-conical", "Experiment", "experiment"),
    "measure-base": RunType("target", "Measurement of the student", "training"),
    "export": RunType("file-output", "Export", "training"),
    "hand-over": RunType("file-output", "Export of data", "tasks"),
    "import": RunType("file-input", "Import", "tasks"),
    "import-answers": RunType("file-input", "Import of answers", "tasks"),
    "grow-procedural": RunType("sprout", "Tasks from generators", "grow"),
    "grow-documents": RunType("sprout", "Tasks from documents", "grow"),
    "grow-like": RunType("sprout", "Variations of tasks", "grow"),
    "download": RunType("download", "Download", "hub"),
    "demo": RunType("flask-conical", "Demo", "home"),
}
STATUSES: dict[Status, RunStatus] = {
    "running": RunStatus("play", "Running", "accent"),
    "done": RunStatus("circle-check", "Done", "good"),
    "failed": RunStatus("circle-x", "Failed", "bad"),
    "cancelled": RunStatus("square", "Stopped", "muted"),
    "interrupted": RunStatus("triangle-alert", "Interrupted", "warn"),
}
PAUSED = RunStatus("pause", "Paused", "warn")  # of a job in this session: its run is still "running"
HASHED_KEYS = frozenset(
    {"tasks", "questions", "asked", "strategies"}
)  # settings with a hash of what was asked
RESUMABLE: frozenset[Status] = frozenset({"interrupted", "cancelled", "failed"})
OUTCOMES: dict[Status, str] = {
    "running": "Not finished yet.",
    "done": "Completed.",
    "failed": "Failed (no reason recorded).",
    "cancelled": "You stopped it; finished work was saved.",
    "interrupted": "Orca Desk closed before it finished. You can resume it.",
}


def type_of(run: Run) -> str:
    """Return the name of a run's type: "Training"."""
    return TYPES[run.kind].name if run.kind in TYPES else run.kind.replace("-", " ").capitalize()


def status_text(run: Run) -> str:
    """Return the status of a run as text, and whether it can be resumed: "Stopped, resumable"."""
    word = STATUSES[run.status].word
    return f"{word}, resumable" if is_resumable(run) else word


def page_of(run: Run) -> str | None:
    """Return the page that can resume a run; None for a run that cannot be resumed."""
    return TYPES[run.kind].page if run.kind in TYPES and is_resumable(run) else None


def is_resumable(run: Run) -> bool:
    """Return whether a run has an end that it can resume from, and may succeed when it does."""
    return run.status in RESUMABLE and not run.is_final


def progress_of(run: Run) -> str:
    """Return the progress of a run: "120 / 400 answers"."""
    if run.total:
        return f"{run.done:,.0f} / {run.total:,.0f} {run.unit}"
    return f"{run.done:,.0f} {run.unit}" if run.done else "–"


def time_of(run: Run) -> str:
    """Return how long a run took in all its parts, or has taken so far; "–" if unknown."""
    return "–" if run.seconds is None else duration(run.seconds)


def outcome_of(run: Run) -> str:
    """Return the outcome of a run as a sentence."""
    return outcome_text(run.outcome) or OUTCOMES[run.status]


def settings_of(run: Run, names: Mapping[str, str] = {}) -> list[tuple[str, str]]:
    """Return a run's settings as pairs of name and value, nested ones flattened.

    `names` are those of models and snapshots by SHA-256. Which tasks and strategies were asked for stands in
    the run's request; its settings only have their hashes.
    """
    asked = list(_asked(run.request or {}))
    told = {name for name, _ in asked}
    return [*asked, *(line for line in _lines(run.settings, names) if line[0] not in told)]


def _asked(request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield which tasks and strategies a request asks for."""
    if "families" in request:
        families = request["families"]
        yield "Families", ", ".join(families) if families else "all"
        yield "Tasks per family", _value(request.get("per_family") or "all")
    elif "family" in request:
        yield "Family", _value(request["family"] or "all")
        for name in ("tag", "text"):
            if request.get(name):
                yield name.capitalize(), _value(request[name])
        if request.get("limit"):
            yield "At most", counted(request["limit"], "task")
        if "strategy" in request:  # an import asks for none
            yield "Strategy", _value(request["strategy"] or "each family's")
    if "strategies" in request:
        yield "Strategies", ", ".join(request["strategies"]) if request["strategies"] else "all"


def _lines(
    settings: Mapping[str, Any], names: Mapping[str, str], prefix: str = ""
) -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        label = f"{prefix}{name.replace('_', ' ')}".capitalize() if prefix else title(name)
        if name == "system" and isinstance(value, Mapping):  # its type, or the user's own text
            yield "System message", _value(value.get("text") or value.get("kind"))
        elif isinstance(value, Mapping):
            yield from _lines(value, names, "" if name in ("settings", "sampling") else f"{label}: ")
        elif isinstance(value, str) and value in names:
            yield label, f"{names[value]} (SHA-256 {_value(value)})"
        elif name not in HASHED_KEYS or not isinstance(value, str):
            yield label, _value(value)


def _value(value: Any) -> str:
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(" ".join(map(str, one)) if isinstance(one, list) else str(one) for one in value)
    if isinstance(value, str) and len(value) >= 32 and all(sign in "0123456789abcdef" for sign in value):
        return f"{value[:12]}…"  # a hash: its beginning identifies it
    return f"{value:g}" if isinstance(value, float) else str(value)
