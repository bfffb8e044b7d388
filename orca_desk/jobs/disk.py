"""What the user can do when the disk refuses to be written."""

import errno

from orca_desk.errors import UserError

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def explain(error: OSError) -> UserError | None:
    """Return the sentence for a full, read-only or forbidden disk; None where it is something else."""
    where = f" for {error.filename}" if error.filename else ""
    if error.errno in FULL:
        return UserError(
            f"There is no space left{where}.",
            "Free some space on that disk and run the same again; everything kept before is safe.",
        )
    if error.errno in FORBIDDEN:
        return UserError(
            f"The disk cannot be written{where} ({error.strerror}).",
            "Make the folder writable for you, or choose another one.",
        )
    return None
