"""The devices that models can run on, under one name each.

A device is "cpu", or its kind and number, such as "cuda:0"; "auto" stands for whatever fits best. llama.cpp
and torch have names of their own for it, and not every build of them can use it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

AUTO, CPU = "auto", "cpu"
Kind = Literal["cpu", "cuda", "rocm", "metal", "vulkan", "sycl", "other"]
Program = Literal["llama", "torch"]


@dataclass(frozen=True, kw_only=True)
class Device:
    """A device of this machine. `total` and `free` are bytes of its memory, 0 where unknown.

    `llama` and `torch` are its names there; None where the installed build cannot use it. `address` is that
    on the PCI bus ("0000:01:00.0"), where it has one. `shared` is set where its memory is the machine's own.
    """

    id: str
    name: str
    kind: Kind
    total: int = 0
    free: int = 0
    llama: str | None = None
    torch: str | None = None
    address: str = ""
    shared: bool = False

    def called(self, program: Program) -> str | None:
        """Return its name in `program`, or None."""
        return self.llama if program == "llama" else self.torch


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A device other than the CPU, as one program lists it; see `Device` for the fields."""

    name: str
    description: str
    kind: Kind
    total: int = 0
    free: int = 0
    address: str = ""
    shared: bool = False


# What llama.cpp's backends call their devices, before the number
LLAMA_KINDS: dict[str, Kind] = {
    "CUDA": "cuda", "ROCm": "rocm", "MTL": "metal", "Metal": "metal", "Vulkan": "vulkan", "SYCL": "sycl",
}  # fmt: skip


def llama_kind(name: str) -> Kind:
    """Return the kind of the device that llama.cpp calls `name`, such as "CUDA0"."""
    return LLAMA_KINDS.get(name.rstrip("0123456789"), "other")


def known_names(device: str, program: Program) -> tuple[str, ...]:
    """Return what `program` may call `device` ("cuda:1") where nothing is known but this name."""
    kind, _, number = device.partition(":")
    if program == "llama":
        return tuple(f"{prefix}{number or 0}" for prefix, one in LLAMA_KINDS.items() if one == kind)
    if kind in ("cuda", "rocm"):
        return (f"cuda:{number or 0}",)
    return ("mps",) if kind == "metal" else ()


def same_devices(
    native: Sequence[Listed], llama: Sequence[Listed] | None, torch: Sequence[Listed] | None
) -> tuple[Device, ...]:
    """Return one device for what the driver, llama.cpp and torch list, each under names of its own.

    Devices are the same if their addresses are, or else, where one of them has none, if their names are and
    they come in the same order. The driver's name comes first, then torch's.
    """
    found: list[Device] = []
    for program, listed in (("", native), ("torch", torch or ()), ("llama", llama or ())):
        taken: set[int] = set()
        for one in listed:
            place = next((i for i, other in enumerate(found) if i not in taken and _same(one, other)), None)
            if place is None:
                place = len(found)
                found.append(_new(one, found))
            taken.add(place)
            found[place] = _joined(found[place], one, program)
    return tuple(found)


def _same(one: Listed, other: Device) -> bool:
    if one.address and other.address:
        return one.address == other.address
    if one.kind == other.kind == "metal":
        return True
    return _bare(one.description) == _bare(other.name)


def _bare(name: str) -> str:
    """Return a device's name without what only some lists add: "(RADV NAVI31)", "NVIDIA"."""
    return name.partition("(")[0].lower().removeprefix("nvidia").strip()


def _new(one: Listed, others: Sequence[Device]) -> Device:
    number = sum(other.kind == one.kind for other in others)
    return Device(id=f"{one.kind}:{number}", name=one.description, kind=one.kind, address=one.address)


def _joined(device: Device, one: Listed, program: str) -> Device:
    return Device(
        id=device.id,
        name=device.name,
        kind=device.kind,
        total=device.total or one.total,
        free=device.free or one.free,
        llama=one.name if program == "llama" else device.llama,
        torch=one.name if program == "torch" else device.torch,
        address=device.address or one.address,
        shared=device.shared or one.shared,
    )
