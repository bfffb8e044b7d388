"""The machine in words: a table that people understand, and what to do about what is lacking."""

import sys
from dataclasses import replace

import pytest

from orca_desk.inventory.machine import Lack, MachineReport
from orca_desk.machine.devices import Device
from orca_desk.machine.stored import Build, Speed
from orca_desk.ui.words.machine import (
    NONE_YET,
    NOT_ASKED,
    advice,
    busy_note,
    choice_text,
    choice_title,
    machine_lines,
    machine_rows,
    speed_text,
)

RTX = Device(
    id="cuda:0",
    name="NVIDIA GeForce RTX 3060",
    kind="cuda",
    total=12 * 2**30,
    free=11 * 2**30,
    torch="cuda:0",
)


def report(**changes: object) -> MachineReport:
    values = {
        "processor": "AMD EPYC",
        "cores": 2,
        "memory": 8 * 2**30,
        "free_memory": 6 * 2**30,
        "memory_is_limited": False,
        "driver": "",
        "devices": (),
        "builds": {
            "llama": Build(version="0.3.36", made_for="CPU"),
            "torch": Build(version="2.13.0+cpu", made_for="CPU"),
        },
        "speeds": {"cpu": Speed(products={"float32": 77.4e9, "bfloat16": 195.2e9}, bandwidth=9.34e9)},
        "lacks": (),
    }
    return MachineReport(**values | changes)  # type: ignore[arg-type]


def test_a_machine_without_graphics() -> None:
    assert machine_rows(report()) == [
        ("Processor", "AMD EPYC, 2 cores; 77 GFLOPS in float32, 195 in bfloat16"),
        ("Memory", "6.0 GiB of 8.0 GiB free; 9.3 GB/s"),
        ("Graphics", "none found: models run on the processor"),
        ("llama.cpp", "0.3.36, built for CPU"),
        ("PyTorch", "2.13.0+cpu, built for CPU"),
    ]


def test_nothing_is_denied_before_the_programs_were_asked() -> None:
    unasked = report(builds={}, devices=(RTX,))
    rows = dict(machine_rows(unasked))
    assert "RTX 3060" in rows["Graphics"] and "not used" not in rows["Graphics"]
    assert dict(machine_rows(report(builds={})))["Graphics"] == NONE_YET
    for device in ("auto", "cuda:0", "vulkan:0"):
        assert choice_text(device, (RTX,), asked=False) == NOT_ASKED
    assert choice_text("cpu", (RTX,), asked=False) == choice_text("cpu", (RTX,))
    assert choice_title("vulkan:0", (), asked=False) == "vulkan:0"


def test_what_is_not_known_yet_is_said() -> None:
    rows = dict(machine_rows(report(builds={}, speeds={}, memory_is_limited=True)))
    assert rows["Processor"] == "AMD EPYC, 2 cores; speed not measured yet"
    assert rows["Memory"] == "6.0 GiB of 8.0 GiB free (the limit of this container)"
    assert rows["llama.cpp"] == "not asked yet"


def test_a_card_is_shown_with_what_uses_it() -> None:
    rows = dict(
        machine_rows(
            report(
                devices=(RTX,),
                driver="NVIDIA 580.65",
                speeds={"cuda:0": Speed(products={"float32": 9.8e12, "bfloat16": 48e12}, bandwidth=3.1e11)},
            )
        )
    )
    assert rows["Graphics"] == (
        "NVIDIA GeForce RTX 3060 (cuda:0); 11.0 GiB of 12.0 GiB free; 9.8 TFLOPS in float32, 48 in bfloat16;"
        " memory 310 GB/s; used for training"
    )
    assert rows["Driver"] == "NVIDIA 580.65"


def test_a_build_that_cannot_use_a_card_is_said_with_the_command_and_what_it_takes() -> None:
    told = advice(Lack(kind="llama_build", device=RTX.name, accelerator="cuda", detail="CPU"))
    assert told.problem == (
        "llama.cpp was built for CPU only and cannot use NVIDIA GeForce RTX 3060:"
        " teaching, evaluation, chat and serving run without it."
    )
    assert "10 to 30 minutes" in told.remedy and "nvcc" in told.remedy
    assert told.command == "python -m orca_desk.install --accelerator cuda"


def test_training_without_a_build_for_a_card_has_no_command() -> None:
    told = advice(Lack(kind="torch_build", device="Intel Arc", detail="CPU"))
    assert "training runs without it" in told.problem and not told.command


def test_the_packaged_app_does_not_ask_to_run_its_own_installer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    told = advice(Lack(kind="torch_build", device=RTX.name, accelerator="cuda", detail="CPU"))
    assert "from source" in told.remedy


@pytest.mark.parametrize(
    ("device", "title", "text"),
    [
        (
            "auto",
            "Automatic",
            "Teaching, evaluation, chat and serving run on the processor; training on NVIDIA GeForce RTX 3060.",  # noqa: E501
        ),
        ("cpu", "Processor (CPU)", "Models run on the processor, whatever other devices there are."),
        (
            "cuda:1",
            "cuda:1 (not available)",
            "cuda:1 is not available: jobs stop with an error until you connect it or choose another.",
        ),
    ],
)
def test_a_choice_says_what_it_means(device: str, title: str, text: str) -> None:
    assert (choice_title(device, (RTX,)), choice_text(device, (RTX,))) == (title, text)


def test_a_measurement_beside_other_programs_is_not_trusted() -> None:
    busy = report(speeds={"cpu": Speed(products={"float32": 1e10}, busy=0.62)})
    assert busy_note(report()) == "" and "62%" in busy_note(busy)
    assert machine_lines(busy)[-1] == ("Note", busy_note(busy))


def test_a_speed_that_was_not_measured_is_not_shown() -> None:
    assert speed_text(Speed()) == ""


def test_one_place_for_all_is_named_once() -> None:
    both = replace(RTX, llama="CUDA0")
    assert choice_text("auto", (both,)) == "Models run on NVIDIA GeForce RTX 3060."
    assert choice_text("auto", ()) == "Models run on the processor."
