"""Which engine computes a training."""

import sys
from pathlib import Path
from typing import Any

import pytest

from orca_desk.errors import UserError
from orca_desk.student import engines
from orca_desk.student.engine import UnsuitedError
from orca_desk.student.engines import why_not_mlx
from orca_desk.student.settings import TrainSettings


@pytest.mark.parametrize(
    ("system", "processor", "device", "settings", "expected"),
    [
        ("darwin", "arm64", "auto", {}, "mlx"),
        ("darwin", "arm64", "metal:0", {}, "mlx"),
        ("darwin", "arm64", "cpu", {}, "torch"),
        ("darwin", "arm64", "auto", {"base_bits": "4"}, "torch"),
        ("darwin", "arm64", "auto", {"dtype": "float16"}, "torch"),
        ("darwin", "arm64", "auto", {"engine": "torch"}, "torch"),
        ("darwin", "x86_64", "auto", {}, "torch"),
        ("linux", "x86_64", "auto", {}, "torch"),
        ("linux", "x86_64", "auto", {"engine": "mlx"}, "mlx"),
    ],
)
def test_mlx_is_chosen_on_apples_gpus_or_by_hand(
    system: str,
    processor: str,
    device: str,
    settings: dict[str, Any],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engines.sys, "platform", system)
    monkeypatch.setattr(engines.platform, "machine", lambda: processor)
    monkeypatch.setattr(engines, "find_spec", lambda name: object())
    monkeypatch.setenv("ORCA_DESK_DEVICE", device)
    assert engines.choose_engine(TrainSettings(**settings)) == expected


def choose_on_a_mac(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(engines.sys, "platform", "darwin")
    monkeypatch.setattr(engines.platform, "machine", lambda: "arm64")
    return engines.choose_engine(TrainSettings())


def test_an_engine_that_is_not_installed_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("mlx", "mlx_lm")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, engines.MODULES["mlx"], raising=False)
    monkeypatch.setitem(sys.modules, "mlx", None)
    monkeypatch.setitem(sys.modules, "mlx.core", None)
    with pytest.raises(UserError, match="MLX is not installed") as caught:
        engines.keys_of_plan("mlx")
    assert "pip install" in caught.value.hint and "engine to torch" in caught.value.hint
    monkeypatch.setattr(engines.sys, "frozen", True, raising=False)
    with pytest.raises(UserError, match="MLX is not installed") as caught:
        engines.keys_of_plan("mlx")
    assert "pip" not in caught.value.hint
    assert why_not_mlx(TrainSettings(engine="mlx")).message == caught.value.message
    assert choose_on_a_mac(monkeypatch) == "torch"


def test_an_engine_that_is_broken_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ImportError("libmlx.so: cannot open shared object file")

    monkeypatch.setattr(engines, "import_module", fail)
    with pytest.raises(UnsuitedError, match=r"MLX is installed, but cannot be loaded: libmlx\.so"):
        engines.keys_of_plan("mlx")


@pytest.mark.parametrize(
    ("settings", "device", "told"),
    [
        ({"dtype": "float16"}, "auto", "does not train in float16"),
        ({"base_bits": "4"}, "auto", "an unquantised base"),
        ({}, "cuda:0", "MLX computes on the CPU here, not on cuda:0"),
        ({}, "cpu", ""),
    ],
)
def test_what_only_torch_can_is_refused_before_anything_is_loaded(
    settings: dict[str, Any], device: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines.sys, "platform", "linux")
    monkeypatch.setattr(engines, "find_spec", lambda name: object())
    monkeypatch.setenv("ORCA_DESK_DEVICE", device)
    refusal = why_not_mlx(TrainSettings(engine="mlx", **settings))
    assert (told in refusal.message and "engine to torch" in refusal.hint) if told else refusal is None


def test_an_engine_of_a_later_version_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the engine 'abacus', which Orca Desk does not have"):
        engines.keys_of_plan("abacus")


def test_the_usual_engine_leaves_no_trace_in_the_settings() -> None:
    """So that trainings that began before there was a choice can be resumed."""
    assert "engine" not in TrainSettings().to_dict()
    assert TrainSettings(engine="mlx").to_dict()["engine"] == "mlx"
