"""The device for all jobs: from the variable, or else from the settings."""

from pathlib import Path

import pytest

from orca_desk.errors import UserError
from orca_desk.machine.choice import (
    chosen_cache,
    chosen_device,
    device_name,
    store_choice,
    stored_device,
    wanted_devices,
)
from orca_desk.machine.devices import Device
from orca_desk.machine.stored import StoredFindings, store_found
from orca_desk.processes.process import worker_environment


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(tmp_path))
    monkeypatch.delenv("ORCA_DESK_DEVICE", raising=False)
    monkeypatch.delenv("ORCA_DESK_CACHE", raising=False)
    return tmp_path


def test_without_a_choice_it_is_automatic() -> None:
    assert (chosen_device(), chosen_cache()) == ("auto", "auto")
    assert wanted_devices("llama", ["CUDA0", "CUDA1"]) == ("CUDA0", "CUDA1")


def test_the_settings_hold_for_every_worker() -> None:
    store_choice(device="cuda:1")
    store_choice(cache="q8_0")
    environment = worker_environment()
    assert (environment["ORCA_DESK_DEVICE"], environment["ORCA_DESK_CACHE"]) == ("cuda:1", "q8_0")


def test_the_variable_comes_before_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    store_choice(device="cuda:1")
    monkeypatch.setenv("ORCA_DESK_DEVICE", "CPU")
    assert chosen_device() == worker_environment()["ORCA_DESK_DEVICE"] == "cpu"
    assert wanted_devices("torch", ["cuda:0"]) == ()
    assert stored_device() == "cuda:1"


@pytest.mark.parametrize("text", ["gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:0,1", "cuda:0000", "mps:0", "٣"])
def test_what_names_no_device_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="not the name of a device") as refused:
        device_name(text, "--device")
    assert "cuda:0" in refused.value.hint


def test_a_kind_alone_means_its_first_device() -> None:
    assert device_name(" CUDA ", "--device") == "cuda:0"


@pytest.mark.parametrize("content", ["", "[]", '{"device": 3}', '{"device": "gpu"}', "\0"])
def test_a_damaged_file_is_an_automatic_choice(settings: Path, content: str) -> None:
    (settings / "device.json").write_text(content)
    assert chosen_device() == "auto"


def test_a_device_goes_by_the_name_that_each_program_has_for_it() -> None:
    store_found(
        StoredFindings(
            devices=(Device(id="cuda:0", name="RTX", kind="cuda", llama="Vulkan0", torch="cuda:0"),)
        )
    )
    store_choice(device="cuda:0")
    assert wanted_devices("llama", ["Vulkan0", "Vulkan1"]) == ("Vulkan0",)
    assert wanted_devices("torch", ["cuda:0"]) == ("cuda:0",)


def test_a_device_that_a_build_cannot_use_leaves_the_cpu() -> None:
    store_found(StoredFindings(devices=(Device(id="cuda:0", name="RTX", kind="cuda", torch="cuda:0"),)))
    store_choice(device="cuda:0")
    assert wanted_devices("llama", []) == ()
    assert wanted_devices("llama", ["CUDA0"]) == ("CUDA0",), "it was built again since"


def test_a_device_that_vanished_is_said_and_not_replaced() -> None:
    store_found(StoredFindings(devices=(Device(id="cuda:1", name="RTX 3060", kind="cuda", torch="cuda:1"),)))
    store_choice(device="cuda:1")
    with pytest.raises(UserError) as gone:
        wanted_devices("torch", ["cuda:0"])
    assert gone.value.message == "The chosen device, cuda:1 (RTX 3060), is not available: torch finds cuda:0."
    assert "--device" in gone.value.hint
