"""Which paths a bundle may hold: those that lie below the library's folder on every system.

Packing and opening ask the same question: what one writes the other must not refuse.
"""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from orca_desk.library.database import DATABASE_NAME
from orca_desk.library.lock import LOCK_NAME, OWNER_NAME

# Made again when needed, or of this computer alone: caches by absolute path, windows, what was thrown away
NEVER = frozenset(
    {
        "cache",
        "backups",
        "trash",
        "model-hashes.json",
        "model-headers.json",
        "desktop.ini",
        LOCK_NAME,
        OWNER_NAME,
    }
)
LONGEST_NAME = 400  # characters of a path below the library's folder
NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]|[^ -~\w]')
RESERVED = re.compile(
    r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE
)  # no file of that name on Windows


def is_safe(name: str) -> bool:
    """Return whether a path of a bundle lies below the library's folder on every system, and may be there."""
    parts = name.split("/")
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or set('\\:*?"<>|') & set(name):
        return False
    if PurePosixPath(name).is_absolute() or parts[0] in NEVER or name.startswith(f"{DATABASE_NAME}-"):
        return False
    return all(
        part and not part.startswith(".") and part[-1] not in ". " and not RESERVED.fullmatch(part)
        for part in parts
    )


def unfit_names(names: Iterable[str]) -> frozenset[str]:
    """Return the paths that no bundle takes: unsafe ones, and all but one of those that differ by case."""
    taken: set[str] = set()
    unfit: set[str] = set()
    for name in names:
        if is_safe(name) and name.casefold() not in taken:
            taken.add(name.casefold())
        else:
            unfit.add(name)
    return frozenset(unfit)


def safe_name(name: str) -> str:
    """Return the name of a file as every system can have it; unchanged where it is one already."""
    if is_safe(name):
        return name
    changed = NOT_IN_NAMES.sub("-", name).strip(". ")
    return changed if is_safe(changed) else f"model-{changed}"
