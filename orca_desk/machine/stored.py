"""What was last found out about this machine, in the folder of the user's settings.

Asking torch and llama.cpp takes seconds and measuring one more, so `orca_desk.inventory.machine` does it
once, until something changes that the answers depend on.
"""

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from orca_desk.files import atomic_write
from orca_desk.machine.devices import Device
from orca_desk.paths import user_settings

FILE = "machine.json"
# Share of the processor: with more, other programs disturbed a measurement, and the next look repeats it
BUSY = 0.3


@dataclass(frozen=True, kw_only=True)
class Build:
    """An installed llama.cpp or torch: its version, and what it was built for ("cpu", "cuda 12.8", ...).

    `problem` says why it could not be asked, or "".
    """

    version: str = ""
    made_for: str = "cpu"
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Speed:
    """What was measured on a device: matrix products in operations per second, memory in bytes per second.

    `products` has a figure per number format ("float32", "bfloat16", "float16") that the device computes in.
    `busy` is the share of the processor that other programs took just before: the figures may suffer from it.
    """

    products: Mapping[str, float] = field(default_factory=dict)
    bandwidth: float = 0.0
    busy: float = 0.0


@dataclass(frozen=True, kw_only=True)
class StoredFindings:
    """What the programs and a measurement said. The keys name what each depends on."""

    programs_key: str = ""
    devices: tuple[Device, ...] = ()
    builds: Mapping[str, Build] = field(default_factory=dict)  # of "llama" and "torch"
    speeds_key: str = ""
    speeds: Mapping[str, Speed] = field(default_factory=dict)  # of "cpu" and the devices that torch can use


def stored_path() -> Path:
    """Return the path of the file."""
    return user_settings() / FILE


def load_found() -> StoredFindings:
    """Return what is stored; nothing is known where the file is missing, damaged or of another version."""
    with suppress(OSError, ValueError, TypeError, AttributeError, KeyError):
        data = json.loads(stored_path().read_text(encoding="utf-8"))
        return StoredFindings(
            programs_key=str(data["programs_key"]),
            devices=tuple(_device(one) for one in data["devices"]),
            builds={name: _build(one) for name, one in data["builds"].items()},
            speeds_key=str(data["speeds_key"]),
            speeds={name: _speed(one) for name, one in data["speeds"].items()},
        )
    return StoredFindings()


def store_found(found: StoredFindings) -> None:
    """Store `found`; it is worked out again where the disk refuses it."""
    data: dict[str, Any] = asdict(found)
    with suppress(OSError):
        atomic_write(stored_path(), json.dumps(data, indent=1) + "\n")


def _device(data: Mapping[str, Any]) -> Device:
    """Return a device. Raises ValueError or TypeError for what is none."""
    found = Device(**data)
    names = (found.id, found.name, found.kind, found.address)
    _require(
        all(isinstance(one, str) for one in names)
        and all(one is None or isinstance(one, str) for one in (found.llama, found.torch))
        and all(isinstance(one, int) and one >= 0 for one in (found.total, found.free))
    )
    return found


def _build(data: Mapping[str, Any]) -> Build:
    """Return a build. Raises ValueError or TypeError for what is none."""
    found = Build(**data)
    _require(all(isinstance(one, str) for one in (found.version, found.made_for, found.problem)))
    return found


def _speed(data: Mapping[str, Any]) -> Speed:
    """Return a speed. Raises ValueError, TypeError or AttributeError for what is none."""
    found = Speed(**data)
    measured = list(found.products.values())
    _require(all(0 <= one < math.inf for one in (*measured, found.bandwidth, found.busy)))
    _require(all(measured))
    return found


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError


def stored_devices() -> tuple[Device, ...]:
    """Return the devices that were there when the programs were last asked."""
    return load_found().devices
