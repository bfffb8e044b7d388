"""The devices, other than the CPU, that this build of llama.cpp can use: its own list."""

import ctypes
import math
import os
from collections.abc import Sequence
from ctypes import byref, c_bool, c_char_p, c_int, c_size_t, c_void_p
from dataclasses import replace
from typing import Any

from orca_desk.errors import UserError
from orca_desk.machine import free_memory
from orca_desk.machine.choice import MEMORY_VARIABLE, chosen_device, wanted_devices
from orca_desk.machine.devices import AUTO, Listed, llama_kind
from orca_desk.teacher.native import library

NO_LIMIT = 2**63
GPU, INTEGRATED = 1, 2  # of ggml_backend_dev_type; others are CPUs, and accelerators beside them such as BLAS


class _Properties(ctypes.Structure):
    """`ggml_backend_dev_props`: its last part, flags, is larger in some versions than in others."""

    _fields_ = (
        ("name", c_char_p),
        ("description", c_char_p),
        ("free", c_size_t),
        ("total", c_size_t),
        ("type", c_int),
        ("address", c_char_p),
        ("flags", c_bool * 64),
    )


def listed_devices() -> tuple[Listed, ...]:
    """Return the graphics processors in llama.cpp's order, with the memory that is free now."""
    ggml = library()._lib  # has its dependencies' symbols too
    ggml.ggml_backend_dev_count.restype = c_size_t
    ggml.ggml_backend_dev_get.argtypes, ggml.ggml_backend_dev_get.restype = [c_size_t], c_void_p
    ggml.ggml_backend_dev_get_props.argtypes = [c_void_p, ctypes.POINTER(_Properties)]
    ggml.ggml_backend_dev_get_props.restype = None
    found = []
    for number in range(ggml.ggml_backend_dev_count()):
        properties = _Properties()
        ggml.ggml_backend_dev_get_props(ggml.ggml_backend_dev_get(number), byref(properties))
        if properties.type in (GPU, INTEGRATED):
            found.append(_listed(properties))
    return tuple(found)


def usable_devices() -> tuple[Listed, ...]:
    """Return the devices to run a model on, as the user chose; none means the CPU.

    Raises UserError for a device that is not there, and for a limit of memory that is not a number.
    """
    listed = listed_devices()
    offered = best_of(listed) if chosen_device() == AUTO else listed
    names = wanted_devices("llama", [one.name for one in offered])
    limit, share = _limit()
    return tuple(
        replace(one, free=min(int((one.free if one.total else free_memory()) * share), limit))
        for name in names
        for one in offered
        if one.name == name
    )


def best_of(listed: Sequence[Listed]) -> tuple[Listed, ...]:
    """Return the devices that one model is divided over: those of one backend, not listed twice.

    A processor's own graphics count only where there are no others.
    """
    own = [one for one in listed if not one.shared] or list(listed)
    return tuple(one for one in own if one.kind == own[0].kind)


def device_handle(name: str) -> int:
    """Return llama.cpp's pointer to one of the listed devices."""
    ggml: Any = library()._lib
    ggml.ggml_backend_dev_by_name.argtypes, ggml.ggml_backend_dev_by_name.restype = [c_char_p], c_void_p
    return int(ggml.ggml_backend_dev_by_name(name.encode()))


def _limit() -> tuple[int, float]:
    """Return the most bytes of a device, and the share of its free ones, that a model may take."""
    text = os.environ.get(MEMORY_VARIABLE, "").strip() or "100%"
    try:
        number = float(text.removesuffix("%"))
        if not 0 <= number < math.inf:
            raise ValueError
    except ValueError:
        raise UserError(
            f"${MEMORY_VARIABLE} is {text!r}, which is not an amount.",
            "Set it to MiB, such as 6144, or to a share of what is free, such as 50%.",
        ) from None
    return (NO_LIMIT, min(1.0, number / 100)) if text.endswith("%") else (int(number * 2**20), 1.0)


def _listed(properties: _Properties) -> Listed:
    name = _text(properties.name)
    return Listed(
        name=name,
        description=_text(properties.description) or name,
        kind=llama_kind(name),
        total=properties.total,
        free=properties.free,
        address=_text(properties.address) if llama_kind(name) != "metal" else "",
        shared=properties.type == INTEGRATED or llama_kind(name) == "metal",
    )


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace").strip()
