"""`orca-desk machine`: a table for people, JSON for programs, and the choice of a device."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from machine_doubles import RTX, Programs

from orca_desk.cli.machine import command
from orca_desk.cli.options import device_option
from orca_desk.errors import UserError
from orca_desk.inventory import machine
from orca_desk.machine.choice import stored_device
from orca_desk.machine.native import Native


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(tmp_path))
    monkeypatch.delenv("ORCA_DESK_DEVICE", raising=False)
    found = Programs()
    monkeypatch.setattr(machine, "native_devices", lambda: Native(devices=(RTX,), driver="NVIDIA 580.65"))
    monkeypatch.setattr(machine, "run_worker", found.run)
    return found


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_it_shows_the_table_and_what_to_do(programs: Programs) -> None:
    result = run()
    assert result.exit_code == 0
    assert "NVIDIA GeForce RTX 3060 (cuda:0)" in result.output
    assert "python -m orca_desk.install --accelerator cuda" in result.output
    assert "Where models run: Automatic." in result.output


def test_json_has_everything(programs: Programs) -> None:
    found = json.loads(run("--json").stdout)
    assert found["devices"][0]["id"] == "cuda:0" and found["chosen"] == "auto"
    assert found["builds"]["torch"]["version"] == "2.13.0"
    assert found["speeds"]["cpu"]["products"] == {"float32": 1e11}


def test_a_choice_is_stored_for_all_jobs(programs: Programs) -> None:
    run("--choose", "cuda")
    assert stored_device() == "cuda:0"
    with pytest.raises(UserError, match="cuda:1 is not on this machine"):
        run("--choose", "cuda:1")
    assert stored_device() == "cuda:0"


def test_a_name_of_no_device_is_refused_before_anything_is_asked(programs: Programs) -> None:
    with pytest.raises(UserError, match="--choose is 'gpu'"):
        run("--choose", "gpu")
    assert programs.asked == []


def test_a_variable_that_overrides_the_choice_is_told(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCA_DESK_DEVICE", "cpu")
    result = run("--choose", "cuda:0")
    assert "Where models run: Processor (CPU)." in result.output
    assert "$ORCA_DESK_DEVICE overrides Settings, which say: NVIDIA GeForce RTX 3060" in result.output


def test_it_asks_and_measures_again(programs: Programs) -> None:
    run()
    programs.asked.clear()
    run("--refresh", "--measure")
    assert programs.asked == ["llama", "torch", "speed"]


def test_a_commands_own_device_holds_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    import click

    monkeypatch.setenv("ORCA_DESK_DEVICE", "auto")

    @click.command()
    @device_option
    def show() -> None:
        click.echo(os.environ["ORCA_DESK_DEVICE"])

    assert CliRunner().invoke(show, ["--device", "CUDA"]).output == "cuda:0\n"
    assert CliRunner().invoke(show, []).output == "auto\n"
    refused = CliRunner().invoke(show, ["--device", "gpu"]).exception
    assert isinstance(refused, UserError) and "auto, cpu, or a device" in refused.hint
