"""Moving a model's files to the system's trash, after a list of what used it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QFile, QStandardPaths, Qt
from PySide6.QtWidgets import QMessageBox

from orca_desk.errors import UserError
from orca_desk.inventory.catalogue import remove_path
from orca_desk.inventory.deletable import paths_of, why_kept
from orca_desk.inventory.usage import InventoryItem
from orca_desk.models.model_file import ModelFile
from orca_desk.ui.page import Page
from orca_desk.ui.widgets.message_box import message_box
from orca_desk.ui.words.models import deletion_hint

MOVE = "Move to the trash"


def ask_to_delete(page: Page, item: InventoryItem) -> None:
    """Say what would go and what used it; move the files to the system's trash if the user agrees."""
    desk, model = page.desk, item.model
    if not isinstance(model, ModelFile):
        return
    if reason := why_kept(item, desk.library.folder):
        page.notice.show_message(f"{model.name} can't be deleted here.", reason)
        return
    box = message_box(
        page,
        f"Move {model.name} to the system's trash?",
        deletion_hint(item, paths_of(model), is_busy=bool(desk.jobs.unfinished)),
        image="trash-2",
        role="bad",
    )
    move = box.addButton(MOVE, QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    move.clicked.connect(lambda: _delete(page, item, paths_of(model)))
    box.open()


def _delete(page: Page, item: InventoryItem, paths: Sequence[Path]) -> None:
    library, added, name = page.desk.library, item.added_path, item.model.path.name

    def work() -> None:
        move_to_trash(paths)
        if added is not None and added in paths:
            remove_path(library, added)

    def done(result: None) -> None:
        page.desk.tell("models")
        page.desk.say(f"{name} is in the system's trash. Restore it there to have it back.", "good")

    def failed(error: Exception) -> None:
        page.desk.tell("models")  # of several files, some may have gone
        page.notice.show_error(error)

    page.desk.background.run_in_order(work, done, failed=failed)


def move_to_trash(paths: Sequence[Path]) -> None:
    """Move files and folders to the system's trash. Raises UserError for the first that can't be moved."""
    home = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    Path(home).mkdir(parents=True, exist_ok=True)  # where Linux has its trash, which Qt makes only in there
    for path in paths:
        file = QFile(str(path))
        if not file.moveToTrash():
            raise UserError(
                f"{path} can't be moved to the trash ({file.errorString()}).",
                "Close the programs that use it, or delete it in the file manager.",
            )
