"""What the system tells of graphics processors, by NVIDIA's library and by the kernel's files."""

from pathlib import Path
from types import SimpleNamespace

import pynvml
import pytest

from orca_desk.machine.devices import Listed
from orca_desk.machine.native import native_devices


@pytest.fixture
def without_nvidia(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", refuse)


def on_bus(bus: Path, address: str, *, driver: bool = True, **files: str) -> None:
    folder = bus / address
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(f"{text}\n")
    if driver:
        (folder / "driver").mkdir()


def test_a_machine_without_graphics(without_nvidia: None, tmp_path: Path) -> None:
    on_bus(tmp_path, "0000:00:00.0", **{"class": "0x060000", "vendor": "0x8086"})
    found = native_devices(tmp_path)
    assert (found.devices, found.driver, found.without_driver) == ((), "", ())
    assert native_devices(tmp_path / "missing") == found


def test_amds_card_by_the_kernels_files(without_nvidia: None, tmp_path: Path) -> None:
    on_bus(
        tmp_path,
        "0000:03:00.0",
        **{"class": "0x030000", "vendor": "0x1002", "device": "0x744c"},
        mem_info_vram_total="25753026560",
        mem_info_vram_used="1000000000",
    )
    assert native_devices(tmp_path).devices == (
        Listed(
            name="rocm:0",
            description="AMD GPU 0x744c",
            kind="rocm",
            total=25753026560,
            free=24753026560,
            address="0000:03:00.0",
        ),
    )


@pytest.mark.parametrize("driver", [True, False])
def test_a_card_without_a_driver_is_told_from_one_with_it(
    without_nvidia: None, tmp_path: Path, driver: bool
) -> None:
    on_bus(tmp_path, "0000:01:00.0", driver=driver, **{"class": "0x030000", "vendor": "0x10de"})
    found = native_devices(tmp_path)
    assert (found.others if driver else found.without_driver) == ("NVIDIA",)
    assert (found.without_driver if driver else found.others) == ()


@pytest.fixture
def nvidia(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cards, of which the second does not tell its memory."""

    def memory(number: int) -> SimpleNamespace:
        if number:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)
        return SimpleNamespace(total=12 * 2**30, free=11 * 2**30)

    for name, answer in (
        ("nvmlInit", lambda: None),
        ("nvmlShutdown", lambda: None),
        ("nvmlSystemGetDriverVersion", lambda: b"580.65"),
        ("nvmlDeviceGetCount", lambda: 2),
        ("nvmlDeviceGetHandleByIndex", lambda number: number),
        ("nvmlDeviceGetName", lambda number: f"NVIDIA card {number}"),
        ("nvmlDeviceGetMemoryInfo", memory),
        ("nvmlDeviceGetPciInfo", lambda number: SimpleNamespace(busId=f"00000000:0{number + 1}:00.0")),
    ):
        monkeypatch.setattr(pynvml, name, answer)


def test_nvidias_cards_by_their_library(nvidia: None, tmp_path: Path) -> None:
    on_bus(tmp_path, "0000:01:00.0", driver=False, **{"class": "0x030000", "vendor": "0x10de"})
    found = native_devices(tmp_path)
    first, second = found.devices
    assert (found.driver, found.without_driver) == ("NVIDIA 580.65", ())
    assert (first.description, first.total, first.free) == ("NVIDIA card 0", 12 * 2**30, 11 * 2**30)
    assert (first.address, first.shared) == ("0000:01:00.0", False)
    assert (second.name, second.total, second.shared) == ("cuda:1", 0, True)
