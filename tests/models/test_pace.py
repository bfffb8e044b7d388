"""The times of a training, of answers and of an export on a machine that has not done them yet."""

from dataclasses import replace

import pytest
from tiny_models import TinyModel

from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.models.pace import answering_time, export_time, product_speed, training_time
from orca_desk.student.settings import TrainSettings


@pytest.fixture
def smollm(tiny_llama: TinyModel) -> ModelFile:
    """A model of 135 million weights, 28 million of them in the head."""
    return replace(identify(tiny_llama.folder), parameters=134_515_008, width=576, vocab=49_152)


def test_the_measured_trainings_lie_in_the_range(smollm: ModelFile) -> None:
    speed = 2 * 122e9  # two cores that multiply 122 GFLOP/s each
    time = training_time(smollm, TrainSettings(), 430_000, speed=speed)
    assert time.low < 430_000 / 800 < time.high  # 760 to 830 tokens/s were measured there
    assert time.high == pytest.approx(5 * time.low)


def test_checkpointing_takes_longer(smollm: ModelFile) -> None:
    plain = training_time(smollm, TrainSettings(), 1000, speed=1e11)
    saved = training_time(smollm, TrainSettings(gradient_checkpointing="on"), 1000, speed=1e11)
    assert plain.low < saved.low < 1.5 * plain.low


def test_measured_answers_lie_in_the_range(smollm: ModelFile) -> None:
    time = answering_time(smollm, 982 + 4091, speed=224e9)  # the mean of before and after
    assert time.low < 22.4 < time.high < 20 * time.low


def test_an_export_takes_longer_with_each_file_and_each_question(smollm: ModelFile) -> None:
    one = export_time(smollm, files=1, asked_tokens=0, speed=224e9)
    two = export_time(smollm, files=2, asked_tokens=0, speed=224e9)
    asked = export_time(smollm, files=2, asked_tokens=60_000, speed=224e9)
    assert one.low < 60 < one.high  # the gate of one file took about a minute there
    assert one.low < two.low < asked.low and one.high < two.high < asked.high


def test_this_machine_is_measured() -> None:
    assert 1e8 < product_speed() < 1e15
