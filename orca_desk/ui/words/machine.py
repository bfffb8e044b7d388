"""The machine in words, for Settings, the command and the self-test; free of Qt."""

import sys
from dataclasses import dataclass

from orca_desk.accelerators import ACCELERATORS, INSTALL_COMMAND
from orca_desk.counting import counted
from orca_desk.inventory.machine import Lack, LackKind, MachineReport
from orca_desk.machine.devices import AUTO, CPU, Device
from orca_desk.machine.stored import BUSY, Build, Speed
from orca_desk.models.fits import human_bytes

FORMATS = {"float32": "float32", "bfloat16": "bfloat16", "float16": "float16"}
PROGRAMS = {"llama": "llama.cpp", "torch": "PyTorch"}
USES = {"llama": "teaching, evaluation, chat and serving", "torch": "training"}
STAGES = {"programs": "Asking llama.cpp and PyTorch", "speed": "Measuring"}
CACHE_TITLES = {"auto": "Automatic", "f16": "16 bits", "q8_0": "8 bits"}
NO_DEVICE = "none found: models run on the processor"
NONE_YET = "none found yet: llama.cpp and PyTorch were not asked"
NOT_ASKED = (
    "Not known yet: llama.cpp and PyTorch were not asked for their devices. A job that starts asks them."
)
PACKAGED = "This packaged app has only the builds for processors. Install Orca Desk from source, with:"


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What a program cannot use, and the command that changes it ("" where none does)."""

    problem: str
    remedy: str = ""
    command: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.problem, self.remedy, self.command) if part)


def machine_rows(report: MachineReport) -> list[tuple[str, str]]:
    """Return the table of the machine: a name and what there is to say, row by row."""
    rows = [("Processor", _processor(report)), ("Memory", _memory(report))]
    rows += [("Graphics", _graphics(report, one)) for one in report.devices]
    if not report.devices:
        rows.append(("Graphics", NO_DEVICE if report.builds else NONE_YET))
    if report.driver:
        rows.append(("Driver", report.driver))
    rows += [(title, _build(report.builds.get(name))) for name, title in PROGRAMS.items()]
    return rows


def machine_lines(report: MachineReport) -> list[tuple[str, str]]:
    """Return the table with what should be known beside it."""
    lines = [*machine_rows(report), *(("Note", str(advice(one))) for one in report.lacks)]
    note = busy_note(report)
    return [*lines, ("Note", note)] if note else lines


def device_text(device: Device, speed: Speed | None = None, *, asked: bool = True) -> str:
    """Return a device in one line: its name and id, memory, speed, and what it is used for, once `asked`."""
    parts = [f"{device.name} ({device.id})"]
    if device.total:
        shared = " shared with programs" if device.shared else ""
        parts.append(f"{human_bytes(device.free)} of {human_bytes(device.total)} free{shared}")
    if speed and (text := speed_text(speed)):
        parts.append(text)
    uses = [USES[name] for name in PROGRAMS if device.called("llama" if name == "llama" else "torch")]
    if asked:
        parts.append(f"used for {' and for '.join(uses)}" if uses else "not used by any installed program")
    return "; ".join(parts)


def speed_text(speed: Speed) -> str:
    """Return measured speeds: "77 GFLOPS in float32, 195 in bfloat16; memory 9.3 GB/s"."""
    found = [(title, speed.products[name]) for name, title in FORMATS.items() if name in speed.products]
    parts = []
    if found:
        unit, scale = ("TFLOPS", 1e12) if max(value for _, value in found) >= 1e12 else ("GFLOPS", 1e9)
        first, *rest = (f"{_short(value / scale)}{{}} in {title}" for title, value in found)
        parts.append(", ".join([first.format(f" {unit}"), *(one.format("") for one in rest)]))
    if speed.bandwidth:
        parts.append(f"memory {_short(speed.bandwidth / 1e9)} GB/s")
    return "; ".join(parts)


def busy_note(report: MachineReport) -> str:
    """Return why the measured speeds may be too low, or ""."""
    speed = report.speeds.get(CPU)
    if speed is None or speed.busy < BUSY:
        return ""
    return (
        f"Other programs took {speed.busy:.0%} of the processor during the measurement, so the speeds may be"
        " too low. Measure again while the machine is idle."
    )


def advice(lack: Lack) -> Advice:
    """Return what a program cannot use, with the remedy."""
    match lack.kind:
        case "driver":
            return Advice(
                problem=f"The {lack.device} graphics processor has no driver, so nothing can use it.",
                remedy=f"Install {lack.device}'s driver and restart the computer.",
            )
        case "llama_problem" | "torch_problem":
            return Advice(
                problem=f"{_program(lack.kind)} cannot list its devices: {lack.detail}.",
                remedy="Run the installation again:",
                command="python -m orca_desk.install",
            )
    return _build_advice(lack)


def _build_advice(lack: Lack) -> Advice:
    program, use = _program(lack.kind), USES["llama" if lack.kind == "llama_build" else "torch"]
    problem = (
        f"{program} was built for {lack.detail} only and cannot use {lack.device}:"
        f" {use} {'run' if lack.kind == 'llama_build' else 'runs'} without it."
    )
    if not lack.accelerator:
        return Advice(problem=problem, remedy="Orca Desk's installation has no build of it for this device.")
    command = f"{INSTALL_COMMAND} {lack.accelerator}"
    if getattr(sys, "frozen", False):
        return Advice(problem=problem, remedy=PACKAGED, command=command)
    build = next(one for name, one in ACCELERATORS.items() if name == lack.accelerator)
    if lack.kind == "torch_build" and build.torch:
        takes = f"a download of {build.torch}; URL is the index of such builds that PyTorch's page names"
        command += " --torch-index URL"
    else:
        takes = f"takes {build.minutes} minutes and needs {build.needs}"
    return Advice(problem=problem, remedy=f"This changes it ({takes}):", command=command)


def choice_title(device: str, devices: tuple[Device, ...], *, asked: bool = True) -> str:
    """Return what the choice of a device is called: "Automatic", "Processor (CPU)", the card's name."""
    if device == AUTO:
        return "Automatic"
    if device == CPU:
        return "Processor (CPU)"
    known = next((one for one in devices if one.id == device), None)
    if known:
        return f"{known.name} ({device})"
    return f"{device} (not available)" if asked else device


def choice_text(device: str, devices: tuple[Device, ...], *, asked: bool = True) -> str:
    """Return what the choice means for every job, in a sentence, as far as the programs were `asked`."""
    if device == CPU:
        return "Models run on the processor, whatever other devices there are."
    if not asked:
        return NOT_ASKED
    chosen = [one for one in devices if device in (AUTO, one.id)]
    if device != AUTO and not chosen:
        return f"{device} is not available: jobs stop with an error until you connect it or choose another."
    llama = [one.name for one in chosen if one.llama]
    torch = [one.name for one in chosen if one.torch][:1]
    where = [" and ".join(names) or "the processor" for names in (llama, torch)]
    if where[0] == where[1]:
        return f"Models run on {where[0]}."
    return f"Teaching, evaluation, chat and serving run on {where[0]}; training on {where[1]}."


def _program(kind: LackKind) -> str:
    return PROGRAMS["llama" if kind.startswith("llama") else "torch"]


def _graphics(report: MachineReport, device: Device) -> str:
    return device_text(device, report.speeds.get(device.id), asked=bool(report.builds))


def _processor(report: MachineReport) -> str:
    parts = [f"{report.processor}, {counted(report.cores, 'core')}"]
    speed = report.speeds.get(CPU)
    parts.append(speed_text(Speed(products=speed.products)) if speed else "speed not measured yet")
    return "; ".join(part for part in parts if part)


def _memory(report: MachineReport) -> str:
    text = f"{human_bytes(report.free_memory)} of {human_bytes(report.memory)} free"
    if report.memory_is_limited:
        text += " (the limit of this container)"
    speed = report.speeds.get(CPU)
    return f"{text}; {_short(speed.bandwidth / 1e9)} GB/s" if speed and speed.bandwidth else text


def _build(build: Build | None) -> str:
    if build is None:
        return "not asked yet"
    version = build.version or "not installed"
    if build.problem:
        return version if not build.version else f"{version}; cannot be asked: {build.problem}"
    return f"{version}, built for {build.made_for}"


def _short(value: float) -> str:
    """Return a positive number with two or three digits that count."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
