"""The name that the user gave a library. It is stored inside, so that it goes wherever the folder goes."""

from orca_desk.errors import UserError
from orca_desk.library.database import Library
from orca_desk.library.settings import get_setting, set_setting

NAME = "library.name"
LONGEST = 80  # characters: titles and menus show it


def get_name(library: Library) -> str:
    """Return the name that the user gave the library; "" where it has its folder's name."""
    return _text(get_setting(library, NAME))


def rename_library(library: Library, name: str) -> str:
    """Store another name, "" for that of the folder; return it. Raises UserError for one that is too long."""
    wanted = " ".join(name.split())
    if len(wanted) > LONGEST:
        raise UserError(
            f"The name has {len(wanted):,} characters; a window's title has room for {LONGEST}.",
            "Choose a shorter one.",
        )
    if not wanted.isprintable():
        raise UserError("The name has characters that cannot be shown.", "Type another one.")
    set_setting(library, NAME, wanted)
    return wanted


def _text(stored: object) -> str:
    """Return a stored name; "" for what another version or a foreign library stored."""
    is_name = isinstance(stored, str) and stored.isprintable() and len(stored) <= LONGEST
    return str(stored) if is_name else ""
