"""export.json in an exported folder: what was handed over and found, for programs and killed exports."""

import json
from dataclasses import replace
from pathlib import Path

from orca_desk.files import atomic_write
from orca_desk.steps.export.outcome import ExportOutcome, outcome_from_json

NAME = "export.json"


def write_receipt(folder: Path, run: str, outcome: ExportOutcome) -> None:
    """Write export.json into `folder`. It names no path of this machine: the folder may be shared."""
    stored = json.loads(replace(outcome, out=Path()).to_json())
    atomic_write(folder / NAME, json.dumps({**stored, "run": run}, indent=1))


def read_receipt(folder: Path, run: str) -> ExportOutcome | None:
    """Return what `run` has handed over in `folder`; None where it has handed over nothing yet."""
    try:
        text = (folder / NAME).read_text("utf-8")
        stored = json.loads(text)
        if stored.pop("run") != run:
            return None
    except (OSError, ValueError, KeyError, AttributeError):
        return None
    outcome = outcome_from_json(json.dumps(stored))
    return replace(outcome, out=folder) if outcome else None
