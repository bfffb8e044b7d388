"""The first 100 bytes of a database file, as SQLite documents them under "Database File Format"."""

from pathlib import Path

from orca_desk.library.migrations import APPLICATION_ID

MAGIC = b"SQLite format 3\0"
HEADER_BYTES = 100
PAGE_BYTES = 4096  # of a library


def is_cut_off(path: Path) -> bool:
    """Return whether a database is shorter than its header says, and no WAL can have the rest."""
    wal = path.with_name(f"{path.name}-wal")
    try:
        if wal.exists() and wal.stat().st_size > 0:
            return False
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
    except OSError:  # SQLite explains better why it cannot be read
        return False
    size = int.from_bytes(header[16:18], "big")
    is_valid = header[24:28] == header[92:96]  # the number of pages is that of the last change
    pages = int.from_bytes(header[28:32], "big")
    page = 65536 if size == 1 else size
    return header.startswith(MAGIC) and is_valid and pages * page > path.stat().st_size


def new_header(pages: int) -> bytearray:
    """Return the header of a library of this many pages, which does not state its version."""
    header = bytearray(100)
    header[:24] = MAGIC + PAGE_BYTES.to_bytes(2, "big") + bytes([2, 2, 0, 64, 32, 32])
    header[28:32] = pages.to_bytes(4, "big")
    header[24:28] = header[92:96] = (1).to_bytes(4, "big")
    header[40:44] = (1).to_bytes(4, "big")
    header[44:48] = (4).to_bytes(4, "big")  # the format of the schema
    header[56:60] = (1).to_bytes(4, "big")  # UTF-8
    header[68:72] = APPLICATION_ID.to_bytes(4, "big")
    return header
