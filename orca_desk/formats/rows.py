"""What every reader yields: the rows of a file, as names and values, or why a row cannot be read."""

import json
from dataclasses import dataclass, field
from typing import Any

NOT_TEXT = "Save the file as UTF-8, or remove the row."


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A row that was left out: its line from 1, the problem, and what to do about it.

    `raw` is the row as the file has it, `part` the sheet, table or file that it is in, where there are such.
    """

    line: int
    what: str
    hint: str
    raw: str = field(default="", repr=False, compare=False)
    part: str = ""

    @property
    def place(self) -> str:
        """Where the row is: "line 3", or "line 3 of Sheet1"."""
        return f"line {self.line:,} of {self.part}" if self.part else f"line {self.line:,}"


@dataclass(kw_only=True, slots=True)  # a frozen one takes three times as long to make, for each row of a file
class Row:
    """A row's values by column, with the line on which it starts, and as the file has it.

    `part` is the sheet, table or file that it is in, where the source has several.
    """

    line: int
    values: dict[str, Any]
    raw: str = field(default="", repr=False, compare=False)
    part: str = ""


class Literal(str):
    """A JSON number as it was written, so that 1.50 stays 1.50."""

    __slots__ = ()


def native(value: Any) -> Any:
    """Return a value with its numbers as numbers, not as they were written."""
    if isinstance(value, Literal):
        try:
            return json.loads(value)
        except ValueError:
            return str(value)
    if isinstance(value, dict):
        return {name: native(one) for name, one in value.items()}
    return [native(one) for one in value] if isinstance(value, list) else value
