"""System messages that the user saved under names, for every library."""

from orca_desk.errors import UserError
from orca_desk.steps.named import NamedStore

# What a chat calls the messages that nobody saved, by their keys in its list: no saved one is called so
LISTED = {"cautious": "Cautious", "empty": "Empty", "own": "Custom"}
STORE = NamedStore("system-messages.json", what="system message")


def saved_messages() -> dict[str, str]:
    """Return the saved system messages by name. Raises UserError for a damaged file."""
    return {name: text for name, text in STORE.all().items() if isinstance(text, str)}


def save_message(name: str, text: str) -> str | None:
    """Save a system message; return the one that it replaced, or None. Raises UserError for a bad name."""
    _require_free(name)
    before = STORE.save(name, text)
    return before if isinstance(before, str) else None


def rename_message(name: str, new: str) -> None:
    """Rename a system message. Raises UserError if there is none, or the new name is taken."""
    _require_free(new)
    STORE.rename(name, new)


def delete_message(name: str) -> str:
    """Delete a system message; return it. Raises UserError if there is none."""
    text, _ = STORE.delete(name)
    return str(text)


def _require_free(name: str) -> None:
    if " ".join(name.split()).casefold() in (one.casefold() for one in LISTED.values()):
        raise UserError(f"The list has a system message {name!r} of its own.", "Choose another name.")
