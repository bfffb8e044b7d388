"""How an export ended, as its run stores it; ui/words/exports.py words it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from orca_desk.method.statistics import Comparison, Share
from orca_desk.parity.table import GateTable, table_from_json
from orca_desk.steps.export.formats import Format


class ExportStage(StrEnum):
    """The step of an export at which it was stopped."""

    WRITING = "writing"
    CHECKING = "checking"
    SCORING = "scoring"

    def to_json(self) -> str:
        """Return the outcome of an export that was stopped here; see `stage_from_json`."""
        return json.dumps({"export_stopped": self.value})


def stage_from_json(text: str) -> ExportStage | None:
    """Return what `ExportStage.to_json` wrote, or None for any other text."""
    try:
        return ExportStage(json.loads(text)["export_stopped"])
    except (ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True, kw_only=True)
class ExportedFile:
    """A file that was handed over: its place in the export's folder, its bytes and its SHA-256.

    `stored_as` is the type of most weights of a quantised file, where that is another than was asked for: the
    K types pack 256 weights of a row together, so llama.cpp stores narrower rows as a wider type.
    """

    format: Format
    place: str
    bytes: int
    sha256: str
    stored_as: str = ""


@dataclass(frozen=True, kw_only=True)
class FileScore:
    """How a model answered the held-out tasks, by the evaluation that holds its answers.

    `against` compares it with the unquantised student on the same tasks; None for that student itself.
    """

    label: str
    evaluation: str
    accuracy: Share
    against: Comparison | None = None


@dataclass(frozen=True, kw_only=True)
class ExportOutcome:
    """What an export handed over in `out`, and what was found of it.

    `is_blocked`: the gate refused a file, so `out` was not made, and the files wait in a hidden folder beside
    it. `is_overridden`: the user took such a file nevertheless. `guesses_template`: Ollama's folder has no
    template, as the model's cannot be written in Ollama's language.
    """

    out: Path
    files: tuple[ExportedFile, ...]
    gate: GateTable
    scores: tuple[FileScore, ...]
    is_blocked: bool = False
    is_overridden: bool = False
    guesses_template: bool = False

    def to_json(self) -> str:
        """Return the outcome as JSON; see `outcome_from_json`."""
        stored = asdict(self) | {"out": str(self.out), "gate": self.gate.to_json()}
        return json.dumps({"exported": stored}, ensure_ascii=False)


def outcome_from_json(text: str) -> ExportOutcome | None:
    """Return what `ExportOutcome.to_json` wrote, or None for any other text."""
    if not text.startswith('{"exported"'):
        return None
    try:
        stored = json.loads(text)["exported"]
        gate = table_from_json(stored["gate"])
        if gate is None:
            return None
        return ExportOutcome(
            out=Path(stored["out"]),
            files=tuple(ExportedFile(**one | {"format": Format(one["format"])}) for one in stored["files"]),
            gate=gate,
            scores=tuple(score_from_json(one) for one in stored["scores"]),
            is_blocked=stored["is_blocked"],
            is_overridden=stored["is_overridden"],
            guesses_template=stored.get("guesses_template", False),
        )
    except (ValueError, KeyError, TypeError):
        return None


def score_from_json(stored: Mapping[str, Any]) -> FileScore:
    """Return the score of which `asdict` made `stored`."""
    against = stored["against"]
    return FileScore(
        label=stored["label"],
        evaluation=stored["evaluation"],
        accuracy=Share(**stored["accuracy"]),
        against=Comparison(**against) if against else None,
    )
