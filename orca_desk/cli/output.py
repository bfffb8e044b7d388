"""What the commands print: text and tables for people, JSON for programs. Errors go to stderr."""

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orca_desk.method.grading import Verdict
from orca_desk.ui.words.grading import verdict_reason

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)
WIDE = 10_000  # columns for a file or a pipe, so that no cell is cut off

# Terminals obey control characters: a task could clear the screen or rename the window. Tab and newline stay.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}


def plain(value: Any) -> Any:
    """Return `value` as JSON types: dataclasses become objects, paths strings, sets and tuples lists.

    The reason of a verdict becomes a sentence.
    """
    if is_dataclass(value) and not isinstance(value, type):
        stored = {each.name: plain(getattr(value, each.name)) for each in fields(value)}
        return stored | {"reason": verdict_reason(value.reason)} if isinstance(value, Verdict) else stored
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def print_json(value: Any, *, compact: bool = False) -> None:
    """Print one JSON document on stdout, on one line if `compact` (for JSON Lines)."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=None if compact else 2)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


def escape_controls(text: str) -> str:
    """Return `text` with control characters and lone surrogates escaped, as in \\x1b and \\ud800."""
    return text.replace("\r\n", "\n").translate(_CONTROLS).encode("utf-8", "backslashreplace").decode()


def untrusted(text: str, style: str = "") -> Text:
    """Return text of any origin for printing: neither rich nor the terminal interprets anything in it."""
    return Text(escape_controls(text), style=style)


def say(text: str) -> None:
    """Print text of any origin on stdout. Only a terminal gets it wrapped."""
    console.print(untrusted(text), soft_wrap=not console.is_terminal)


def complain(text: str, style: str = "red") -> None:
    """Print text of any origin on stderr."""
    errors.print(untrusted(text, style), soft_wrap=True)


def table(title: str, columns: dict[str, str], rows: Iterable[list[str]]) -> None:
    """Print a table of plain text; `columns` maps each heading to its alignment, "left" or "right"."""
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, side in columns.items():
        # The first column holds the name or id that other commands take, so it is never cut off.
        made.add_column(heading, justify="right" if side == "right" else "left", no_wrap=not made.columns)
    for row in rows:
        made.add_row(*(untrusted(cell) for cell in row))
    fits = console.is_terminal or "COLUMNS" in os.environ
    (console if fits else Console(highlight=False, width=WIDE)).print(made)


def percent(share: float) -> str:
    """Return a share between 0 and 1 as a percentage with one decimal."""
    return f"{share:.1%}"
