"""Whether a model's weights were ever rounded to a few bits: what is made of such a model keeps saying it.

Otherwise a folder made of a quantised file, and whatever is made of that folder, would look like the
original: both hold 16-bit numbers.
"""

import re
from typing import Any

KEY = "orca_desk.rounded_from"  # of a GGUF file
CONFIG_KEY = "orca_desk_rounded_from"  # of a folder's config.json
_KIND = re.compile(r"(?:IQ|TQ|Q|MXFP|NVFP)(\d)[A-Z0-9_]{0,12}")


def stated(kind: Any) -> str:
    """Return the type that a file says its weights were rounded to, or "" for what is not such a type."""
    return kind if isinstance(kind, str) and _KIND.fullmatch(kind) else ""


def bits_of(kind: str) -> int:
    """Return the bits of a type such as Q4_K_M; 0 for an unquantised one, and for ""."""
    found = _KIND.fullmatch(kind)
    return int(found[1]) if found else 0
