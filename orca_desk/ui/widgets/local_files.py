"""The files of this machine among what the user drags or pastes."""

from pathlib import Path

from PySide6.QtCore import QMimeData


def local_files(data: QMimeData) -> list[Path]:
    """Return the files and folders of this machine in `data`."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
