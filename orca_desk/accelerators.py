"""What llama.cpp and torch can be built for, what that takes, and which of it suits this machine.

It imports the standard library only: the installer asks before it installs.
"""

import os
import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

AcceleratorName = Literal["cuda", "metal", "vulkan", "cpu"]
DISPLAYS = ("0x03", "0x12")  # classes on the PCI bus that draw or compute
BUS = Path("/sys/bus/pci/devices")
RENDER_NODES = Path("/dev/dri")
VULKAN_HEADERS = (Path("/usr/include/vulkan/vulkan.h"), Path("/usr/local/include/vulkan/vulkan.h"))
CUDA_ROOT = Path("/usr/local/cuda")
CUDA_FOLDERS = ("CUDA_HOME", "CUDA_PATH")  # variables that name the toolkit's folder


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    """A kind of device: the options with which CMake builds llama.cpp for it, and what the build takes."""

    title: str
    options: str
    minutes: str
    needs: str
    disk_gb: int  # of the whole installation
    torch: str = ""  # what torch adds to the download


ACCELERATORS: dict[AcceleratorName, Accelerator] = {
    "cpu": Accelerator(
        title="processors alone", options="", minutes="4 to 15", needs="a C++ compiler", disk_gb=4
    ),
    "cuda": Accelerator(
        title="NVIDIA cards (CUDA)",
        options="-DGGML_CUDA=on",
        minutes="10 to 30",
        needs="NVIDIA's CUDA toolkit (nvcc)",
        disk_gb=12,
        torch="2 to 3 GB",
    ),
    "vulkan": Accelerator(
        title="graphics cards of any maker (Vulkan)",
        options="-DGGML_VULKAN=on",
        minutes="10 to 25",
        needs="the Vulkan SDK (headers and glslc)",
        disk_gb=5,
    ),
    "metal": Accelerator(
        title="Apple Silicon (Metal)",
        options="-DGGML_METAL=on",
        minutes="4 to 10",
        needs="Xcode's command line tools",
        disk_gb=4,
    ),
}
INSTALL_COMMAND = "python -m orca_desk.install --accelerator"
TORCH_WITHOUT_CUDA = (
    "torch was installed for processors alone, so training stays on the processor. For the card, run:"
    f" {INSTALL_COMMAND} cuda --torch-index URL, with the index of CUDA builds that torch's installation page"
    " names (a download of 2 to 3 GB)."
)
RECORD = ".accelerator"  # in the environment: what its llama.cpp was built for


def found_accelerator() -> tuple[AcceleratorName, str]:
    """Return what suits this machine, and what a better choice lacks, as a sentence ("" if nothing).

    Only what can be built now is chosen, and only for a device that is there.
    """
    if _is_apple_silicon():
        return "metal", ""
    if has_nvidia():
        if not (lacking := lacking_for("cuda")):
            return "cuda", ""
        name: AcceleratorName = "cpu" if lacking_for("vulkan") else "vulkan"
        return name, f"There is an NVIDIA card, but {lacking} Then run: {INSTALL_COMMAND} cuda"
    if has_graphics():
        if not (lacking := lacking_for("vulkan")):
            return "vulkan", ""
        return "cpu", f"There is a graphics card, but {lacking} Then run: {INSTALL_COMMAND} vulkan"
    return "cpu", ""


def cost(accelerator: AcceleratorName) -> str:
    """Return what a build takes, in a sentence."""
    build = ACCELERATORS[accelerator]
    text = f"This compiles llama.cpp once for this machine: {build.minutes} minutes on two cores."
    if accelerator != "cpu":
        text += (
            f" It is built for {build.title} and needs {build.needs} and {build.disk_gb} GB of disk space."
        )
    return f"{text} torch for it is a download of {build.torch}." if build.torch else text


def built_for(venv: Path) -> AcceleratorName:
    """Return what the llama.cpp of an environment was built for, as the installer recorded it."""
    try:
        said = (venv / RECORD).read_text().strip()
    except OSError:
        said = "cpu"
    return next((name for name in get_args(AcceleratorName) if name == said), "cpu")


def with_options(options: str) -> dict[str, str] | None:
    """Return the environment for a build with these options of CMake; None for the usual one."""
    if not options:
        return None
    return os.environ | {"CMAKE_ARGS": f"{os.environ.get('CMAKE_ARGS', '')} {options}".strip()}


def lacking_for(name: AcceleratorName) -> str:
    """Return what is missing to build for `name`, as a sentence with its remedy, or ""."""
    if name == "cuda" and not find_nvcc():
        return (
            "nvcc, the compiler of NVIDIA's CUDA toolkit, was not found. Install the toolkit"
            " (Debian, Ubuntu: apt install nvidia-cuda-toolkit), or put its folder bin on PATH."
        )
    if name == "vulkan" and not (_has_vulkan_headers() and shutil.which("glslc")):
        return (
            "the Vulkan SDK was not found. Install it (Debian, Ubuntu: apt install libvulkan-dev glslc"
            " spirv-headers)."
        )
    if name == "metal" and not _is_apple_silicon():
        return "Metal is for Macs with Apple silicon; this is another machine."
    return ""


def find_nvcc() -> str:
    """Return the path of NVIDIA's compiler, or ""."""
    roots = [Path(os.environ[name]) for name in CUDA_FOLDERS if os.environ.get(name)]
    folders = [root / "bin" for root in (*roots, CUDA_ROOT)]
    program = "nvcc.exe" if os.name == "nt" else "nvcc"
    beside = next((str(folder / program) for folder in folders if (folder / program).is_file()), "")
    return shutil.which("nvcc") or beside


def has_nvidia() -> bool:
    """Return whether there is an NVIDIA card with a driver."""
    return bool(shutil.which("nvidia-smi")) or Path("/proc/driver/nvidia/version").exists()


def has_graphics() -> bool:
    """Return whether there is a graphics processor whose driver programs can compute with (Linux)."""
    nodes: Sequence[Path] = sorted(RENDER_NODES.glob("renderD*")) if RENDER_NODES.is_dir() else ()
    return bool(nodes) and any(_class_of(folder).startswith(DISPLAYS) for folder in _folders())


def _folders() -> list[Path]:
    return sorted(BUS.iterdir()) if BUS.is_dir() else []


def _class_of(folder: Path) -> str:
    try:
        return (folder / "class").read_text().strip()
    except OSError:
        return ""


def _has_vulkan_headers() -> bool:
    sdk = os.environ.get("VULKAN_SDK")
    return bool(sdk and Path(sdk).is_dir()) or any(path.exists() for path in VULKAN_HEADERS)


def _is_apple_silicon() -> bool:
    return sys.platform == "darwin" and platform.machine() == "arm64"
