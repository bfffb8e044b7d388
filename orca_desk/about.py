"""The versions and licences of the parts of Orca Desk, found without importing them."""

import platform
from pathlib import Path

from orca_desk import __version__
from orca_desk.paths import resources

PARTS = {  # name on screen -> name of the distribution
    "Qt for Python": "PySide6-Essentials",
    "llama-cpp-python": "llama-cpp-python",
    "PyTorch": "torch",
    "Transformers": "transformers",
    "PEFT": "peft",
    "MLX": "mlx",
}


def versions() -> dict[str, str]:
    """Return the versions of Orca Desk, Python, the installed parts and the system."""
    from importlib.metadata import PackageNotFoundError, version  # 40 ms, most of it e-mail parsing

    found = {"Orca Desk": __version__, "Python": platform.python_version()}
    for name, distribution in PARTS.items():
        try:
            found[name] = version(distribution)
        except PackageNotFoundError:
            continue
    return found | {"System": platform.platform()}


def licences() -> dict[str, Path]:
    """Return the licence files of the bundled fonts and icons, by title."""
    return {
        "Inter, the typeface (SIL Open Font License 1.1)": resources() / "fonts" / "OFL.txt",
        "STIX Two Math, the typeface of formulas (SIL Open Font License 1.1)": resources()
        / "fonts"
        / "OFL-STIX.txt",
        "Lucide, the icons (ISC)": resources() / "icons" / "LICENSE",
    }
