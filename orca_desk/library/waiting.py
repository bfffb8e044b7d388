"""Jobs that have not begun, as the library stores them, so that no close and no crash loses them."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting, peek_setting, set_setting

KEY = "desktop.waiting"  # the setting that holds them, in the order of the queue


@dataclass(frozen=True, kw_only=True)
class WaitingJob:
    """A job that has not begun: its title, and the page of the desktop and the request that start it."""

    title: str
    page: str
    target: Mapping[str, Any]


def waiting_jobs(library: Library) -> list[WaitingJob]:
    """Return the jobs that wait, the next one first. Those of another version of Orca Desk are left out."""
    return _from_json(get_setting(library, KEY, []))


def peek_at_waiting(folder: Path) -> list[WaitingJob]:
    """Do what `waiting_jobs` does for the library in `folder`, which another process may have open."""
    return _from_json(peek_setting(folder, KEY, []))


def store_waiting(library: Library, jobs: Iterable[WaitingJob]) -> None:
    """Store the jobs that wait."""
    set_setting(library, KEY, [{**asdict(one), "target": dict(one.target)} for one in jobs])


def _from_json(stored: Any) -> list[WaitingJob]:
    try:
        return [WaitingJob(**{**one, "target": dict(one["target"])}) for one in stored]
    except (TypeError, KeyError, ValueError):
        return []
