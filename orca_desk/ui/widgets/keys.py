"""Keys as they are written on this system."""

from PySide6.QtGui import QAction, QKeySequence


def native(key: QKeySequence | str) -> str:
    """Return a key such as "Ctrl+K" as people know it here."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def keys_of(action: QAction) -> tuple[str, ...]:
    """Return an action's keys, two at most."""
    return tuple(native(key) for key in action.shortcuts() if not key.isEmpty())[:2]
