"""How much room a library takes on its disk."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Room:
    """Bytes: the database, everything else in the library's folder, and what is free on its disk."""

    database: int
    others: int
    free: int

    @property
    def total(self) -> int:
        """All that the library takes."""
        return self.database + self.others


def room_of(folder: Path, *, database: str = "library.db") -> Room:
    """Count the bytes in a library's folder. Files that come and go meanwhile are passed over."""
    own = others = 0
    for current, _, names in os.walk(folder):
        for name in names:
            try:
                size = os.lstat(os.path.join(current, name)).st_size  # noqa: PTH118 - a Path a file is slow
            except OSError:
                continue
            if Path(current) == folder and name.startswith(database):
                own += size
            else:
                others += size
    return Room(database=own, others=others, free=shutil.disk_usage(folder).free)
