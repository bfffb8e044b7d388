"""Filters that the user gave a name to, kept in the library: the search and every other choice."""

from typing import Any

from orca_desk.library.database import Library
from orca_desk.library.settings import change_setting, get_setting, set_setting

KEY = "filters."  # then the page's name
Stored = list[dict[str, Any]] | None  # all saved filters of a page


def saved_filters(library: Library, page: str) -> dict[str, dict[str, Any]]:
    """Return the saved filters of a page by name, in the order in which they were saved."""
    stored = get_setting(library, KEY + page) or []
    return {one["name"]: one["fields"] for one in stored}


def save_filter(library: Library, page: str, name: str, fields: dict[str, Any]) -> Stored:
    """Save a filter under a name, in place of one with this name; return what was saved before."""

    def change(stored: Any) -> list[dict[str, Any]]:
        others = [one for one in stored or [] if one["name"] != name]
        return [*others, {"name": name, "fields": fields}]

    before: Stored = change_setting(library, KEY + page, change)
    return before


def delete_filter(library: Library, page: str, name: str) -> Stored:
    """Delete the saved filter with this name, if there is one; return what was saved before."""
    before: Stored = change_setting(
        library, KEY + page, lambda stored: [one for one in stored or [] if one["name"] != name]
    )
    return before


def restore_filters(library: Library, page: str, before: Stored) -> None:
    """Save again what `save_filter` or `delete_filter` returned, and nothing else."""
    set_setting(library, KEY + page, before)
