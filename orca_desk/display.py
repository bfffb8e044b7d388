"""Whether this machine can show a window. Standard library only: the installer asks before it installs.

`python -m orca_desk.display` exits with 0 if it can; otherwise it prints the reason and exits with 1.
"""

import ctypes
import os
import sys
from collections.abc import Mapping, Sequence

# The shared libraries that Qt loads from the system on Linux, and the Debian packages that contain them.
ALWAYS = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libxkbcommon.so.0": "libxkbcommon0",
}
X11 = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


# What Qt says when it has no plugin to try, rather than one that nobody answers
NOT_FOUND = "Could not find the Qt platform plugin"
# Variables that make Qt load the plugins of another program
PLUGINS = ("QT_PLUGIN_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH")


def has_display() -> bool:
    """Return whether this process was started in a session with a display."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def display_problem() -> str:
    """Return why no window can open here, with the remedy, or "" if one can."""
    if not has_display():
        return "This session has no display. The commands work without one: orca-desk --help"
    if not sys.platform.startswith("linux"):
        return ""
    only_x11 = os.environ.get("DISPLAY") and not (
        os.environ.get("QT_QPA_PLATFORM") or os.environ.get("WAYLAND_DISPLAY")
    )
    return _missing_libraries(ALWAYS | (X11 if only_x11 else {}))


def start_problem(said: Sequence[str] = ()) -> str:
    """Return why Qt found no way to open a window although there should be a display, with the remedy.

    `said` is what Qt printed before it gave up.
    """
    platform = os.environ.get("QT_QPA_PLATFORM")
    if platform and platform.partition(":")[0] not in ("xcb", "wayland"):
        return (
            f"Qt cannot start on {platform!r}, which QT_QPA_PLATFORM names."
            " Unset this variable, or set it to xcb or wayland."
        )
    wayland, x11 = os.environ.get("WAYLAND_DISPLAY", ""), os.environ.get("DISPLAY", "")
    if x11 and (problem := _missing_libraries(ALWAYS | X11)):
        return problem
    if lacking := next((text for text in said if NOT_FOUND in text), ""):
        plugins = [name for name in PLUGINS if os.environ.get(name)]
        remedy = f"Unset {' and '.join(plugins)}." if plugins else "Reinstall Orca Desk."
        return f"Qt cannot load its plugin for windows ({lacking.strip().rstrip('.')}). {remedy}"
    displays = [f"{kind} display {name}" for kind, name in (("Wayland", wayland), ("X", x11)) if name] or [
        "display"
    ]
    return (
        f"No window can open on the {' or the '.join(displays)}: nothing answers there, or it refuses this"
        " user. Start Orca Desk in a desktop session. The commands work without one: orca-desk --help"
    )


def _missing_libraries(libraries: Mapping[str, str]) -> str:
    """Return which system libraries do not load, as a sentence that names their packages, or ""."""
    missing = [package for name, package in libraries.items() if not _loads(name)]
    if not missing:
        return ""
    return (
        f"Qt needs system libraries that are missing ({len(missing)})."
        f" Run: apt install {' '.join(missing)} (or your system's packages of the same names)."
    )


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    problem = display_problem()
    if problem:
        print(problem, file=sys.stderr)
    sys.exit(1 if problem else 0)
