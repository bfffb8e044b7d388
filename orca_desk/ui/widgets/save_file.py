"""Asking where to save something, writing it off the event loop, and saying where it went."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDir
from PySide6.QtWidgets import QFileDialog, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.widgets.notice import Notice

PLACE = "window/saved_in"


def ask_for_file(
    parent: QWidget,
    desk: Desk,
    *,
    title: str,
    name: str,
    kinds: str,
    then: Callable[[Path], Any],
) -> QFileDialog:
    """Ask for a file; call `then(path)` with the choice. `kinds` is as Qt wants it: "Tables (*.csv)".

    The dialog opens in the folder of the last save, and gives a name without an ending that of `name`.
    """
    dialog = QFileDialog(parent, title, str(desk.view_state.value(PLACE, QDir.homePath())), kinds)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(name).suffix[1:])
    dialog.selectFile(name)

    def chosen(text: str) -> None:
        desk.view_state.setValue(PLACE, str(Path(text).parent))
        then(Path(text))

    dialog.fileSelected.connect(chosen)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def saved(notice: Notice, path: Path, what: str) -> None:
    """Say what was written, and where."""
    notice.show_message(what, str(path), kind="good")
