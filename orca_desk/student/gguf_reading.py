"""Opens GGUF files of strangers: what is damaged or missing in one becomes a sentence."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf

from orca_desk.errors import UserError
from orca_desk.models.gguf_header import read_header


@contextlib.contextmanager
def damaged(path: Path) -> Iterator[None]:
    """Raise UserError, naming `path`, when the block meets content of another form than it expects.

    For code that takes apart other people's files, where a missing or odd part raises any of these.
    """
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise UserError(f"{path} is damaged ({error!r}).", "Download the model again.") from error


def open_gguf(path: Path) -> gguf.GGUFReader:
    """Map a GGUF file. Raises UserError for another or a damaged file, or one of several parts."""
    read_header(path)  # GGUFReader trusts every size that a file claims; this checks them first
    with damaged(path):
        reader = gguf.GGUFReader(path)
    if field(reader, gguf.Keys.Split.LLM_KV_SPLIT_COUNT, 1) > 1:
        raise UserError(f"{path} is one of several parts.", "Join them with llama-gguf-split --merge first.")
    return reader


def field(reader: gguf.GGUFReader, key: str, default: Any = None) -> Any:
    """Return the value of a GGUF key. Raises UserError when it is missing and there is no default."""
    found = reader.get_field(key)
    if found is not None:
        return found.contents()
    if default is None:
        raise UserError("The GGUF file lacks the key " + key + ".", "Choose another file.")
    return default
