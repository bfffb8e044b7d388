"""The hub's address, and the names of models on it."""

import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from orca_desk.errors import UserError

DEFAULT = "https://huggingface.co"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_NAME = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)
_REVISION = re.compile(r"[\w./-]{1,200}", re.ASCII)


def usual_endpoint(env: Mapping[str, str] | None = None) -> str:
    """Return the hub that the tools on this machine use: $HF_ENDPOINT, or else Hugging Face."""
    variables = os.environ if env is None else env
    return (variables.get("HF_ENDPOINT") or DEFAULT).strip().rstrip("/")


def checked_endpoint(text: str) -> str:
    """Return the hub's address without a slash at its end. Raises UserError for one that is not safe.

    An address without encryption is taken on this machine only: anyone between could read the token, and
    change the hashes that files are checked against.
    """
    found = text.strip().rstrip("/")
    try:
        parts = urlsplit(found)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise UserError(f"{text.strip()!r} is not the address of a hub.", f"Enter one such as {DEFAULT}.")
    if parts.username or parts.password:
        raise UserError("The hub's address contains a password.", "Leave it out; save a token instead.")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise UserError(f"{found} is not encrypted.", "Use its https address.")
    return found


def host_of(endpoint: str) -> str:
    """Return the host of a hub, as people name it: "huggingface.co"."""
    return urlsplit(endpoint).netloc or endpoint


def model_name(text: str) -> str:
    """Return the owner/name of a model, of which `text` may be the address of its page. Raises UserError."""
    found = text.strip().removesuffix("/")
    if "://" in found:
        found = "/".join(urlsplit(found).path.strip("/").split("/")[:2])
    if not _NAME.fullmatch(found) or ".." in found or "--" in found:
        raise UserError(
            f"{text.strip()!r} is not the name of a model on a hub.",
            "Enter owner/name, such as Qwen/Qwen3-8B-GGUF, or the address of its page.",
        )
    return found


def checked_revision(text: str) -> str:
    """Return the branch, tag or commit. Raises UserError for a text that cannot name one."""
    if not _REVISION.fullmatch(text) or ".." in text:
        raise UserError(f"{text!r} is not a branch, tag or commit.", "Leave it out for the newest version.")
    return text
