"""How a file was read, as the page and the command say it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from orca_desk.formats.layout import Format
from orca_desk.formats.reading import TaskFile
from orca_desk.formats.shapes import Shape
from orca_desk.formats.survey import Survey


@dataclass(frozen=True, kw_only=True)
class ReadAs:
    """How a file was read.

    `encoding` is Python's name for it, `guessed` says that nothing in the file proves it. `header` are the
    names in a table's first row, `headerless` says that a table has none, `above` counts the rows over it
    that are not read. `mapping` is field -> column. `unread` are the columns that served no field, of which
    `aside` have a fitting name but no fitting value. `numbers` says how answers number their choices
    ("from 0", "from 1" or ""), `sure` whether the file shows which. `classes` is a column of answers that are
    numbers and may stand for words ("" if there is none). `shapes` are the published shapes that the rows
    have, the commonest first, `left_out` files of a folder or an archive that are not read.
    """

    format: Format
    encoding: str
    guessed: bool = False
    header: tuple[str, ...] = ()
    headerless: bool = False
    above: int = 0
    mapping: dict[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    numbers: str = ""
    sure: bool = True
    classes: str = ""
    shapes: tuple[Shape, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def has_header(self) -> bool:
        """Whether a table names its columns in its first row."""
        return bool(self.header)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "ReadAs":
        """Return what `to_json` wrote."""
        return cls(**{name: _tuples(value) for name, value in values.items()})


def read_as(file: TaskFile, survey: Survey) -> ReadAs:
    """Return how a file was read."""
    table = file.layout.table
    return ReadAs(
        format=file.layout.format,
        encoding=file.layout.encoding.name.removesuffix("-sig"),
        guessed=file.layout.encoding.guessed,
        header=table.columns if table and table.header else (),
        headerless=table is not None and not table.header and not table.anki,
        above=table.above if table else 0,
        mapping=survey.mapping,
        unread=survey.unread,
        aside=tuple(column for _, column in survey.aside if column in survey.unread),
        numbers=survey.numbers,
        sure=survey.sure,
        classes=survey.classes,
        shapes=tuple(shape for shape, _ in survey.shapes if shape),
        left_out=survey.left_out,
    )


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
