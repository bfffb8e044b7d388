"""The devices, other than the CPU, that this build of torch can use."""

import torch

from orca_desk.machine.devices import Kind, Listed


def listed_devices() -> tuple[Listed, ...]:
    """Return CUDA's devices (ROCm's too, which torch calls the same), or Apple's GPU; with free memory."""
    if torch.cuda.is_available():
        return tuple(_cuda(number) for number in range(torch.cuda.device_count()))
    if torch.backends.mps.is_available():
        return (_apple(),)
    return ()


def _cuda(number: int) -> Listed:
    known = torch.cuda.get_device_properties(number)
    kind: Kind = "rocm" if torch.version.hip else "cuda"
    return Listed(
        name=f"cuda:{number}",
        description=str(known.name),
        kind=kind,
        total=int(known.total_memory),
        free=_free(number),
        address=_address(known),
        shared=bool(getattr(known, "is_integrated", False)),
    )


def _free(number: int) -> int:
    """Return the free memory; 0 where so little is left that even asking fails, which takes some itself."""
    try:
        return int(torch.cuda.mem_get_info(number)[0])
    except RuntimeError:
        return 0


def _address(known: object) -> str:
    """Return the address on the PCI bus, which not every version of torch tells."""
    parts = [getattr(known, f"pci_{part}_id", None) for part in ("domain", "bus", "device")]
    numbers = [part for part in parts if isinstance(part, int)]
    return "{:04x}:{:02x}:{:02x}.0".format(*numbers) if len(numbers) == len(parts) else ""


def _apple() -> Listed:
    """Describe Apple's GPU: what Metal recommends to take of the shared memory counts as its own."""
    total = int(torch.mps.recommended_max_memory())
    return Listed(
        name="mps",
        description="Apple GPU",
        kind="metal",
        total=total,
        free=max(0, total - int(torch.mps.driver_allocated_memory())),
        shared=True,
    )
