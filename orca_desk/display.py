"""Can a window be shown here? Standard library only, as this is asked before anything is installed.

`python -m orca_desk.display` exits with 0 where one can, and says why not elsewhere.
"""

import ctypes
import os
import sys

# The shared libraries that Qt takes from the system on Linux, and the Debian packages that bring them.
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
    """Whether this process was started where windows can be shown."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def display_problem() -> str:
    """Return what keeps windows from being shown, with the remedy, or ""."""
    if not has_display():
        return "There is no display here. The commands work without one: orca-desk --help"
    if not sys.platform.startswith("linux"):
        return ""
    on_x11 = os.environ.get("DISPLAY") and not os.environ.get("QT_QPA_PLATFORM")
    missing = [package for name, package in (ALWAYS | (X11 if on_x11 else {})).items() if not _loads(name)]
    if not missing:
        return ""
    return (
        f"Qt needs {len(missing)} system libraries that are missing here."
        f" Run: apt install {' '.join(missing)} (or your system's packages of these names)."
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
