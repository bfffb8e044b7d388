"""The parts of a source with several sets of rows (sheets, tables, files, splits), and which are read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal as OneOf
from typing import Protocol

from orca_desk.errors import UserError
from orca_desk.formats.json_layout import SeveralListsError
from orca_desk.formats.rows import BadRow, Row
from orca_desk.formats.table_layout import TableLayout
from orca_desk.method.records import Split

PartKind = OneOf["sheet", "table", "file", "split"]
ContainerFormat = OneOf["workbook", "SQLite", "zip", "folder", "lm-eval"]
ALL = "*"  # the choice of all parts
INSIDE = "::"  # between a part and the list in it that was chosen
_SEVERAL: dict[PartKind, str] = {
    "sheet": "sheets", "table": "tables", "file": "files", "split": "sets of rows",
}  # fmt: skip
_LISTED = 12  # parts that an error names


@dataclass(frozen=True, kw_only=True)
class Part:
    """A set of rows: its name, the split that the name says, and how many rows it has, where that is known.

    A part called "main/train" belongs to the configuration "main".
    """

    name: str
    kind: PartKind
    split: Split | None = None
    rows: int | None = None

    @property
    def group(self) -> str:
        """The configuration of the part, "" without one."""
        return self.name.rpartition("/")[0] if self.kind == "split" else ""


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a part holds its rows, as far as whoever reads them must know: see `Layout`."""

    table: TableLayout | None = None
    defaults: Mapping[str, str] = field(default_factory=dict)


class Container(Protocol):
    """A source of parts.

    `aside` are files in it that hold no rows that can be read. `by_family` says that the name of a part is
    the family of rows that name none.
    """

    @property
    def format(self) -> ContainerFormat: ...

    @property
    def aside(self) -> Sequence[str]: ...

    @property
    def by_family(self) -> bool: ...

    def parts(self) -> tuple[Part, ...]:
        """Return the parts that hold rows."""
        ...

    def form(self, part: Part, inside: str) -> Form:
        """Return how a part holds its rows; `inside` is the list in it that was chosen."""
        ...

    def rows(self, part: Part, inside: str) -> Iterator[Row | BadRow]:
        """Yield the rows of a part."""
        ...


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The parts of a container that are read, and the list inside them ("" for the only one)."""

    container: Container
    parts: tuple[Part, ...]
    inside: str = ""

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield the rows of the parts, each with the name and the split of its part."""
        several = len(self.parts) > 1
        for part in self.parts:
            for row in self.container.rows(part, self.inside):
                if several and not row.part:
                    object.__setattr__(row, "part", part.name)  # it is new, and nobody else has it
                if isinstance(row, Row):
                    if part.split:
                        row.values.setdefault("split", part.split)
                    if several and self.container.by_family:
                        row.values.setdefault("family", Path(part.name).name.split(".")[0])
                yield row


def choose(container: Container, path: Path, asked: str) -> Chosen:
    """Return the parts that are read: those that are `asked` for, else all if they are one set of rows.

    Raises SeveralListsError if the user must choose, UserError if there is no such part, or none at all.
    """
    parts = container.parts()
    name, _, inside = asked.partition(INSIDE)
    if not parts:
        raise UserError(f"{path} contains no readable rows.", "Choose a file with questions.")
    if name and name != ALL:
        wanted = tuple(part for part in parts if part.name == name or part.group == name)
        if not wanted:
            raise UserError(f"{path} has no part {name!r}.", f"Its parts: {_listed(_choices(parts), parts)}.")
        return Chosen(container=container, parts=wanted, inside=inside)
    if name == ALL or are_one(parts):
        return Chosen(container=container, parts=parts, inside=inside)
    names = _choices(parts)
    raise SeveralListsError(
        f"{path} holds several {_SEVERAL[parts[0].kind]}: {_listed(names, parts)}.",
        f"Choose one of them (in a command: --list {names[0]!r}), or {ALL!r} for all.",
        (*names, ALL),
    )


def are_one(parts: Sequence[Part]) -> bool:
    """Return whether parts are read as one set of rows unless the user chooses: splits, files of a folder."""
    if len(parts) == 1 or all(part.kind == "file" for part in parts):
        return True
    return all(part.split for part in parts) and len({part.group for part in parts}) == 1


def _choices(parts: Sequence[Part]) -> list[str]:
    """Return what can be chosen: the configurations where there are several, else the parts."""
    groups = list(dict.fromkeys(part.group for part in parts))
    return groups if len(groups) > 1 and all(groups) else [part.name for part in parts]


def _listed(names: Sequence[str], parts: Sequence[Part]) -> str:
    rows = {part.name: part.rows for part in parts}
    shown = [
        f"{name} ({count:,})" if (count := rows.get(name)) is not None else name for name in names[:_LISTED]
    ]
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return f"{', '.join(shown)}{more}"
