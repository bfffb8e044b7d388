"""The licence that a model's folder states, by the metadata at the top of its README.md, as hubs write it."""

import re
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.models.config import read_text

_METADATA = re.compile(r"\A\ufeff?---\s*\n(.*?)^---\s*$", re.DOTALL | re.MULTILINE)
_LONGEST = 100  # characters; the name of a licence is shorter
_OTHER = "other"  # then license_name has it


def licence_of_folder(folder: Path) -> str:
    """Return the licence of the model in `folder`, or "" where it states none."""
    try:
        found = _METADATA.match(read_text(folder / "README.md"))
    except UserError:
        return ""
    metadata = found[1] if found else ""
    licence = _value(metadata, "license")
    return (_value(metadata, "license_name") or licence) if licence.casefold() == _OTHER else licence


def _value(metadata: str, key: str) -> str:
    """Return the text under a key of the metadata. No YAML is parsed: a stranger wrote it."""
    found = re.search(rf"^{key}:[ \t]*(\S.*?)[ \t]*(?:#.*)?$", metadata, re.MULTILINE)
    return found[1].strip("\"'[] ")[:_LONGEST] if found else ""
