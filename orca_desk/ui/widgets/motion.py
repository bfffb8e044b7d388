"""Whether the system asks programs to keep still: Qt does not tell in the version in use."""

import ctypes
import os
import subprocess
import sys
import threading

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

SECONDS = 5.0  # at most, to ask
SPI_GETCLIENTAREAANIMATION = 0x1042  # of Windows
GNOME = ("gsettings", "get", "org.gnome.desktop.interface", "enable-animations")
MACOS = ("defaults", "read", "com.apple.universalaccess", "reduceMotion")
_still = threading.Event()


def is_animated() -> bool:
    """Return False once it is known that the user has turned animations off for the whole system."""
    return not _still.is_set()


def follow_system() -> threading.Thread:
    """Find out in a thread what the system asks for, and turn the effects of menus off if it wants no motion.

    `$ORCA_DESK_ANIMATIONS` ("yes" or "no") wins, also where the system cannot tell.
    """
    _still.clear()
    asking = threading.Thread(target=_ask, name="motion", daemon=True)
    asking.start()
    return asking


def _ask() -> None:
    if _wants_stillness():
        _still.set()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            QTimer.singleShot(0, app, lambda: app.setEffectEnabled(Qt.UIEffect.UI_General, False))


def _wants_stillness() -> bool:
    told = os.environ.get("ORCA_DESK_ANIMATIONS", "")
    if told in ("yes", "no"):
        return told == "no"
    if sys.platform == "win32":
        wanted = ctypes.c_int(1)
        ask = ctypes.windll.user32.SystemParametersInfoW
        return bool(ask(SPI_GETCLIENTAREAANIMATION, 0, ctypes.byref(wanted), 0)) and not wanted.value
    if sys.platform == "darwin":
        return _answer(MACOS) == "1"
    return _answer(GNOME) == "false"


def _answer(command: tuple[str, ...]) -> str:
    """Return what a command prints; nothing if it is not there or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
