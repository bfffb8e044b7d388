"""Safetensors weights: which files of a folder hold them, and their headers, read with limits.

Only headers are read here. What they claim is checked before anything is read or allocated by it.
Format: https://github.com/huggingface/safetensors.
"""

import json
import re
import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.models.config import HINT, read_json

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
MAX_HEADER = 100_000_000  # bytes: the format's own limit
MAX_DIMENSIONS = 8
_BYTES = {
    "F64": 8,
    "I64": 8,
    "U64": 8,
    "F32": 4,
    "I32": 4,
    "U32": 4,
    "F16": 2,
    "BF16": 2,
    "I16": 2,
    "U16": 2,
    "I8": 1,
    "U8": 1,
    "BOOL": 1,
}
_PICKLES = frozenset({".bin", ".pt", ".pth"})
_SHARD = re.compile(r"-\d{5}-of-\d{5}\.safetensors$")


@dataclass(frozen=True, kw_only=True)
class TensorEntry:
    """A tensor as a header describes it; `offset` counts bytes from the start of the file."""

    dtype: str
    shape: tuple[int, ...]
    offset: int


def has_weights(folder: Path) -> bool:
    """Return whether `folder` has safetensors weights under the names that transformers loads."""
    return (folder / SINGLE).is_file() or (folder / INDEX).is_file()


def weight_files(folder: Path) -> tuple[Path, ...]:
    """Return the files that hold a model folder's weights: those that transformers loads, in its order.

    That is model.safetensors, else the files that model.safetensors.index.json lists. Raises UserError
    when there is neither, when a file is missing, or when the index names files outside the folder.
    """
    if (folder / SINGLE).is_file():
        return (folder / SINGLE,)
    index = folder / INDEX
    if not index.is_file():
        raise _without_weights(folder)
    names = read_json(index).get("weight_map")
    if not isinstance(names, dict) or not names or not all(_is_plain(name) for name in names.values()):
        raise UserError(f"{index} does not name files of its folder.", HINT)
    files = tuple(folder / name for name in sorted(set(names.values())))
    if missing := [file.name for file in files if not file.is_file()]:
        raise UserError(f"{folder} lacks {missing[0]} of its {len(files)} weight files.", HINT)
    return files


def read_header(path: Path) -> dict[str, TensorEntry]:
    """Return the tensors of a safetensors file by name.

    Raises UserError when the file is unreadable, damaged or cut off.
    """
    header, start, size = _read(path)
    return _entries(path, header, start=start, size=size)


def read_metadata(path: Path) -> dict[str, str]:
    """Return the texts that a safetensors file carries beside its tensors. Raises UserError as above."""
    header, _, _ = _read(path)
    metadata = header.get("__metadata__")
    return {str(k): str(v) for k, v in metadata.items()} if isinstance(metadata, dict) else {}


def count_elements(entries: Mapping[str, TensorEntry]) -> Counter[str]:
    """Return how many values of each type the tensors hold."""
    elements = Counter[str]()
    for entry in entries.values():
        elements[entry.dtype] += prod(entry.shape)
    return elements


def _read(path: Path) -> tuple[dict[str, object], int, int]:
    """Return a file's header, where the tensors start, and the file's size in bytes."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > min(MAX_HEADER, size - 8):
                raise _unusable(path, "its header is cut off or is not a header")
            header = json.loads(file.read(length))
    except FileNotFoundError:
        raise UserError(f"{path.parent} has no {path.name}.", HINT) from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise _unusable(path, "its header is not JSON") from error
    if not isinstance(header, dict):
        raise _unusable(path, "its header is not a JSON object")
    return header, 8 + length, size


def _entries(path: Path, header: dict[str, object], *, start: int, size: int) -> dict[str, TensorEntry]:
    entries: dict[str, TensorEntry] = {}
    end = 0
    for name, described in header.items():
        if name == "__metadata__":
            continue
        match described:
            case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(first), int(last)]}:
                pass
            case _:
                raise _unusable(path, f"the entry {name[:80]!r} is malformed")
        # Limits first: the product of a million long numbers would take hours.
        sound = len(shape) <= MAX_DIMENSIONS and all(type(n) is int and 0 <= n < 2**63 for n in shape)
        if not sound or not 0 <= first <= last:
            raise _unusable(path, f"the entry {name[:80]!r} is malformed")
        if dtype in _BYTES and prod(shape) * _BYTES[dtype] != last - first:
            raise _unusable(path, f"the size of {name[:80]!r} does not fit its shape")
        entries[name] = TensorEntry(dtype=dtype, shape=tuple(shape), offset=start + first)
        end = max(end, last)
    if end != size - start:
        raise _unusable(path, f"its header announces {end:,} bytes of weights, but it holds {size - start:,}")
    return entries


def _without_weights(folder: Path) -> UserError:
    if others := sorted(folder.glob("*.safetensors")):
        if _SHARD.search(others[0].name):
            return UserError(
                f"{folder} has no {INDEX}, which says what {others[0].name} and the other parts contain.",
                "Download that file too.",
            )
        return UserError(
            f"{folder} has no {SINGLE}.", f"Rename {others[0].name} if that holds all of the model's weights."
        )
    if pickles := sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLES):
        # transformers reads these alone, not consolidated.00.pth and others
        loadable = any(name.startswith("pytorch_model") and name.endswith(".bin") for name in pickles)
        command = f"; or, if you trust its publisher, convert them by {_conversion(folder)}"
        return UserError(
            f"{folder} has only pickled weights ({pickles[0]}), which Orca Desk never opens: they can run "
            "any program.",
            f"Download the model's safetensors files{command if loadable else '.'}",
        )
    return UserError(f"{folder} has no {SINGLE}.", "Download the model's safetensors files.")


def _conversion(folder: Path) -> str:
    """Return the command that writes pickled weights, also in several files, as safetensors."""
    path = str(folder)
    code = (
        "from transformers import AutoModelForCausalLM as M; "
        f"M.from_pretrained({path!r}, dtype='auto').save_pretrained({path!r})"
    )
    return f"python -c {shlex.quote(code)}"


def _is_plain(name: object) -> bool:
    return isinstance(name, str) and Path(name).name == name and name.endswith(".safetensors")


def _unusable(path: Path, reason: str) -> UserError:
    return UserError(f"{path} is not a usable safetensors file: {reason}.", "Download or export it again.")
