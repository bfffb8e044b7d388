"""WHERE clauses from filters, and pages of results by key: OFFSET would read everything that it skips."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar

from orca_desk.yielding import yielding

T = TypeVar("T")
PAGE = 500


@dataclass(frozen=True)
class ResultPage(Generic[T]):
    """A page of what matches a filter. `next` is the `after` of the next page's filter, or None."""

    items: tuple[T, ...]
    next: int | None

    @classmethod
    def of(cls, rows: Sequence[sqlite3.Row], limit: int, make: Callable[[sqlite3.Row], T]) -> Self:
        """Return the page of the first `limit` rows; one more row shows that there is a next page."""
        shown = rows[:limit]
        return cls(tuple(map(make, shown)), shown[-1]["n"] if len(rows) > limit else None)


def iterate_pages(
    read: Callable[[int, int], ResultPage[T]], *, limit: int | None, after: int | None
) -> Iterator[T]:
    """Yield what a filter matches, at most `limit`: `read` takes the size of a page and its `after`."""
    while after is not None and limit != 0:
        page = read(PAGE if limit is None else min(PAGE, limit), after)
        yield from yielding(page.items)
        after = page.next
        limit = None if limit is None else limit - len(page.items)


@dataclass
class Conditions:
    """SQL conditions joined by AND, with their parameters."""

    parts: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)

    def add(self, sql: str, *parameters: Any) -> None:
        """Add a condition with a `?` for each parameter."""
        self.parts.append(sql)
        self.parameters.extend(parameters)

    def equal(self, column: str, value: Any) -> None:
        """Add `column = value`, unless `value` is None."""
        if value is not None:
            self.add(f"{column} = ?", value)

    def among(self, column: str, values: Iterable[str] | None) -> None:
        """Add `column` is one of `values`, however many, unless `values` is None."""
        if values is not None:
            self.add(f"{column} IN (SELECT value FROM json_each(?))", json_list(values))

    @property
    def where(self) -> str:
        """The WHERE clause; empty without conditions."""
        return f"WHERE {' AND '.join(self.parts)}" if self.parts else ""


def json_list(values: Iterable[Any]) -> str:
    """Return `values` as the JSON array that `json_each` unpacks: one parameter for any number of them."""
    return json.dumps(list(values), ensure_ascii=False)
