"""Moving the library of a window: the window has closed it, and opens it again where it is then."""

from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.library.moves.relocation import bytes_to_move, move_library
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.words.library import moved_sentences
from orca_desk.ui.work_dialog import WorkDialog


@dataclass(frozen=True)
class NewPlace:
    """Where the library is now, and what to say about it in the window: a sentence, and what else to know."""

    folder: Path
    said: str = ""
    hint: str = ""


def relocate(folder: Path, target: Path, theme: Theme) -> NewPlace:
    """Move a library that is closed, with a dialog that can stop it; say why where that fails."""
    try:
        moved = WorkDialog(
            f"Moving the library to {target}…",
            lambda on_bytes: move_library(folder, target, on_bytes=on_bytes),
            theme,
            total=bytes_to_move(folder),
        ).wait()
    except UserError as error:
        box = MessageBox(None, f"The library was not moved. {error.message}", error.hint, role="bad")
        theme.apply_to(box)
        box.leave("Open it where it is")
        box.exec()
        return NewPlace(folder)
    if moved is None:
        return NewPlace(folder, f"The library was not moved; it is still in {folder}.")
    return NewPlace(moved.folder, *moved_sentences(folder, moved))
