"""How the columns of a chat lie: beside each other, also wider than the page, or one below the other."""

from typing import Literal

from orca_desk.ui.theme import GRID

COLUMN = 30 * GRID  # px, the narrowest column; with fewer, code and formulas break at every word
Arrangement = Literal["beside", "sideways", "stacked"]


def width_of(columns: int) -> int:
    """Return the px that so many columns need beside each other."""
    return columns * COLUMN + max(0, columns - 1) * GRID


def arrange(columns: int, width: int) -> Arrangement:
    """Return how columns lie in a width in px; what does not fit scrolls, or stacks in a narrow page."""
    if columns <= 1 or width_of(columns) <= width:
        return "beside"
    return "sideways" if width >= width_of(2) else "stacked"
