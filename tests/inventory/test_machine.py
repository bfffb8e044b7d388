"""The description of the machine: asked once, stored, and asked again when something changes."""

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from machine_doubles import CPU_BUILDS, RTX, Programs

from orca_desk.errors import UserError
from orca_desk.inventory import machine
from orca_desk.inventory.machine import Lack, describe_machine, is_known, stored_machine
from orca_desk.machine.devices import Listed
from orca_desk.machine.native import Native
from orca_desk.machine.stored import Build, StoredFindings, load_found, stored_path
from orca_desk.processes.process import WorkerCrashError


@pytest.fixture
def native(monkeypatch: pytest.MonkeyPatch) -> Callable[[Native], None]:
    """Say what the system tells of; at first nothing."""

    def tell(found: Native) -> None:
        monkeypatch.setattr(machine, "native_devices", lambda: found)

    tell(Native())
    return tell


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, native: Callable[[Native], None]) -> Programs:
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(tmp_path))
    found = Programs()
    monkeypatch.setattr(machine, "run_worker", found.run)
    return found


def test_a_machine_without_graphics_lacks_nothing(programs: Programs) -> None:
    report = describe_machine()
    assert report.cores >= 1 and 0 < report.free_memory <= report.memory
    assert (report.devices, report.lacks) == ((), ())
    assert report.builds == CPU_BUILDS
    assert report.speeds["cpu"].products == {"float32": 1e11}


def test_the_programs_are_asked_once(programs: Programs) -> None:
    assert not is_known()
    first = describe_machine()
    assert is_known()
    assert describe_machine().builds == stored_machine().builds == first.builds
    assert programs.asked == ["llama", "torch", "speed"]


def test_each_can_be_asked_for_again(programs: Programs) -> None:
    describe_machine()
    programs.asked.clear()
    describe_machine(ask=True)
    describe_machine(measure=True)
    assert programs.asked == ["llama", "torch", "speed"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"devices": [{"id": 1}]}', "\0"])
def test_a_damaged_file_is_worked_out_anew(programs: Programs, text: str) -> None:
    describe_machine()
    stored_path().write_text(text)
    assert stored_machine().builds == {}
    assert describe_machine().builds == CPU_BUILDS


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("devices", [{"id": 7, "name": None, "kind": "cuda"}]),
        ("devices", [{"id": "cuda:0", "name": "RTX", "kind": "cuda", "total": "12"}]),
        ("devices", [{"id": "cuda:0", "name": "RTX", "kind": "cuda", "torch": 3}]),
        ("builds", {"llama": {"made_for": None}}),
        *(("speeds", {"cpu": {"products": one}}) for one in (None, [1])),
        *(("speeds", {"cpu": {"products": {"float32": one}}}) for one in ("fast", 0, -5, math.nan, math.inf)),
        ("speeds", {"cpu": {"products": {"float32": 1e11}, "busy": "no"}}),
    ],
)
def test_a_file_with_nonsense_in_it_is_worked_out_anew(
    programs: Programs, part: str, content: object
) -> None:
    describe_machine()
    stored_path().write_text(json.dumps(json.loads(stored_path().read_text()) | {part: content}))
    assert load_found() == StoredFindings()
    assert describe_machine().builds == CPU_BUILDS
    assert load_found() != StoredFindings()


def test_a_new_build_of_llama_cpp_is_asked(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    describe_machine()
    programs.asked.clear()
    monkeypatch.setattr(machine, "_changed", lambda program: 7)
    assert stored_machine().builds == {}, "what the old build said does not hold"
    describe_machine()
    assert programs.asked == ["llama", "torch"]


def test_a_new_driver_is_asked(programs: Programs, native: Callable[[Native], None]) -> None:
    describe_machine()
    programs.asked.clear()
    native(Native(devices=(RTX,), driver="NVIDIA 580.65"))
    report = describe_machine()
    assert programs.asked == ["llama", "torch"]
    assert (report.driver, [one.id for one in report.devices]) == ("NVIDIA 580.65", ["cuda:0"])


def test_a_card_that_nothing_can_use_is_said_with_what_to_install(
    programs: Programs, native: Callable[[Native], None]
) -> None:
    native(Native(devices=(RTX,), driver="NVIDIA 580.65"))
    assert describe_machine().lacks == (
        Lack(kind="llama_build", device=RTX.description, accelerator="cuda", detail="CPU"),
        Lack(kind="torch_build", device=RTX.description, accelerator="cuda", detail="CPU"),
    )


def test_a_card_that_both_use_lacks_nothing_and_is_measured(
    programs: Programs, native: Callable[[Native], None]
) -> None:
    native(Native(devices=(RTX,), driver="NVIDIA 580.65"))
    programs.listed = {
        "llama": [Listed(name="CUDA0", description=RTX.description, kind="cuda", address=RTX.address)],
        "torch": [Listed(name="cuda:0", description=RTX.description, kind="cuda", total=11)],
    }
    report = describe_machine()
    [device] = report.devices
    assert (device.id, device.llama, device.torch, device.total) == ("cuda:0", "CUDA0", "cuda:0", 12)
    assert report.lacks == () and set(report.speeds) == {"cpu", "cuda:0"}


def test_free_memory_of_a_card_is_that_of_now(programs: Programs, native: Callable[[Native], None]) -> None:
    native(Native(devices=(RTX,)))
    describe_machine()
    native(Native(devices=(Listed(**asdict(RTX) | {"free": 2}),)))
    assert [one.free for one in stored_machine().devices] == [2]


def test_a_card_that_vulkan_alone_reaches_has_no_training(programs: Programs) -> None:
    programs.listed["llama"] = [Listed(name="Vulkan0", description="Intel Arc", kind="vulkan", shared=True)]
    report = describe_machine()
    assert [one.id for one in report.devices] == ["vulkan:0"]
    assert report.lacks == (Lack(kind="torch_build", device="Intel Arc", detail="CPU"),)


def test_a_program_that_crashes_is_said_and_hides_nothing_else(programs: Programs) -> None:
    programs.failing["llama"] = UserError("The machine worker crashed in native code (SIGSEGV).")
    report = describe_machine()
    assert report.lacks == (
        Lack(kind="llama_problem", detail="The machine worker crashed in native code (SIGSEGV)."),
    )
    assert report.builds["torch"].version == "2.13.0"


def test_a_measurement_that_fails_leaves_the_rest(programs: Programs) -> None:
    programs.failing["speed"] = UserError("There is not enough memory for this job.")
    report = describe_machine()
    assert report.speeds == {} and report.builds == CPU_BUILDS


def test_a_measurement_that_fails_loses_no_earlier_one(programs: Programs) -> None:
    before = describe_machine().speeds
    assert before
    programs.failing["speed"] = WorkerCrashError("The machine worker ended.")
    assert describe_machine(measure=True).speeds == before
    assert load_found().speeds == before


def test_a_measurement_beside_other_programs_is_repeated_at_the_next_look(programs: Programs) -> None:
    programs.busy = 0.6
    assert describe_machine().speeds["cpu"].busy == 0.6
    assert not is_known()
    programs.busy = 0.0
    assert describe_machine().speeds["cpu"].busy == 0.0
    assert is_known() and programs.asked == ["llama", "torch", "speed", "speed"]


def test_a_card_that_only_the_bus_shows_can_be_used_by_vulkan(
    programs: Programs, native: Callable[[Native], None]
) -> None:
    native(Native(others=("Intel",)))
    name = "the graphics processor by Intel"
    assert describe_machine().lacks == (
        Lack(kind="llama_build", device=name, accelerator="vulkan", detail="CPU"),
    )
    programs.builds["llama"] = Build(version="0.3.36", made_for="Vulkan")
    assert describe_machine(ask=True).lacks == (), "it has looked, and found nothing to use"


def test_a_card_without_a_driver_is_said(programs: Programs, native: Callable[[Native], None]) -> None:
    native(Native(without_driver=("NVIDIA",)))
    assert describe_machine().lacks == (Lack(kind="driver", device="NVIDIA"),)


@pytest.mark.slow
def test_this_machine_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(tmp_path))
    report = describe_machine()
    assert {name: bool(build.version) for name, build in report.builds.items()} == {
        "llama": True,
        "torch": True,
    }
    assert not any(build.problem for build in report.builds.values())
    assert 1e8 < report.speeds["cpu"].products["float32"] < 1e15
    assert 1e8 < report.speeds["cpu"].bandwidth < 1e14
