"""Filters that the user gave a name to, kept in the library: the search and every other choice."""

from typing import Any

from orca_desk.library.database import Library
from orca_desk.library.settings import change_setting, get_setting

KEY = "filters."  # then the page's name


def saved_filters(library: Library, page: str) -> dict[str, dict[str, Any]]:
    """Return the saved filters of a page by name, in the order in which they were saved."""
    stored = get_setting(library, KEY + page, [])
    return {one["name"]: one["fields"] for one in stored}


def save_filter(library: Library, page: str, name: str, fields: dict[str, Any]) -> None:
    """Save a filter under a name, in place of an earlier one with this name."""

    def change(stored: Any) -> list[dict[str, Any]]:
        others = [one for one in stored or [] if one["name"] != name]
        return [*others, {"name": name, "fields": fields}]

    change_setting(library, KEY + page, change)


def delete_filter(library: Library, page: str, name: str) -> None:
    """Delete the saved filter with this name, if there is one."""
    change_setting(library, KEY + page, lambda stored: [one for one in stored or [] if one["name"] != name])
