"""Settings: checked when made, whole through JSON, documented; and the learning rate of each step."""

import json
import subprocess
import sys
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orca_desk.errors import SettingError, UserError
from orca_desk.student.schedule import learning_rate
from orca_desk.student.settings import TrainSettings


def test_settings_survive_json() -> None:
    settings = TrainSettings(rank=8, learning_rate=5e-3, targets="q_proj, v_proj", seed=7)
    assert TrainSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings
    assert settings.target_names == ("q_proj", "v_proj")


def test_a_later_setting_is_stored_only_where_it_is_chosen() -> None:
    """So a training of an earlier version, which knows none, is found and resumed."""
    assert "thoughts" not in TrainSettings().to_dict()
    masked = TrainSettings(thoughts="mask")
    assert TrainSettings.from_dict(masked.to_dict()) == masked


def test_every_setting_says_what_it_is() -> None:
    for entry in fields(TrainSettings):
        assert entry.metadata["help"].endswith(".")
        assert entry.metadata["level"] in ("simple", "all")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rank", 0),
        ("rank", 2.5),
        ("rank", True),
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("dropout", 1.0),
        ("schedule", "sine"),
        ("truncation", "maybe"),
        ("epochs", "2"),
        ("targets", " , "),
        ("eval_fraction", 0.9),
        ("threads", 50_000),
        ("alpha", float("inf")),
        ("alpha", float("nan")),
        ("alpha", 10**400),
        ("clip", float("inf")),
        ("epochs", 10**400),
    ],
)
def test_a_bad_value_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(SettingError) as refused:
        TrainSettings.from_dict({name: value})
    assert refused.value.setting == name and refused.value.hint
    assert refused.value.message.startswith(f"{name.replace('_', ' ').capitalize()}: ")


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(UserError, match="'ranks'"):
        TrainSettings.from_dict({"ranks": 4})


def test_whole_numbers_do_for_fractions() -> None:
    assert TrainSettings.from_dict({"alpha": 16}).alpha == 16


def test_settings_are_importable_without_torch() -> None:
    program = "import orca_desk.student.settings, sys; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_rate_warms_up_and_falls() -> None:
    settings = TrainSettings(learning_rate=1.0, warmup=0.2, schedule="linear")
    rates = [learning_rate(settings, step, 10) for step in range(10)]
    assert rates == pytest.approx([1 / 3, 2 / 3, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8])


def test_cosine_is_half_way_down_in_the_middle() -> None:
    settings = TrainSettings(learning_rate=1.0, warmup=0.0, schedule="cosine")
    assert learning_rate(settings, 0, 8) == 1.0
    assert learning_rate(settings, 4, 8) == pytest.approx(0.5)


def test_constant_stays() -> None:
    settings = TrainSettings(learning_rate=0.5, warmup=0.0, schedule="constant")
    assert {learning_rate(settings, step, 9) for step in range(9)} == {0.5}


@given(st.integers(1, 400), st.floats(0, 1), st.sampled_from(["cosine", "linear", "constant"]), st.data())
def test_no_step_has_a_rate_of_zero_or_above_the_highest(
    steps: int, warmup: float, schedule: Any, data: st.DataObject
) -> None:
    settings = TrainSettings(learning_rate=1e-3, warmup=warmup, schedule=schedule)
    step = data.draw(st.integers(0, steps - 1))
    assert 0 < learning_rate(settings, step, steps) <= 1e-3
