"""Moving a model's files to the system's trash: for the Models page and `orca-desk models delete`.

Qt knows the trash of every system. What is imported of it here needs no screen.
"""

from pathlib import Path

from PySide6.QtCore import QFile, QStandardPaths

from orca_desk.errors import UserError
from orca_desk.inventory.catalogue import remove_path
from orca_desk.inventory.deletable import paths_of
from orca_desk.inventory.usage import InventoryItem
from orca_desk.library.database import Library
from orca_desk.models.model_file import ModelFile


def move_to_trash(library: Library, item: InventoryItem) -> None:
    """Move a model's files to the trash, and list it no more if the user added it.

    Raises UserError for the first file that can't be moved; those before it are in the trash then.
    """
    assert isinstance(item.model, ModelFile)
    home = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
    Path(home).mkdir(parents=True, exist_ok=True)  # where Linux has its trash, which Qt makes only in there
    paths = paths_of(item.model)
    for path in paths:
        file = QFile(str(path))
        if not file.moveToTrash():
            raise UserError(
                f"{path} can't be moved to the trash ({file.errorString()}).",
                "Close the programs that use it, or delete it in the file manager.",
            )
    if item.added_path is not None and item.added_path in paths:
        remove_path(library, item.added_path)
