"""Saving files: asks where to, and announces what was saved."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDir
from PySide6.QtWidgets import QFileDialog, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.widgets.notice import Notice

LAST_FOLDER = "window/saved_in"  # in desk.view_state: the folder of the last save


def ask_for_file(
    parent: QWidget,
    desk: Desk,
    *,
    title: str,
    name: str,
    kinds: str,
    then: Callable[[Path], Any],
) -> QFileDialog:
    """Ask for a file and call `then(path)`. `kinds` is a Qt filter: "Tables (*.csv)".

    The dialog opens in the folder of the last save. A file name without a suffix gets that of `name`, or of
    the filter that the user chose.
    """
    dialog = QFileDialog(parent, title, str(desk.view_state.value(LAST_FOLDER, QDir.homePath())), kinds)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(name).suffix[1:])
    dialog.selectFile(name)

    def chosen(text: str) -> None:
        desk.view_state.setValue(LAST_FOLDER, str(Path(text).parent))
        then(Path(text))

    def take_suffix(kind: str) -> None:
        dialog.setDefaultSuffix(kind.partition("*.")[2].partition(" ")[0].rstrip(")"))

    dialog.filterSelected.connect(take_suffix)
    dialog.fileSelected.connect(chosen)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def saved(notice: Notice, path: Path, what: str) -> None:
    """Announce what was saved, and where."""
    notice.show_message(what, str(path), kind="good")
