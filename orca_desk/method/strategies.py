"""Strategies: ways of answering, each with a versioned system instruction, stored as small TOML files."""

import json
import re
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TRIPLE = '"""'


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """A way of answering. `markers` begin the lines that the instruction asks for, the answer's line last.

    A strategy is never edited in place: `revised` makes the next version, so that records made under an older
    one stay valid.
    """

    name: str
    title: str
    version: int
    description: str
    markers: tuple[str, ...]
    instruction: str

    @property
    def working_markers(self) -> tuple[str, ...]:
        """The markers of the lines before the answer, in order."""
        return self.markers[:-1]

    @property
    def answer_marker(self) -> str:
        """The marker of the answer's line."""
        return self.markers[-1]


def parse_strategy(text: str, *, where: str = "the strategy") -> Strategy:
    """Read one strategy from TOML. Raises UserError for a bad one, which it names as `where`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{where} is not valid TOML: {error}.", "Correct that line.") from error
    names = [field.name for field in fields(Strategy)]
    if missing := [name for name in names if name not in table]:
        raise UserError(f"{where} lacks {', '.join(missing)}.", f"A strategy needs {', '.join(names)}.")
    if unknown := sorted(table.keys() - set(names)):
        raise UserError(
            f"{where} has unknown entries: {', '.join(unknown)}.", "Remove them or correct their names."
        )
    markers = table["markers"]
    if not isinstance(markers, list):
        raise UserError(f"In {where}, markers is not a list.", 'Write markers = ["Recall", "Answer"].')
    strategy = Strategy(**{**table, "markers": tuple(markers)})
    return _validated(_stripped(strategy), where=where)


def read_strategy(path: Path) -> Strategy:
    """Read one strategy from a TOML file. Raises UserError if it is unreadable or invalid."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as UTF-8 text: {error}.", "Save it as UTF-8.") from error
    return parse_strategy(text, where=str(path))


def to_toml(strategy: Strategy) -> str:
    """Write a strategy as the TOML that `parse_strategy` reads back to an equal one."""
    markers = ", ".join(_quoted(marker) for marker in strategy.markers)
    return (
        f"name = {_quoted(strategy.name)}\n"
        f"title = {_quoted(strategy.title)}\n"
        f"version = {strategy.version}\n"
        f"description = {_quoted(strategy.description)}\n"
        f"markers = [{markers}]\n"
        f"instruction = {_TRIPLE}\n{_block(strategy.instruction)}\n{_TRIPLE}\n"
    )


def load_folder(folder: Path) -> dict[str, Strategy]:
    """Read every `NAME.toml` of `folder`, by name. Raises UserError for a bad file or an empty folder."""
    strategies: dict[str, Strategy] = {}
    for path in sorted(folder.glob("*.toml")):
        strategy = read_strategy(path)
        if strategy.name != path.stem:
            name = strategy.name
            raise UserError(f"{path} contains the strategy {name}.", f"Name it {name}.toml.")
        strategies[strategy.name] = strategy
    if not strategies:
        raise UserError(f"No strategies in {folder}.", "It should contain one NAME.toml per strategy.")
    return strategies


def new_strategy(
    *, name: str, title: str, description: str, markers: tuple[str, ...], instruction: str
) -> Strategy:
    """Return the first version of the user's own strategy. Raises UserError if it is invalid."""
    made = Strategy(
        name=name.strip(),
        title=title,
        version=1,
        description=description,
        markers=markers,
        instruction=instruction,
    )
    return _validated(_stripped(made), where="the new strategy")


def revised(
    strategy: Strategy,
    *,
    title: str | None = None,
    description: str | None = None,
    markers: tuple[str, ...] | None = None,
    instruction: str | None = None,
) -> Strategy:
    """Return the next version with these changes, or `strategy` itself if nothing changes.

    Raises UserError if the result is invalid.
    """
    changes: dict[str, Any] = {
        name: value
        for name, value in (
            ("title", title),
            ("description", description),
            ("markers", markers),
            ("instruction", instruction),
        )
        if value is not None
    }
    changed = _stripped(replace(strategy, **changes))
    if changed == strategy:
        return strategy
    return _validated(replace(changed, version=strategy.version + 1), where=f"the strategy {strategy.name}")


def _stripped(strategy: Strategy) -> Strategy:
    instruction = strategy.instruction
    return replace(strategy, instruction=instruction.strip() if isinstance(instruction, str) else instruction)


def _validated(strategy: Strategy, *, where: str) -> Strategy:
    for name in ("name", "title", "description", "instruction"):
        value = getattr(strategy, name)
        if not isinstance(value, str) or not value.strip():
            raise UserError(f"In {where}, {name} is not text or is empty.", f"Write some text for {name}.")
    if not _NAME.fullmatch(strategy.name):
        raise UserError(
            f"In {where}, the name {strategy.name!r} does not look like step-by-step.",
            "Use lower-case letters, digits and single hyphens.",
        )
    if type(strategy.version) is not int or strategy.version < 1:
        raise UserError(f"In {where}, version is not a whole number of at least 1.", "Write version = 1.")
    _check_markers(strategy.markers, where=where)
    return strategy


def _check_markers(markers: tuple[Any, ...], *, where: str) -> None:
    if not markers or not all(map(_is_marker, markers)):
        raise UserError(
            f"In {where}, markers is not a list of words without colons.",
            'Write the words that begin the lines, the answer\'s last: markers = ["Recall", "Answer"].',
        )
    if len({marker.casefold() for marker in markers}) != len(markers):
        raise UserError(f"In {where}, a marker is listed twice.", "List each marker once, in order.")


def _is_marker(marker: Any) -> bool:
    """Return whether a marker can open a line: some words in one line, without a colon at their end."""
    if not isinstance(marker, str) or not marker or len(marker.splitlines()) != 1:
        return False
    return marker.strip() == marker == marker.strip(" :")


def _quoted(text: str) -> str:
    """Return a TOML basic string. TOML has JSON's escapes, and also escapes DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _block(text: str) -> str:
    """Return the inside of a TOML multi-line string, with quotes unescaped where that is safe."""
    lines = [_quoted(line)[1:-1] for line in text.split("\n")]
    joined = "\n".join(lines)
    return joined if _TRIPLE in text else joined.replace('\\"', '"')
