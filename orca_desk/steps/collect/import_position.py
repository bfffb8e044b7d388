"""How far an import got: stored with each batch, so that a run resumes there after it was cut off."""

from array import array
from dataclasses import dataclass, field
from typing import Any

from orca_desk.library.database import Library
from orca_desk.library.imports import read_state
from orca_desk.method.records import digest
from orca_desk.steps.collect.import_tasks import Tally, TaskImport


@dataclass
class Begun:
    """What an earlier part of a run did with a source.

    `rows` are those that it stored, `bad` those of them that were refused, `newly_held` the records that the
    tasks of the others hold out.
    """

    rows: int = 0
    bad: int = 0
    tally: Tally = field(default_factory=Tally)
    newly_held: "array[int]" = field(default_factory=lambda: array("q"))


class Position:
    """What is known of each source of a run, by its place."""

    def __init__(self, stored: dict[str, Any] | None = None) -> None:
        self._stored: dict[str, Any] = stored or {}
        self.resumed = bool(stored)

    @classmethod
    def of_run(cls, library: Library, run: str, sources: object) -> "Position":
        """Return how far a run got."""
        return cls(read_state(library, run))

    def take(self, place: int, source: Any) -> Begun:
        """Return what was done with a source, unless it has changed since."""
        found = self._stored.get(str(place))
        if found is None or found["mark"] != _mark(source):
            self._stored.pop(str(place), None)
            return Begun()
        return Begun(
            rows=found["rows"],
            bad=found.get("bad", 0),
            tally=Tally.from_json(found["tally"]),
            newly_held=array("q", found.get("newly_held", ())),
        )

    def at(self, place: int, source: Any, work: TaskImport) -> dict[str, Any]:
        """Return what to store, now that `work` has stored all of its rows so far."""
        self._stored[str(place)] = {
            "mark": _mark(source),
            "rows": work.rows_so_far,
            "bad": work.bad_so_far,
            "tally": work.tally.to_json(),
            "newly_held": work.newly_held.tolist(),
        }
        return self._stored


def _mark(source: Any) -> list[Any]:
    """Return what tells whether a source is still the same."""
    if source.path is None:
        return [digest(source.text)]
    try:
        state = source.path.stat()
    except OSError:
        return []
    return [state.st_size, state.st_mtime_ns]
