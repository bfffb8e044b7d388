"""A model's JSON and text files, read with a size limit: they come from strangers."""

import json
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError

MAX_BYTES = 64 * 2**20  # twice the largest tokenizer.json
HINT = "Download the model again."


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in `path`.

    Raises UserError when the file is missing, unreadable or larger than MAX_BYTES, or holds anything else.
    """
    try:
        value = json.loads(_read(path))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not valid JSON ({_reason(error)}).", HINT) from error
    if not isinstance(value, dict):
        raise UserError(f"{path} does not contain a JSON object.", HINT)
    return value


def read_text(path: Path) -> str:
    """Return the UTF-8 text in `path`, without the mark that editors of Windows put before it.

    Raises UserError when it is missing, unreadable or too large.
    """
    try:
        return _read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error.reason}).", HINT) from error


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path} is too large: more than {MAX_BYTES // 2**20} MiB.", HINT)
        return path.read_bytes()
    except FileNotFoundError:
        hint = "Choose a model's own folder, or download the model again."
        raise UserError(f"{path.parent} has no {path.name}.", hint) from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
