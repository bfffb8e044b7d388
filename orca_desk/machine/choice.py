"""What the user chose for all jobs: the device, and how llama.cpp stores keys and values.

The host hands both to each worker as environment variables; a command's `--device` sets the variable in its
own process, and so does a script. Without them the user's settings count.
"""

import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress

from orca_desk.errors import UserError
from orca_desk.files import atomic_write
from orca_desk.machine.devices import AUTO, CPU, Program, known_names
from orca_desk.machine.stored import stored_devices
from orca_desk.paths import user_settings

DEVICE_VARIABLE = "ORCA_DESK_DEVICE"
CACHE_VARIABLE = "ORCA_DESK_CACHE"
# MiB of each device's memory that a model of llama.cpp may take at most, or its share of what is free ("50%")
MEMORY_VARIABLE = "ORCA_DESK_DEVICE_MEMORY"
FILE = "device.json"
CACHES = (AUTO, "f16", "q8_0")  # for keys and values
_KINDS = "cuda|rocm|metal|vulkan|sycl|other"
_NAME = re.compile(rf"auto|cpu|(?:{_KINDS}):\d{{1,3}}")
REMEDY = "`orca-desk machine` lists the devices; choose one with --device, or in Settings."


def chosen_device() -> str:
    """Return "auto", "cpu" or a device's id: of this process, or else of the user's settings.

    Raises UserError for a variable that names no device.
    """
    if given := os.environ.get(DEVICE_VARIABLE, "").strip():
        return device_name(given, f"${DEVICE_VARIABLE}")
    return stored_device()


def chosen_cache() -> str:
    """Return how keys and values are stored: "auto", "f16" or "q8_0".

    Raises UserError for a variable that says something else.
    """
    given = os.environ.get(CACHE_VARIABLE, "").strip().lower()
    if given and given not in CACHES:
        raise UserError(f"${CACHE_VARIABLE} is {given!r}.", f"Set it to one of {', '.join(CACHES)}.")
    return given or stored_cache()


def choice_environment() -> dict[str, str]:
    """Return the variables that hand both choices to a worker. Raises UserError as above."""
    return {DEVICE_VARIABLE: chosen_device(), CACHE_VARIABLE: chosen_cache()}


def stored_device() -> str:
    """Return what the user's settings say: "auto" where they say nothing that can be read."""
    found = _stored().get("device", "")
    return found if _NAME.fullmatch(found) else AUTO


def stored_cache() -> str:
    """Return what the user's settings say of keys and values; "auto" as above."""
    found = _stored().get("cache", "")
    return found if found in CACHES else AUTO


def store_choice(*, device: str | None = None, cache: str | None = None) -> None:
    """Store what is given, for all jobs that start from now on. Raises OSError."""
    stored = _stored()
    if device is not None:
        stored["device"] = device_name(device, "The device")
    if cache is not None:
        stored["cache"] = cache
    atomic_write(user_settings() / FILE, json.dumps(stored) + "\n")


def device_name(text: str, where: str) -> str:
    """Return a device's name as it is written everywhere. Raises UserError, which says `where` it stands."""
    name = text.strip().lower()
    name = f"{name}:0" if re.fullmatch(_KINDS, name) else name
    if not _NAME.fullmatch(name):
        raise UserError(
            f"{where} is {text!r}, which is not the name of a device.",
            f"Use auto, cpu, or a device such as cuda:0. {REMEDY}",
        )
    return name


def wanted_devices(program: Program, listed: Sequence[str]) -> tuple[str, ...]:
    """Return the devices to use in this process, by their names in `program`; none means the CPU.

    `listed` are those that `program` can use now, its best first: "auto" takes all of them, of which the
    program may use the first alone. A chosen device that this machine has, but not for this build of
    `program`, leaves the CPU: the report of the machine says so, with the remedy. Raises UserError for a
    device that is missing.
    """
    device = chosen_device()
    if device == CPU:
        return ()
    if device == AUTO:
        return tuple(listed)
    known = next((one for one in stored_devices() if one.id == device), None)
    told = known.called(program) if known else None
    names = (told,) if told else known_names(device, program)
    if found := next((name for name in names if name in listed), None):
        return (found,)
    if known and told is None:
        return ()
    name = "llama.cpp" if program == "llama" else "torch"
    there = f"{name} finds {', '.join(listed) or 'no device besides the CPU'}"
    raise UserError(
        f"The chosen device, {device}{f' ({known.name})' if known else ''}, is not available: {there}.",
        f"Connect it, or choose another. {REMEDY}",
    )


def _stored() -> dict[str, str]:
    """Return the file's content; nothing where it is missing or damaged."""
    with suppress(OSError, ValueError):
        data = json.loads((user_settings() / FILE).read_text(encoding="utf-8"))
        if isinstance(data, dict):
            return {str(key): value for key, value in data.items() if isinstance(value, str)}
    return {}
