"""Keyboard shortcuts as this system writes them."""

from PySide6.QtGui import QAction, QKeySequence


def native(key: QKeySequence | str) -> str:
    """Return a key such as "Ctrl+K" in the notation of this system."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def keys_of(action: QAction) -> tuple[str, ...]:
    """Return the keys of an action, at most two."""
    return tuple(native(key) for key in action.shortcuts() if not key.isEmpty())[:2]
