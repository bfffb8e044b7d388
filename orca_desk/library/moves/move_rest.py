"""What a move onto another disk left of the old folder, where its process ended: see `relocation`."""

import json
import shutil
from contextlib import suppress
from pathlib import Path

REST = "moved-from.json"  # in the new folder: the hidden name of the old one while that is deleted
ENDING = ".moved-"  # in that name


def finish_move(folder: Path) -> None:
    """Delete what is left of the folder in which the library was. The caller locks it."""
    mark = folder / REST
    if not mark.is_file():
        return
    with suppress(OSError, ValueError, TypeError):
        rest = Path(json.loads(mark.read_text(encoding="utf-8")))
        if rest.name.startswith(".") and ENDING in rest.name:  # never a folder that anybody uses
            shutil.rmtree(rest, ignore_errors=True)
    with suppress(OSError):
        mark.unlink()
