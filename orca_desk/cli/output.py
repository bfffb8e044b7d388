"""What the commands print: tables and progress for people (stderr for progress), JSON for machines."""

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)
WIDE = 10_000  # columns of a file or a pipe, where nothing is cut off to fit

# A terminal obeys these: a task could clear the screen or rename the window. Tab and newline stay.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}


def plain(value: Any) -> Any:
    """Return `value` as what JSON knows: dataclasses as objects, paths as text, sets and tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return {key: plain(item) for key, item in asdict(value).items()}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def print_json(value: Any, *, compact: bool = False) -> None:
    """Print one JSON document on stdout; `compact` puts it on one line, for JSON Lines."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=None if compact else 2)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


def harmless(text: str) -> str:
    """Return `text` with what commands a terminal, and half characters, written out as \\x1b or \\ud800."""
    return text.replace("\r\n", "\n").translate(_CONTROLS).encode("utf-8", "backslashreplace").decode()


def outside(text: str, style: str = "") -> Text:
    """Return outside text for printing: never rich markup, never a command to the terminal."""
    return Text(harmless(text), style=style)


def say(text: str) -> None:
    """Print outside text as it is; only a terminal gets it wrapped, a file or a pipe has it line by line."""
    console.print(outside(text), soft_wrap=not console.is_terminal)


def complain(text: str, style: str = "red") -> None:
    """Print outside text on stderr, as `say` does on stdout."""
    errors.print(outside(text, style), soft_wrap=True)


def table(title: str, columns: dict[str, str], rows: Iterable[list[str]]) -> None:
    """Print a table; `columns` maps each heading to "left" or "right". Cells are text, never markup."""
    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, side in columns.items():
        # The first column holds the name or id that the next command is given: it is never cut off.
        made.add_column(heading, justify="right" if side == "right" else "left", no_wrap=not made.columns)
    for row in rows:
        made.add_row(*(outside(cell) for cell in row))
    fits = console.is_terminal or "COLUMNS" in os.environ
    (console if fits else Console(highlight=False, width=WIDE)).print(made)


def percent(share: float) -> str:
    """Return a share from 0 to 1 as percent with one decimal."""
    return f"{share:.1%}"
