"""Asks llama.cpp or torch for its build and its devices, or measures how fast torch computes here.

The job is {"ask": "llama" | "torch" | "speed", "devices": [names in torch]}; events: `build` with the fields
of `Build` and the devices, or `speed` with the device and the fields of `Speed`.
"""

import re
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from orca_desk.machine import usable_cores
from orca_desk.machine.devices import Listed
from orca_desk.machine.stored import Build
from orca_desk.workers.runtime import Channel, serve

# The libraries of llama.cpp's backends, and what a build for them is called
BACKENDS = {"cuda": "CUDA", "hip": "ROCm", "metal": "Metal", "vulkan": "Vulkan", "sycl": "SYCL"}


def main() -> None:
    """Serve one job."""
    serve(look)


def look(channel: Channel) -> None:
    """Measure the processor, or list what llama.cpp or PyTorch can use, as the job's `ask` says."""
    if channel.job["ask"] == "speed":
        _measure(channel)
        return
    ask: Callable[[], tuple[Build, tuple[Listed, ...]]] = {"llama": _llama, "torch": _torch}[
        channel.job["ask"]
    ]
    try:
        build, devices = ask()
    except (ImportError, PackageNotFoundError):
        build, devices = Build(made_for="", problem="not installed"), ()
    channel.emit(
        {"event": "build", "build": asdict(build), "devices": [asdict(device) for device in devices]}
    )


def _llama() -> tuple[Build, tuple[Listed, ...]]:
    from orca_desk.teacher.devices import listed_devices
    from orca_desk.teacher.native import library

    found = version("llama-cpp-python")
    folder = Path(library().__file__ or "").parent
    names = {path.name for place in ("lib", "../bin") for path in (folder / place).glob("*ggml-*")}
    made_for = [
        title
        for name, title in BACKENDS.items()
        if any(re.search(rf"ggml-{name}\b", library_name) for library_name in names)
    ]
    devices = listed_devices()
    made_for = made_for or sorted({one.kind.upper() for one in devices})
    return Build(version=found, made_for=", ".join(made_for) or "CPU"), devices


def _torch() -> tuple[Build, tuple[Listed, ...]]:
    import torch

    from orca_desk.student.devices import listed_devices

    if torch.version.cuda:
        made_for = f"CUDA {torch.version.cuda}"
    elif torch.version.hip:
        made_for = f"ROCm {torch.version.hip}"
    else:
        made_for = "Metal" if torch.backends.mps.is_built() else "CPU"
    return Build(version=str(torch.__version__), made_for=made_for), listed_devices()


def _measure(channel: Channel) -> None:
    try:
        import torch
    except ImportError:
        return
    from orca_desk.student.speed import cpu_speed, device_speed

    torch.set_num_threads(usable_cores())
    channel.emit({"event": "speed", "device": "cpu"} | asdict(cpu_speed()))
    for device in channel.job["devices"]:
        channel.emit({"event": "speed", "device": device} | asdict(device_speed(device)))
