"""What every reader yields: the rows of a file, as names and values, or why a row cannot be read."""

from dataclasses import dataclass, field
from typing import Any

NOT_TEXT = "Save the file as UTF-8, or remove the row."


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A row that was left out: its line from 1, the problem, and what to do about it.

    `raw` is the row as the file has it.
    """

    line: int
    what: str
    hint: str
    raw: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row's values by column, with the line on which it starts, and as the file has it."""

    line: int
    values: dict[str, Any]
    raw: str = field(default="", repr=False, compare=False)


class Literal(str):
    """A JSON number as it was written, so that 1.50 stays 1.50."""

    __slots__ = ()
