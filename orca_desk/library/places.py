"""Where big things lie: below the library's folder, noted relative to it, so that it can be moved."""

from pathlib import Path

from orca_desk.library.database import Library


def training_folder(library: Library, training_id: str) -> Path:
    """Return the folder of a training's records, checkpoints and adapter; it may not be there yet."""
    return library.folder / "trainings" / training_id


def log_folder(library: Library) -> Path:
    """Return the folder of the logs of the app and its workers; it may not be there yet."""
    return library.folder / "logs"


def to_text(library: Library, path: Path) -> str:
    """Return how `path` is stored: relative where it lies in the library, else whole."""
    whole = path.expanduser().resolve()
    return (
        whole.relative_to(library.folder).as_posix() if whole.is_relative_to(library.folder) else str(whole)
    )


def to_path(library: Library, text: str) -> Path:
    """Return the path that `to_text` stored, in the library's folder of today."""
    return library.folder / text
