"""One description of this machine: what it has, what the installed programs can use of it, how fast it is.

Asking the programs and measuring take seconds, so both are done in child processes and stored, until a
program, a driver or the machine changes.
"""

import os
import platform
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from orca_desk.errors import UserError
from orca_desk.machine import free_memory, total_memory, usable_cores
from orca_desk.machine.devices import Device, Listed, Program, same_devices
from orca_desk.machine.native import Native, native_devices
from orca_desk.machine.resources import memory_is_limited, processor_name
from orca_desk.machine.room import with_free_memory
from orca_desk.machine.stored import BUSY, Build, Speed, StoredFindings, load_found, store_found
from orca_desk.processes.host import run_worker
from orca_desk.processes.process import WorkerCrashError
from orca_desk.processes.progress import JobControl
from orca_desk.processes.protocol import Message

VULKAN = "Vulkan"
PROGRAMS: tuple[Program, ...] = ("llama", "torch")
DISTRIBUTIONS: dict[Program, str] = {"llama": "llama-cpp-python", "torch": "torch"}
MODULES: dict[Program, str] = {"llama": "llama_cpp", "torch": "torch"}
# Variables that change which devices the programs list
HIDING = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES")
LackKind = Literal["llama_build", "torch_build", "llama_problem", "torch_problem", "driver"]
Stage = Literal["programs", "speed"]
_asking = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Lack:
    """Something that the machine has and a program cannot use, or a program that cannot be asked.

    `accelerator` is what `python -m orca_desk.install --accelerator` would build for.
    """

    kind: LackKind
    device: str = ""  # its name for people
    accelerator: str = ""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class MachineReport:
    """The machine. Sizes are bytes; `memory_is_limited` is set in a container that may use only a part.

    `builds` and `speeds` are empty as long as nothing was asked and measured.
    """

    processor: str
    cores: int
    memory: int
    free_memory: int
    memory_is_limited: bool
    driver: str
    devices: tuple[Device, ...]
    builds: Mapping[str, Build]
    speeds: Mapping[str, Speed]
    lacks: tuple[Lack, ...]


def is_known() -> bool:
    """Return whether everything is stored and still holds, so that `describe_machine` takes milliseconds."""
    found, native = load_found(), native_devices()
    return found.programs_key == _programs_key(native) and found.speeds_key == _speeds_key(found)


def stored_machine() -> MachineReport:
    """Return what is known without asking or measuring, less what the programs said if that is outdated."""
    native, found = native_devices(), load_found()
    return _report(native, found if found.programs_key == _programs_key(native) else StoredFindings())


def describe_machine(
    *,
    ask: bool = False,
    measure: bool = False,
    control: JobControl | None = None,
    on_stage: Callable[[Stage], None] = lambda stage: None,
) -> MachineReport:
    """Return the report; asks the programs and measures where what is stored is outdated, or on request.

    Asking takes seconds, measuring about one more. A stop leaves out the rest.
    """
    control = control or JobControl()
    with _asking:
        native, found = native_devices(), load_found()
        if ask or found.programs_key != _programs_key(native):
            on_stage("programs")
            found = _ask_programs(native, found, control)
        if not control.stopped and (measure or found.speeds_key != _speeds_key(found)):
            on_stage("speed")
            found = _measured(found, control)
        if not control.stopped:
            store_found(found)
        return _report(native, found)


def _report(native: Native, found: StoredFindings) -> MachineReport:
    """Join what the system says now with what the programs said: free memory is that of now."""
    devices = with_free_memory(found.devices or same_devices(native.devices, None, None), native)
    return MachineReport(
        processor=processor_name(),
        cores=usable_cores(),
        memory=total_memory(),
        free_memory=free_memory(),
        memory_is_limited=memory_is_limited(),
        driver=native.driver,
        devices=devices,
        builds=found.builds,
        speeds=found.speeds,
        lacks=tuple(_lacks(native, found, devices)),
    )


def _ask_programs(native: Native, before: StoredFindings, control: JobControl) -> StoredFindings:
    builds: dict[str, Build] = {}
    listed: dict[str, list[Listed] | None] = {}
    for program in PROGRAMS:
        builds[program], listed[program] = _ask_program(program, control)
    devices = same_devices(native.devices, listed["llama"], listed["torch"])
    return replace(before, programs_key=_programs_key(native), devices=devices, builds=builds)


def _ask_program(program: Program, control: JobControl) -> tuple[Build, list[Listed] | None]:
    """Ask a program in a child process, which its native code may crash."""
    answer: list[Message] = []
    try:
        run_worker("machine", {"ask": program, "devices": []}, on_events=answer.extend, control=control)
    except (UserError, WorkerCrashError) as error:
        lines = str(error).strip().splitlines()
        return Build(version=_version(program), made_for="", problem=lines[-1] if lines else "failed"), None
    if not answer:
        return Build(version=_version(program), made_for="", problem="not asked"), None
    return Build(**answer[0]["build"]), [Listed(**one) for one in answer[0]["devices"]]


def _measured(found: StoredFindings, control: JobControl) -> StoredFindings:
    by_name = {one.torch: one.id for one in found.devices if one.torch} | {"cpu": "cpu"}
    speeds: dict[str, Speed] = {}

    def receive(events: list[Message]) -> None:
        for event in events:
            name = by_name[event.pop("device")]
            speeds[name] = Speed(**{key: value for key, value in event.items() if key != "event"})

    names = [name for name in by_name if name != "cpu"]
    with suppress(UserError, WorkerCrashError):  # the CPU's figures are there if a device fails
        run_worker("machine", {"ask": "speed", "devices": names}, on_events=receive, control=control)
    key = _speeds_key(found)
    if not speeds and found.speeds_key == key:  # what was measured before still holds
        return found
    slowed = any(speed.busy >= BUSY for speed in speeds.values())
    return replace(found, speeds=speeds, speeds_key="" if slowed else key)


def _lacks(native: Native, found: StoredFindings, devices: tuple[Device, ...]) -> list[Lack]:
    lacks = [Lack(kind="driver", device=maker) for maker in native.without_driver]
    for program in PROGRAMS:
        build = found.builds.get(program)
        if build is None:
            continue
        if build.problem:
            kind: LackKind = "llama_problem" if program == "llama" else "torch_problem"
            lacks.append(Lack(kind=kind, detail=build.problem))
            continue
        for device in devices:
            if device.called(program) is None:
                kind = "llama_build" if program == "llama" else "torch_build"
                accelerator = _accelerator(device, program)
                lacks.append(
                    Lack(kind=kind, device=device.name, accelerator=accelerator, detail=build.made_for)
                )
        if program == "llama" and not devices and VULKAN not in build.made_for:
            lacks += [_by_vulkan(maker, build) for maker in native.others]
    return lacks


def _by_vulkan(maker: str, build: Build) -> Lack:
    """Return what is lacking where only the bus shows a card, such as one in a processor."""
    name = f"the graphics processor by {maker}"
    return Lack(kind="llama_build", device=name, accelerator="vulkan", detail=build.made_for)


def _accelerator(device: Device, program: Program) -> str:
    """Return what to install `program` for so that it can use `device`; "" if the installer cannot."""
    if device.kind in ("cuda", "metal"):
        return device.kind
    return "vulkan" if program == "llama" else ""


def _programs_key(native: Native) -> str:
    """Name everything that what the programs list depends on: a new build changes the time of its files."""
    parts = [f"{name}={os.environ[name]}" for name in HIDING if name in os.environ]
    parts += [native.driver, *(f"{one.description}@{one.address}" for one in native.devices)]
    parts += [f"{program} {_version(program)} {_changed(program)}" for program in PROGRAMS]
    return "; ".join([platform.platform(), *parts])


def _speeds_key(found: StoredFindings) -> str:
    devices = [f"{one.id} {one.name} {one.torch}" for one in found.devices if one.torch]
    return "; ".join([processor_name(), f"{usable_cores()} cores", f"torch {_version('torch')}", *devices])


@cache
def _version(program: Program) -> str:
    try:
        return version(DISTRIBUTIONS[program])
    except PackageNotFoundError:
        return ""


def _changed(program: Program) -> int:
    """Return when the program's native libraries were written, without importing it; 0 if it is not there."""
    spec = find_spec(MODULES[program])
    folder = Path(spec.origin).parent / "lib" if spec and spec.origin else None
    return folder.stat().st_mtime_ns if folder and folder.is_dir() else 0


def report_data(report: MachineReport) -> dict[str, Any]:
    """Return the report as JSON."""
    return asdict(report)
