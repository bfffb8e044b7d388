"""What a user does in the window: its menus, and the formats of an export."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction

from orca_desk.formats.writers.data_formats import FormatName
from orca_desk.ui.commands import menu_actions
from orca_desk.ui.widgets.data_export_dialog import DataExportDialog
from orca_desk.ui.window import Window


def all_actions(window: Window) -> list[QAction]:
    """Return every action of the menus, those of the current page included."""
    return [action for action, _ in menu_actions(window.menuBar())]


def choose_format(dialog: DataExportDialog, name: FormatName) -> None:
    """Select one of the formats that an export offers."""
    rows = range(dialog.formats.count())
    offered = [dialog.formats.item(row).data(Qt.ItemDataRole.UserRole) for row in rows]
    dialog.formats.setCurrentRow(offered.index(name))
