"""The graphics processors that the system reports, whether or not llama.cpp or torch can use them.

NVIDIA's library reports its cards, the kernel AMD's; other cards show only on the bus.
"""

import platform
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from orca_desk.machine.devices import Listed

MAKERS = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
_DISPLAYS = "0x03"  # class of the devices on the bus that draw
_ACCELERATORS = ("0x0302", "0x1200")  # without a screen
BUS = Path("/sys/bus/pci/devices")


@dataclass(frozen=True, kw_only=True)
class Native:
    """What the system says: graphics processors, the driver, and the makers of those that only the bus shows.

    `others` have a driver of the kernel's, with which programs may compute by Vulkan.
    """

    devices: tuple[Listed, ...] = ()
    driver: str = ""  # "NVIDIA 580.65"
    without_driver: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def native_devices(bus: Path = BUS) -> Native:
    """Ask the system. Takes milliseconds, more if a card sleeps; never raises."""
    nvidia, driver = _nvidia()
    amd = tuple(_amd(bus))
    found = (*nvidia, *amd, *_apple())
    known = {one.address for one in found}
    seen = [(maker, has_driver) for address, maker, has_driver in _on_bus(bus) if address not in known]
    return Native(
        devices=found,
        driver=driver,
        without_driver=tuple(sorted({maker for maker, has_driver in seen if not has_driver})),
        others=tuple(sorted({maker for maker, has_driver in seen if has_driver})),
    )


def _nvidia() -> tuple[tuple[Listed, ...], str]:
    """Return NVIDIA's cards and the driver, both empty without one."""
    import pynvml  # not at start: it is asked in the background

    found: list[Listed] = []
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return (), ""
    try:
        driver = f"NVIDIA {_text(pynvml.nvmlSystemGetDriverVersion())}"
        for number in range(pynvml.nvmlDeviceGetCount()):
            with suppress(pynvml.NVMLError):
                found.append(_nvidia_card(pynvml.nvmlDeviceGetHandleByIndex(number), number))
    except pynvml.NVMLError:
        driver = "NVIDIA"
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()
    return tuple(found), driver


def _nvidia_card(handle: object, number: int) -> Listed:
    import pynvml

    total = free = 0
    with suppress(pynvml.NVMLError):  # not reported where the memory is the computer's own, as on a Jetson
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        total, free = int(memory.total), int(memory.free)
    address = ""
    with suppress(pynvml.NVMLError):
        bus = _text(pynvml.nvmlDeviceGetPciInfo(handle).busId).lower()
        address = bus[-12:]  # its domain has eight digits, elsewhere four
    return Listed(
        name=f"cuda:{number}",
        description=_text(pynvml.nvmlDeviceGetName(handle)),
        kind="cuda",
        total=total,
        free=free,
        address=address,
        shared=not total,
    )


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _amd(bus: Path) -> Iterator[Listed]:
    """Yield AMD's cards that the kernel's driver runs; a name is in sysfs on newer ones alone."""
    number = 0
    for folder in _folders(bus):
        total = _number(folder / "mem_info_vram_total")
        if _word(folder / "vendor") == "0x1002" and total:
            name = _word(folder / "product_name") or f"AMD GPU {_word(folder / 'device')}"
            yield Listed(
                name=f"rocm:{number}",
                description=name,
                kind="rocm",
                total=total,
                free=max(0, total - _number(folder / "mem_info_vram_used")),
                address=folder.name,
            )
            number += 1


def _apple() -> tuple[Listed, ...]:
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return (Listed(name="metal:0", description="Apple GPU", kind="metal", shared=True),)
    return ()


def _on_bus(bus: Path) -> Iterator[tuple[str, str, bool]]:
    """Yield address, maker, and whether a driver runs it, of each graphics processor of a known maker."""
    for folder in _folders(bus):
        kind, maker = _word(folder / "class"), MAKERS.get(_word(folder / "vendor"))
        if maker and (kind.startswith(_DISPLAYS) or kind.startswith(_ACCELERATORS)):
            yield folder.name, maker, (folder / "driver").exists()


def _folders(bus: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(bus.iterdir())
    return []


def _word(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(errors="replace").strip()
    return ""


def _number(path: Path) -> int:
    text = _word(path)
    return int(text) if text.isdigit() else 0
