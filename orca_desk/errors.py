"""The one kind of error that a user is meant to read; every other exception is a bug."""

import errno

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class UserError(Exception):
    """Something that the user can put right.

    `message` says what is wrong and where, in one sentence; `hint` says what to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


def explain_os_error(error: OSError) -> UserError | None:
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
