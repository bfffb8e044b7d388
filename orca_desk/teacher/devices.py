"""The devices, other than the CPU, that this build of llama.cpp can use: its own list."""

import ctypes
from ctypes import byref, c_bool, c_char_p, c_int, c_size_t, c_void_p

from orca_desk.machine.devices import Listed, llama_kind
from orca_desk.teacher.native import library

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
