"""What Orca Desk is made of: versions and licences, told without importing any of it."""

import platform
from pathlib import Path

from orca_desk import __version__
from orca_desk.paths import resources

PARTS = {  # name for people -> name of the distribution
    "Qt for Python": "PySide6-Essentials",
    "llama-cpp-python": "llama-cpp-python",
    "PyTorch": "torch",
    "Transformers": "transformers",
    "PEFT": "peft",
    "MLX": "mlx",
}


def versions() -> dict[str, str]:
    """Return the versions of Orca Desk, Python and what they stand on; what is not there is left out."""
    from importlib.metadata import PackageNotFoundError, version  # 40 ms, most of it e-mail parsing

    found = {"Orca Desk": __version__, "Python": platform.python_version()}
    for name, distribution in PARTS.items():
        try:
            found[name] = version(distribution)
        except PackageNotFoundError:
            continue
    return found | {"System": platform.platform()}


def licences() -> dict[str, Path]:
    """Return the licence files of what is bundled, by what they are for."""
    return {
        "Inter, the typeface (SIL Open Font License 1.1)": resources() / "fonts" / "OFL.txt",
        "Lucide, the icons (ISC)": resources() / "icons" / "LICENSE",
    }
