"""The device that a training runs on, and the number format in which it multiplies fastest there."""

import os
from dataclasses import dataclass

import torch

from orca_desk.errors import UserError
from orca_desk.machine.choice import chosen_device, wanted_devices
from orca_desk.machine.devices import AUTO, Listed
from orca_desk.models.model_file import ModelFile
from orca_desk.student.accelerator.race import shortest
from orca_desk.student.devices import listed_devices
from orca_desk.student.settings import Dtype, TrainSettings

CPU = "cpu"
# Without it cuBLAS may sum in another order each time. It is read at the first product.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
ROWS = 2048  # of the timed matrices
WORTHWHILE = 1.3  # how much faster 16 bits must be to justify their lower precision
WORTH_HALVING = 50_000_000  # parameters; smaller products gain little, and fit anywhere in float32
HALVES: tuple[Dtype, ...] = ("bfloat16", "float16")  # the first has the range of float32


@dataclass(frozen=True, kw_only=True)
class ChosenDevice:
    """A device as torch names it ("cpu", "cuda:0", "mps"), its title, and why it is not the one wished."""

    name: str
    title: str
    note: str = ""

    @property
    def torch(self) -> torch.device:
        """The device in torch."""
        return torch.device(self.name)


def choose_device() -> ChosenDevice:
    """Return the device that the user chose; automatically the one with most free memory.

    Raises UserError for a chosen device that is not there, or that fails at a first product.
    """
    listed = {one.name: one for one in sorted(listed_devices(), key=lambda one: -one.free)}
    wanted = wanted_devices("torch", tuple(listed))
    if not wanted:
        return ChosenDevice(name=CPU, title="CPU")
    device = _described(listed[wanted[0]])
    return device_that_works(device, "at a first product")


def device_that_works(device: ChosenDevice, when: str) -> ChosenDevice:
    """Return the device if it still multiplies, else the CPU; `when` says what it was asked to do before.

    Raises UserError where the user chose the device.
    """
    if (reason := _failure(device.torch)) is None:
        return device
    if chosen_device() != AUTO:
        raise UserError(
            f"{device.title} fails {when}: {reason}.",
            "Choose another device, or install a torch that supports it: python -m orca_desk.install.",
        )
    return ChosenDevice(
        name=CPU,
        title="CPU",
        note=f"{device.title} fails {when} ({reason}), so the training uses the CPU.",
    )


def same_device(name: str) -> ChosenDevice:
    """Return the device on which a training began. Raises UserError when torch no longer has it."""
    if name == CPU:
        return ChosenDevice(name=CPU, title="CPU")
    listed = {one.name: one for one in listed_devices()}
    if name not in listed:
        there = ", ".join(listed) or "no device besides the CPU"
        raise UserError(
            f"This training began on the device {name}, which torch no longer finds (it finds {there}).",
            "Connect it or repair its driver to resume; or start a new training: another seed makes one.",
        )
    return _described(listed[name])


def enter(device: torch.device) -> None:
    """Make a device the process's own: kernels from elsewhere, and its random generator, go by that."""
    if device.type == "cuda":
        torch.cuda.set_device(device)


def free_bytes(device: torch.device) -> int:
    """Return the free memory of a device that is not the CPU."""
    return next((one.free for one in listed_devices() if torch.device(one.name) == device), 0)


def choose_device_dtype(base: ModelFile, settings: TrainSettings, device: torch.device) -> Dtype:
    """Return the number format for the base: as set, or what the device multiplies clearly faster.

    bfloat16 before float16, whose narrow range needs its loss scaled (`scaling`).
    """
    if settings.dtype != "auto":
        return settings.dtype
    if base.parameters < WORTH_HALVING:
        return "float32"
    single = _seconds(base, torch.float32, device)
    for name in HALVES:
        if _computes(getattr(torch, name), device):
            half = _seconds(base, getattr(torch, name), device)
            if single > WORTHWHILE * half:
                return name
    return "float32"


def _described(one: Listed) -> ChosenDevice:
    return ChosenDevice(name=one.name, title=one.description)


def _failure(device: torch.device) -> str | None:
    """Return why a small product fails there: some builds of torch list devices that they cannot use."""
    try:
        product = torch.ones(64, 64, device=device) @ torch.ones(64, 64, device=device)
        if not bool((product.cpu() == 64.0).all()):
            return "it computes something else"
    except Exception as error:  # whatever torch, a driver or a compiler raises
        return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return None


def _computes(dtype: torch.dtype, device: torch.device) -> bool:
    """Return whether the device has the format itself, and computes a product in it correctly."""
    emulated = device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False)
    if dtype == torch.bfloat16 and emulated:
        return False
    try:
        ones = torch.ones(64, 64, dtype=dtype, device=device)
        return bool(((ones @ ones).float().cpu() == 64.0).all())
    except (RuntimeError, TypeError):
        return False


def _seconds(base: ModelFile, dtype: torch.dtype, device: torch.device) -> float:
    """Return the shortest time of multiplying [rows, width] by [width, ffn]."""
    left = torch.ones(ROWS, base.width, dtype=dtype, device=device)
    right = torch.ones(base.width, base.ffn, dtype=dtype, device=device)
    return shortest(lambda: left @ right, device)
