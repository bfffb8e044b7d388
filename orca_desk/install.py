"""Set up `.venv` beside this checkout: `python3 -m orca_desk.install [EXTRA ...]`, standard library only.

Everything that can stop an installation is looked at first, so that nobody waits minutes for a failure
that could have been told at once.
"""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from orca_desk.display import display_problem, has_display

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / os.environ.get("ORCA_DESK_VENV", ".venv")
DISK_GB = 4  # the environment takes 1.7 GB with the CPU build of torch; compiling and downloads come on top
MEMORY_GB = 3  # two llama.cpp files compile at a time, at most 1 GB each


def main() -> int:
    """Check the machine, make the environment, install; return the exit code."""
    extras = sys.argv[1:]
    problem = first_problem()
    if problem:
        print(f"Orca Desk cannot be installed here: {problem}", file=sys.stderr)
        return 1
    if not venv_python().exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    if has_display() and (lacking := display_problem()):
        print(f"The desktop will not start yet. {lacking}", file=sys.stderr)
    if not compiled():
        print("Installing. llama.cpp is compiled once for this machine: 4 to 15 minutes on two cores.")
    target = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    pip = [str(venv_python()), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    pinned = ["--constraint", str(ROOT / "constraints.txt")]
    if subprocess.run([*pip, *pinned, "--editable", target]).returncode:
        print("The installation stopped; pip says why above. Run the same to go on.", file=sys.stderr)
        return 1
    for stamp in ["run", *extras]:
        (VENV / f".{stamp}").touch()
    return 0


def first_problem() -> str:
    """Return the first thing in the way, as one sentence with its remedy, or ""."""
    checks = (python_problem, venv_problem, compiler_problem, disk_problem, memory_problem)
    return next((problem for check in checks if (problem := check())), "")


def python_problem() -> str:
    """Tell of a Python that is too old."""
    if sys.version_info >= (3, 11):  # noqa: UP036 (run by any Python)
        return ""
    found = platform.python_version()
    return f"it needs Python 3.11 or newer and this is {found}. Use a newer one: make PYTHON=python3.12 run"


def venv_problem() -> str:
    """Tell of a Python that cannot make environments (Debian packs `ensurepip` apart)."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"this Python cannot make environments. Run: apt install python{version}-venv"
    return ""


def compiler_problem() -> str:
    """Tell of a missing C++ compiler or of missing Python headers; none is needed once all is compiled."""
    if compiled():
        return ""
    if not find_compiler():
        remedy = {
            "Darwin": "Run: xcode-select --install",
            "Windows": 'Install "Desktop development with C++" of the Visual Studio Build Tools.',
        }.get(platform.system(), "Run: apt install build-essential (or your system's gcc-c++ package).")
        return f"llama.cpp is compiled for this machine and there is no C++ compiler. {remedy}"
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if not header.exists():
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"Python's headers are missing ({header}). Run: apt install python{version}-dev"
    return ""


def find_compiler() -> str:
    """Return the C++ compiler that CMake would take, or ""."""
    chosen = os.environ.get("CXX", "").split()
    names = [*chosen[:1], "c++", "g++", "clang++"]
    found = next((path for name in names if (path := shutil.which(name))), "")
    if not found and platform.system() == "Windows":
        folder = Path(os.environ.get("PROGRAMFILES(X86)", "C:/Program Files (x86)"))
        vswhere = folder / "Microsoft Visual Studio/Installer/vswhere.exe"
        found = str(vswhere) if vswhere.exists() else ""
    return found


def disk_problem() -> str:
    """Tell of too little free disk."""
    free = shutil.disk_usage(ROOT).free / 1e9
    if compiled() or free >= DISK_GB:
        return ""
    return f"it needs {DISK_GB} GB of free disk at {ROOT} and there are {free:.1f} GB. Make room first."


def memory_problem() -> str:
    """Tell of too little memory to compile (known on Linux; elsewhere the system swaps)."""
    meminfo = Path("/proc/meminfo")
    if compiled() or not meminfo.exists():
        return ""
    fields = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    free = int(fields["MemAvailable"].split()[0]) / 1e6
    if free >= MEMORY_GB:
        return ""
    return f"compiling needs {MEMORY_GB} GB of free memory and there are {free:.1f} GB. Close some programs."


def venv_python() -> Path:
    """Return the environment's interpreter."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def compiled() -> bool:
    """Whether llama.cpp is in the environment already."""
    return any(VENV.glob("**/site-packages/llama_cpp"))


if __name__ == "__main__":
    sys.exit(main())
