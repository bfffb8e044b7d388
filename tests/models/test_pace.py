"""The times of a training, of answers and of an export on a machine that has not done them yet."""

from dataclasses import replace
from pathlib import Path

import pytest
from tiny_models import TinyModel

from orca_desk.machine.choice import store_choice
from orca_desk.machine.devices import Device
from orca_desk.machine.stored import Speed, StoredFindings, store_found
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.models.pace import (
    STARTING,
    answering_time,
    export_time,
    product_speed,
    training_pace,
    training_time,
)
from orca_desk.student.settings import TrainSettings

PRODUCTS = {"float32": 224e9}  # operations per second on two cores
CARD = Device(id="cuda:0", name="RTX", kind="cuda", total=12, free=11, llama="CUDA0", torch="cuda:0")
FAST = Speed(products={"float32": 1e13, "bfloat16": 5e13})


@pytest.fixture(autouse=True)
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose processor was measured."""
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(tmp_path / "settings"))
    store_found(StoredFindings(speeds={"cpu": Speed(products=PRODUCTS)}))


@pytest.fixture
def smollm(tiny_llama: TinyModel) -> ModelFile:
    """A model of 135 million weights, 28 million of them in the head."""
    return replace(identify(tiny_llama.folder), parameters=134_515_008, width=576, vocab=49_152)


def test_the_measured_trainings_lie_in_the_range(smollm: ModelFile) -> None:
    store_found(StoredFindings(speeds={"cpu": Speed(products={"float32": 2 * 122e9, "bfloat16": 2 * 420e9})}))
    time = training_time(smollm, TrainSettings(), 430_000)
    assert time.low < 430_000 / 800 < time.high  # 760 to 830 tokens/s were measured there
    assert time.high < 5 * time.low


def test_what_two_idle_cores_did_lies_in_the_range(smollm: ModelFile) -> None:
    store_found(StoredFindings(speeds={"cpu": Speed(products={"float32": 470e9, "bfloat16": 900e9})}))
    bundled = replace(smollm, parameters=688_992, width=96, vocab=896)
    trained = training_time(bundled, TrainSettings(), 1_226_252)
    assert trained.low < 40 < trained.high < 6 * trained.low
    trained = training_time(smollm, TrainSettings(), 430_000)
    assert trained.low < 430_000 / 800 < trained.high < 3 * trained.low
    answered = answering_time(smollm, 982 + 4091)
    assert answered.low < 22.4 < answered.high < 8 * answered.low + STARTING


def test_what_a_processor_with_units_for_matrices_did_lies_in_the_range(smollm: ModelFile) -> None:
    """One core of an Intel Xeon with AMX, beside other programs: 125 to 270 GFLOPS of the measured 900."""
    store_found(StoredFindings(speeds={"cpu": Speed(products={"float32": 141e9, "bfloat16": 900e9})}))
    pace = training_pace(smollm, TrainSettings())
    assert pace.speed * pace.slowest < 200e9 and pace.speed * pace.fastest > 270e9


def test_checkpointing_takes_longer(smollm: ModelFile) -> None:
    plain = training_time(smollm, TrainSettings(), 1000)
    saved = training_time(smollm, TrainSettings(gradient_checkpointing="on"), 1000)
    assert plain.low < saved.low < 1.5 * plain.low


def test_measured_answers_lie_in_the_range(smollm: ModelFile) -> None:
    time = answering_time(smollm, 982 + 4091)  # the mean of before and after
    assert time.low < 22.4 < time.high < 20 * time.low


def test_an_export_takes_longer_with_each_file_and_each_question(smollm: ModelFile) -> None:
    one = export_time(smollm, files=1, asked_tokens=0)
    two = export_time(smollm, files=2, asked_tokens=0)
    asked = export_time(smollm, files=2, asked_tokens=60_000)
    assert one.low < 60 < one.high  # the gate of one file took about a minute there
    assert one.low < two.low < asked.low and one.high < two.high < asked.high


def test_the_stored_measurement_counts_and_without_one_there_is_a_quick_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert product_speed() == 224e9
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(tmp_path / "empty"))
    assert 1e8 < product_speed() < 1e15


def test_a_training_goes_at_the_speed_of_the_format_that_it_would_use(smollm: ModelFile) -> None:
    store_found(StoredFindings(speeds={"cpu": Speed(products={"float32": 1e11, "bfloat16": 3e11})}))
    small = replace(smollm, parameters=4_000_000)
    assert training_pace(smollm, TrainSettings()).speed == 3e11
    assert training_pace(smollm, TrainSettings(dtype="float32")).speed == 1e11
    assert training_pace(small, TrainSettings()).speed == 1e11
    assert training_pace(small, TrainSettings(dtype="bfloat16")).speed == 3e11


def test_a_device_is_faster_unless_the_processor_is_chosen(smollm: ModelFile) -> None:
    slow = training_time(smollm, TrainSettings(), 430_000), answering_time(smollm, 5000)
    store_found(StoredFindings(devices=(CARD,), speeds={"cpu": Speed(products=PRODUCTS), "cuda:0": FAST}))
    fast = training_time(smollm, TrainSettings(), 430_000), answering_time(smollm, 5000)
    assert all(one.high < other.low for one, other in zip(fast[:1], slow[:1], strict=True))
    assert fast[1].low < slow[1].low
    store_choice(device="cpu")
    assert (training_time(smollm, TrainSettings(), 430_000), answering_time(smollm, 5000)) == slow


def test_a_device_that_was_not_measured_has_a_wide_range(smollm: ModelFile) -> None:
    on_processor = answering_time(smollm, 5000)
    store_found(StoredFindings(devices=(CARD,), speeds={"cpu": Speed(products=PRODUCTS)}))
    unknown = answering_time(smollm, 5000)
    assert unknown.high == on_processor.high and unknown.low < on_processor.low / 20
