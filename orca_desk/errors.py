"""`UserError` and its kinds, the errors that users read. Every other exception is a bug."""

import errno
from pathlib import Path

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
TOO_LARGE = errno.EFBIG
FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class UserError(Exception):
    """A problem that the user can solve.

    `message` says what is wrong and where, in one sentence; `hint` says what to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class FinalError(UserError):
    """A UserError that the same inputs always lead to: resuming the work from where it stopped is no use."""


class SettingError(UserError):
    """A bad value of one setting, by the name of its field; forms show it beside that field.

    `problem` says what is wrong with it; the message is "`label`: `problem`.".
    """

    def __init__(self, setting: str, problem: str, hint: str = "", *, label: str = "") -> None:
        super().__init__(f"{label or setting.replace('_', ' ').capitalize()}: {problem}.", hint)
        self.setting = setting
        self.problem = problem


def explain_os_error(error: OSError) -> UserError | None:
    """Return the error for a full, limited, read-only or forbidden disk, or None for any other OSError."""
    where = f" for {error.filename}" if error.filename else ""
    if error.errno in FULL:
        return UserError(
            f"There is no space left{where}.",
            "Free some space on that disk and try again. Everything saved so far is safe.",
        )
    if error.errno == TOO_LARGE:
        return UserError(
            f"The disk cannot hold a file as large as {error.filename or 'this one'}.",
            "A FAT32 disk or stick holds files of up to 4 GB: choose a folder on another disk.",
        )
    if error.errno in FORBIDDEN:
        return UserError(
            f"{error.filename or 'The disk'} cannot be written ({error.strerror}).",
            "Make the folder writable for your user, or choose another one.",
        )
    return None


def other_version(what: str, remedy: str = "Choose the settings again.") -> UserError:
    """Return the error for what another version of Orca Desk stored in a form that this one does not know."""
    return UserError(f"Another version of Orca Desk stored {what}.", remedy)


def cannot_write(path: Path, error: OSError) -> UserError:
    """Return the error for a file that the user wanted and that could not be written."""
    return explain_os_error(error) or UserError(
        f"{path} cannot be written: {error.strerror or error}.", "Choose another folder."
    )
