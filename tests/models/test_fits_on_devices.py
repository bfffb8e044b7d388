"""Estimates for a graphics processor: its memory counts, and what does not fit there goes elsewhere."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_models import TinyModel

from orca_desk.machine import room
from orca_desk.machine.choice import store_choice
from orca_desk.machine.devices import Device
from orca_desk.machine.native import Native
from orca_desk.machine.stored import StoredFindings, store_found
from orca_desk.models.fits import serving_fit, teaching_fit, training_fit
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.models.remedies import teaching_remedy
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.words.fits import fit_sentence

GIB = 2**30
CARD = Device(
    id="cuda:0", name="RTX 3060", kind="cuda", total=12 * GIB, free=11 * GIB, llama="CUDA0", torch="cuda:0"
)


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a card into the machine; changes are fields of the device."""
    monkeypatch.setenv("ORCA_DESK_SETTINGS", str(tmp_path))
    monkeypatch.delenv("ORCA_DESK_DEVICE", raising=False)
    monkeypatch.setattr(room, "_recent", Native)

    def put(**changes: object) -> None:
        store_found(StoredFindings(devices=(replace(CARD, **changes),)))  # type: ignore[arg-type]

    put()
    return put


@pytest.fixture
def seven(tiny_llama: TinyModel) -> ModelFile:
    """A model of seven billion weights in 4 bits."""
    found = identify(tiny_llama.gguf)
    return replace(found, size_bytes=4 * GIB, parameters=6_738_000_000, layers=32, width=4096, ffn=11008)


def test_a_teacher_that_fits_goes_to_the_card(card: Callable[..., None], seven: ModelFile) -> None:
    fit = teaching_fit(seven)
    assert fit.fits and not fit.is_split and (fit.device, fit.available) == ("RTX 3060", 11 * GIB)
    assert "of the memory of RTX 3060; 11.0 GiB is available." in fit_sentence(fit)


def test_a_teacher_that_is_too_large_is_split_and_said_to_be_slower(
    card: Callable[..., None], seven: ModelFile
) -> None:
    card(free=2 * GIB)
    fit = serving_fit(seven, sequences=8, tokens=2048)
    assert fit.fits and fit.is_split
    assert fit_sentence(fit).endswith("so a part of it runs on the processor, which is slower.")
    assert teaching_remedy(seven) is None, "it runs as it is"


def test_shared_memory_is_not_counted_twice(card: Callable[..., None], seven: ModelFile) -> None:
    card(shared=True, total=GIB)
    assert serving_fit(seven, sequences=8, tokens=2048).fits is False


def test_the_processor_has_the_computers_memory(card: Callable[..., None], seven: ModelFile) -> None:
    store_choice(device="cpu")
    assert teaching_fit(seven).device == training_fit(seven, TrainSettings()).device == ""


def test_a_training_on_the_card_counts_16_bits_as_the_trainer_prefers_them(
    card: Callable[..., None], tiny_llama: TinyModel
) -> None:
    model = replace(identify(tiny_llama.folder), parameters=1_500_000_000)
    on_card, in_memory = (
        training_fit(model, TrainSettings()),
        training_fit(model, TrainSettings(), free=2**40),
    )
    assert 2 * dict(on_card.parts)["weights"] == dict(in_memory.parts)["weights"]
    single = training_fit(model, TrainSettings(dtype="float32"))
    assert dict(single.parts)["weights"] == dict(in_memory.parts)["weights"]


def test_activations_leave_a_card_that_is_too_small(card: Callable[..., None], tiny_llama: TinyModel) -> None:
    model = replace(identify(tiny_llama.folder), parameters=60_000_000, layers=64, width=1024, ffn=2048)
    settings = TrainSettings(batch_tokens=16_384, dtype="bfloat16")
    saved = training_fit(model, replace(settings, gradient_checkpointing="on"), free=2**40)
    card(free=int(0.95 * saved.needed / 0.8))
    fit = training_fit(model, settings)
    assert fit.fits and fit.checkpointing and fit.offloading
    assert "with gradient checkpointing and activations in the computer's memory" in fit_sentence(fit)
    assert not training_fit(model, replace(settings, gradient_checkpointing="off")).fits
