"""Which checker reads the steps of a family's answers, as the user chose."""

import sqlite3

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.method.checkers import AUTO, known_checker


def family_checkers(library: Library) -> dict[str, str]:
    """Return the chosen checker by family, for the families that have one; the others are read by `auto`."""
    rows = library.rows("SELECT name, checker FROM families WHERE checker IS NOT NULL ORDER BY name")
    return {row["name"]: row["checker"] for row in rows}


def family_checker(library: Library, family: str) -> str:
    """Return the checker of a family: "auto" unless another was chosen."""
    row = library.row("SELECT checker FROM families WHERE name = ?", (family,))
    return row["checker"] if row and row["checker"] else AUTO


def set_checker(library: Library, family: str, checker: str) -> str:
    """Choose a family's checker; return the one before. Raises UserError for an unknown family or checker."""
    wanted = None if known_checker(checker) == AUTO else checker

    def change(db: sqlite3.Connection) -> str:
        row = db.execute("SELECT checker FROM families WHERE name = ?", (family,)).fetchone()
        if row is None:
            raise UserError(f"There is no family named {family}.", "See: orca-desk tasks families")
        db.execute("UPDATE families SET checker = ? WHERE name = ?", (wanted, family))
        return row["checker"] or AUTO

    return library.write(change)
