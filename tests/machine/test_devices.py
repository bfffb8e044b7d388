"""One device is found once, whichever programs list it."""

import pytest

from orca_desk.machine.devices import Listed, known_names, llama_kind, same_devices

RTX = "NVIDIA GeForce RTX 3060"


def listed(name: str, description: str, **rest: object) -> Listed:
    kind = {"c": "cuda", "m": "metal"}.get(name[0], llama_kind(name))
    return Listed(name=name, description=description, **({"kind": kind} | rest))  # type: ignore[arg-type]


def test_a_card_that_llama_cpp_reaches_by_vulkan_is_the_one_that_torch_calls_cuda() -> None:
    [device] = same_devices(
        [listed("cuda:0", RTX, total=12, free=11)],
        [listed("Vulkan0", RTX, total=10, free=9)],
        [listed("cuda:0", RTX, total=12)],
    )
    assert (device.id, device.llama, device.torch) == ("cuda:0", "Vulkan0", "cuda:0")
    assert (device.total, device.free) == (12, 11)


def test_equal_cards_are_told_apart_by_their_addresses() -> None:
    first, second = same_devices(
        [listed("cuda:0", RTX, address="0000:01:00.0"), listed("cuda:1", RTX, address="0000:02:00.0")],
        [
            listed("CUDA0", RTX, kind="cuda", address="0000:02:00.0"),
            listed("CUDA1", RTX, kind="cuda", address="0000:01:00.0"),
        ],
        None,
    )
    assert (first.id, first.llama) == ("cuda:0", "CUDA1")
    assert (second.id, second.llama) == ("cuda:1", "CUDA0")


def test_equal_cards_without_addresses_are_told_apart_by_their_order() -> None:
    devices = same_devices(
        [],
        [listed("Vulkan0", RTX), listed("Vulkan1", RTX)],
        [listed("cuda:0", RTX), listed("cuda:1", RTX)],
    )
    assert [(one.id, one.llama, one.torch) for one in devices] == [
        ("cuda:0", "Vulkan0", "cuda:0"),
        ("cuda:1", "Vulkan1", "cuda:1"),
    ]


def test_apples_gpu_is_one_device() -> None:
    [device] = same_devices(
        [],
        [listed("MTL0", "Apple M3 Max", total=2)],
        [listed("mps", "Apple GPU", total=1, shared=True)],
    )
    assert (device.id, device.llama, device.torch, device.shared) == ("metal:0", "MTL0", "mps", True)


def test_different_cards_get_numbers_of_their_kind() -> None:
    devices = same_devices(
        [],
        [listed("Vulkan0", "AMD Radeon RX 7900 XTX (RADV NAVI31)"), listed("Vulkan1", "Intel Arc")],
        [listed("cuda:0", "AMD Radeon RX 7900 XTX", kind="rocm")],
    )
    assert [(one.id, one.llama, one.torch) for one in devices] == [
        ("rocm:0", "Vulkan0", "cuda:0"),
        ("vulkan:0", "Vulkan1", None),
    ]


@pytest.mark.parametrize(
    ("device", "program", "names"),
    [
        ("cuda:1", "llama", ("CUDA1",)),
        ("cuda:1", "torch", ("cuda:1",)),
        ("rocm:0", "torch", ("cuda:0",)),
        ("metal:0", "llama", ("MTL0", "Metal0")),
        ("metal:0", "torch", ("mps",)),
        ("vulkan:2", "llama", ("Vulkan2",)),
        ("vulkan:2", "torch", ()),
    ],
)
def test_a_device_that_nobody_has_listed_has_its_usual_names(
    device: str, program: str, names: tuple[str, ...]
) -> None:
    assert known_names(device, program) == names  # type: ignore[arg-type]
