"""The environment variables for programs that are not this one: the user's, not those of a packaged app.

PyInstaller points variables at the libraries and plugins in its bundle. A browser or a file manager that
inherits them loads those instead of its own, and often does not start.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

LIBRARIES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH")  # the bootloader saves them as NAME_ORIG
QT = ("QT_PLUGIN_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH", "QML2_IMPORT_PATH", "QML_IMPORT_PATH")
SEARCHED = ("PATH", "GIO_MODULE_DIR", "GSETTINGS_SCHEMA_DIR", "XDG_DATA_DIRS")
OWN = ("PYSIDE6_OPTION_LAZY", "_MEIPASS2")  # what this app and its bootloader tell their own processes
BOOTLOADER = "_PYI_"
STARTED_WITH = Path("/proc/self/environ")


def user_environment() -> dict[str, str]:
    """Return the environment for a program of the user's, such as a browser."""
    found = with_user_libraries(os.environ)
    for name in [name for name in found if name in OWN or name.startswith(BOOTLOADER)]:
        del found[name]
    if not _is_frozen():
        return found
    before = _started_with()
    for name in QT:  # PyInstaller replaces the user's own value
        found.pop(name, None)
        if name in before:
            found[name] = before[name]
    for name in (*QT, *SEARCHED):
        if name in found and (kept := _outside_bundle(found.pop(name))):
            found[name] = kept
    return found


def with_user_libraries(environment: Mapping[str, str]) -> dict[str, str]:
    """Return a copy of `environment` in which the loader finds the libraries that the user chose."""
    found = dict(environment)
    for name in LIBRARIES:
        original = found.pop(f"{name}_ORIG", None)
        if original is not None or _is_frozen():
            found.pop(name, None)
        if original:
            found[name] = original
    return found


def _is_frozen() -> bool:
    return bool(getattr(sys, "frozen", False))


def _started_with() -> dict[str, str]:
    """Return the variables of the start of this process, where the system tells them (Linux)."""
    try:
        entries = STARTED_WITH.read_bytes().split(b"\0")
    except OSError:
        return {}
    pairs = (os.fsdecode(entry).partition("=") for entry in entries if b"=" in entry)
    return {name: value for name, _, value in pairs}


def _outside_bundle(value: str) -> str:
    """Return the folders of a search path that are not in the bundle."""
    bundle = Path(getattr(sys, "_MEIPASS", Path(sys.executable).parent))
    return os.pathsep.join(one for one in value.split(os.pathsep) if not Path(one).is_relative_to(bundle))
