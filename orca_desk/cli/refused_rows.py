"""The rows that an import refused, on stderr."""

from collections.abc import Sequence

from orca_desk.cli.output import complain
from orca_desk.counting import counted
from orca_desk.formats.rows import BadRow
from orca_desk.ui.words.imports import refused_line


def complain_of_rows(problems: Sequence[BadRow], refused: int) -> None:
    """Print the first rows that an import refused on stderr, and how many more of `refused` there are."""
    for problem in problems:
        complain(refused_line(problem))
    if refused > len(problems):
        more = refused - len(problems)
        complain(f"... and {counted(more, 'more unreadable row', 'more unreadable rows')}.")
