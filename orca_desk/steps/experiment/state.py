"""How far an experiment is, as the library stores it: what each arm was made of, and what each cell found.

A cell is one student of one arm and seed, or the base. Whatever a cell names is a training or an evaluation
of its own in the library, found again by its inputs: the state only says which they were, and whether an
earlier one was used again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from orca_desk.library.database import Library
from orca_desk.library.settings import change_setting, get_setting
from orca_desk.method.arms import Arm
from orca_desk.steps.experiment.plan import MessageKind


@dataclass(frozen=True, kw_only=True)
class ArmRecords:
    """The records of an arm: its derived snapshot, and how many records the arm rewrote.

    `tokens` is the mean length of a record as the student's template renders it. `batch_tokens` is the
    training's setting that follows from it.
    """

    snapshot: str
    records: int
    rewritten: int
    tokens: float
    batch_tokens: int


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """Records of the snapshot that no arm is trained on, so that all arms have the same ones.

    `no_answer`: an arm cannot rewrite it, as the grader finds no final answer in it. `unknown`: its teacher
    record is no longer in the library. `beyond`: more than the plan allows. Those of other families are
    not counted.
    """

    no_answer: int = 0
    unknown: int = 0
    beyond: int = 0


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One student, or the base (`seed` None): its training, its evaluations by message, or why it failed.

    `reused` names those of them that were there before the experiment came to them. `seconds` is what the
    others took.
    """

    arm: Arm
    seed: int | None
    training: str = ""
    evaluations: Mapping[MessageKind, str] = field(default_factory=dict)
    reused: tuple[str, ...] = ()
    failure: str = ""
    seconds: float = 0.0

    @property
    def key(self) -> str:
        """The cell's name in the stored state, e.g. "erased/0"."""
        return cell_key(self.arm, self.seed)


@dataclass(frozen=True, kw_only=True)
class ExperimentState:
    """What an experiment has done so far. `absent` are arms that the library has no records for."""

    arms: Mapping[Arm, ArmRecords] = field(default_factory=dict)
    left_out: LeftOut = LeftOut()
    absent: tuple[Arm, ...] = ()
    cells: Mapping[str, Cell] = field(default_factory=dict)

    @property
    def is_prepared(self) -> bool:
        """Whether the records of the arms are made."""
        return bool(self.arms or self.absent)


def cell_key(arm: Arm, seed: int | None) -> str:
    """Return the name of a cell in the stored state."""
    return str(arm) if seed is None else f"{arm}/{seed}"


def read_state(library: Library, run: str) -> ExperimentState:
    """Return what the experiment `run` has done so far."""
    return _read(get_setting(library, _place(run)))


def store_arms(library: Library, run: str, made: ExperimentState) -> None:
    """Store what the arms are made of; the cells stay."""
    stored = {
        "arms": {str(arm): asdict(one) for arm, one in made.arms.items()},
        "left_out": asdict(made.left_out),
        "absent": [str(arm) for arm in made.absent],
    }
    change_setting(library, _place(run), lambda before: {**(before or {}), **stored})


def store_cell(library: Library, run: str, cell: Cell) -> None:
    """Store what a cell has found."""
    stored = {
        **asdict(cell),
        "arm": str(cell.arm),
        "evaluations": {str(message): found for message, found in cell.evaluations.items()},
    }

    def change(before: Any) -> Any:
        state = before or {}
        return {**state, "cells": {**state.get("cells", {}), cell.key: stored}}

    change_setting(library, _place(run), change)


def with_cell(state: ExperimentState, cell: Cell) -> ExperimentState:
    """Return the state with one cell changed."""
    return replace(state, cells={**state.cells, cell.key: cell})


def _place(run: str) -> str:
    return f"experiment.{run}"


def _read(stored: Any) -> ExperimentState:
    if not stored:
        return ExperimentState()
    return ExperimentState(
        arms={Arm(arm): ArmRecords(**one) for arm, one in stored.get("arms", {}).items()},
        left_out=LeftOut(**stored.get("left_out", {})),
        absent=tuple(map(Arm, stored.get("absent", ()))),
        cells={key: _cell(one) for key, one in stored.get("cells", {}).items()},
    )


def _cell(stored: Mapping[str, Any]) -> Cell:
    evaluations = {MessageKind(name): found for name, found in stored["evaluations"].items()}
    return Cell(
        **{
            **stored,
            "arm": Arm(stored["arm"]),
            "evaluations": evaluations,
            "reused": tuple(stored["reused"]),
        }
    )
