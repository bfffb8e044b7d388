"""What is said about a library: its name, and its drive."""

from pathlib import Path

from orca_desk.paths import default_library

WITHOUT_LOCKS = "The drive of this library has no file locks, as some network drives."
WITHOUT_LOCKS_HINT = (
    "Open it on one computer at a time, or move it to a local disk: two at once could damage it."
)


def library_name(folder: Path) -> str:
    """Return what a library is called: as its folder, unless that is the one for everybody."""
    return "My library" if folder == default_library().expanduser().resolve() else folder.name
