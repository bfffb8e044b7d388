"""Where estimates put a model: by the choice, the devices that are known, and the memory that is free now."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orca_desk.machine import room
from orca_desk.machine.choice import store_choice
from orca_desk.machine.devices import Device, Listed
from orca_desk.machine.native import Native
from orca_desk.machine.room import room_for
from orca_desk.machine.stored import StoredFindings, store_found

LARGE = Device(id="cuda:0", name="RTX 4090", kind="cuda", total=24, free=20, llama="CUDA0", torch="cuda:0")
SMALL = Device(id="cuda:1", name="RTX 3060", kind="cuda", total=12, free=11, llama="CUDA1", torch="cuda:1")
SHARED = Device(id="vulkan:0", name="Intel", kind="vulkan", total=2**50, free=9, llama="Vulkan0", shared=True)


@pytest.fixture(autouse=True)
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(tmp_path))
    monkeypatch.delenv("ORCA_DESK_DEVICE", raising=False)
    monkeypatch.setattr(room, "free_memory", lambda: 100)
    tell(monkeypatch, Native())
    store_found(StoredFindings(devices=(LARGE, SMALL, SHARED)))


def tell(monkeypatch: pytest.MonkeyPatch, native: Native) -> None:
    monkeypatch.setattr(room, "_recent", lambda: native)


def test_automatically_a_model_is_divided_and_a_training_is_not() -> None:
    assert (room_for("llama").title, room_for("llama").free) == ("RTX 4090 and RTX 3060", 31)
    assert (room_for("torch").title, room_for("torch").free) == ("RTX 4090", 20)


def test_a_choice_holds_for_both() -> None:
    store_choice(device="cuda:1")
    assert room_for("llama").title == room_for("torch").title == "RTX 3060"


def test_the_processor_is_a_choice() -> None:
    store_choice(device="cpu")
    assert (room_for("llama").devices, room_for("llama").free) == ((), 100)


def test_a_card_without_training_leaves_the_processor_to_it() -> None:
    store_choice(device="vulkan:0")
    assert room_for("llama").title == "Intel" and room_for("torch").devices == ()


def test_shared_memory_is_free_as_the_computers() -> None:
    store_choice(device="vulkan:0")
    assert room_for("llama").free == 100


def test_free_memory_is_what_the_driver_says_now(monkeypatch: pytest.MonkeyPatch) -> None:
    now = Listed(name="cuda:0", description="RTX 4090", kind="cuda", total=24, free=3)
    tell(monkeypatch, Native(devices=(now,)))
    assert room_for("torch").title == "RTX 3060"


@pytest.mark.parametrize("name", ["cuda:7", "nonsense"])
def test_a_choice_that_cannot_be_used_breaks_no_estimate(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("ORCA_DESK_DEVICE", name)
    assert room_for("torch").free > 0


def test_an_estimate_does_not_wait_for_a_card_that_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    awake, answered = threading.Event(), Native(driver="NVIDIA 580.65")

    def ask() -> Native:
        awake.wait(60)
        return answered

    monkeypatch.setattr(room, "native_devices", ask)
    monkeypatch.setattr(room, "_asking", None)
    monkeypatch.setattr(room, "_latest", (0.0, Native()))
    began = time.monotonic()
    assert room._recent() == Native()
    assert time.monotonic() - began < 30
    awake.set()
    assert room._asking is not None
    room._asking.join()
    assert room._recent() == answered


def test_many_estimates_at_once_ask_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(room, "native_devices", Native)
    monkeypatch.setattr(room, "HOLDS", -1.0)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: room._recent(), range(400))) == [Native()] * 400
