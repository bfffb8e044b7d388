"""Whether this machine can show a window. Standard library only: the installer asks before it installs.

`python -m orca_desk.display` exits with 0 if it can; otherwise it prints the reason and exits with 1.
"""

import ctypes
import os
import sys

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
    on_x11 = os.environ.get("DISPLAY") and not os.environ.get("QT_QPA_PLATFORM")
    missing = [package for name, package in (ALWAYS | (X11 if on_x11 else {})).items() if not _loads(name)]
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
