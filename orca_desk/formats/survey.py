"""How a file's rows are to be read, and what to tell the user of it, from what they add up to."""

from dataclasses import dataclass, field
from itertools import islice

from orca_desk.formats.columns import MAX_COLUMNS
from orca_desk.formats.judged_columns import WORDS
from orca_desk.formats.layout import Asked, Layout
from orca_desk.formats.row_counts import RowCounts
from orca_desk.formats.shapes import Shape
from orca_desk.formats.task_rows import RowReader

MAX_TOLD = 20  # shapes, and files that are not read


@dataclass(kw_only=True)
class Survey:
    """What the rows of a file show: how many, their columns, and those columns that are not read.

    `numbers` says how choices are numbered ("from 0", "from 1", or "" if they are not), `sure` whether the
    file itself shows it. `classes` is a column of labels that are numbers, but of no choices. `aside` are
    columns with the name, but no value, of a split or a type of answer, as pairs of field and column. `whole`
    is False if only the first rows were looked at. `shapes` counts the rows of each shape, None for rows of
    no known one; `left_out` are files of a folder or an archive that are not read.
    """

    rows: int = 0
    columns: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    mapping: dict[str, str] = field(default_factory=dict)
    numbers: str = ""
    sure: bool = True
    classes: str = ""
    aside: tuple[tuple[str, str], ...] = ()
    whole: bool = True
    shapes: tuple[tuple[Shape | None, int], ...] = ()
    left_out: tuple[str, ...] = ()


def reader_for(asked: Asked, layout: Layout, counts: RowCounts) -> RowReader:
    """Return the reader that suits what was counted so far."""
    return RowReader(
        family=asked.family,
        mapping=asked.mapping or {},
        defaults=layout.defaults,
        aside=counts.aside(),
        choosing=counts.choosing(),
        html=layout.table is not None and layout.table.html,
        header=layout.table is not None and layout.table.header,
        spaced_tags=layout.format == "Anki",
    )


def survey_of(counts: RowCounts, reader: RowReader, layout: Layout, *, whole: bool) -> Survey:
    """Return what the counted rows show; `whole` says whether these are all rows."""
    choosing, aside = reader.choosing, reader.aside
    mapped = [reader.mapped(shape) for shape in counts.shapes]
    read: set[str] = set().union(counts.beside, *(one.read for one in mapped)) - counts.foreign_ids
    mapping: dict[str, str] = {}
    for one in mapped:
        for name, column in one.columns.items():
            mapping.setdefault(name, column)
        if one.choices:
            mapping.setdefault("choices", ", ".join(one.choices))
    numbered = [one for one in choosing if one.modes[0].startswith("from")]
    return Survey(
        rows=counts.rows,
        columns=tuple(islice(counts.columns, MAX_COLUMNS)),
        unread=tuple(islice((name for name in counts.filled if name not in read), MAX_COLUMNS)),
        mapping=mapping,
        numbers=numbered[0].modes[0] if numbered else "",
        sure=all(one.sure for one in choosing),
        classes="" if choosing else counts.classes,
        aside=tuple(pair for pair in aside if pair[0] in WORDS),
        whole=whole,
        shapes=tuple(counts.shaped.most_common(MAX_TOLD)),
        left_out=tuple(layout.chosen.container.aside[:MAX_TOLD]) if layout.chosen else (),
    )
