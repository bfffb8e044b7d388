"""What to change when a job does not fit: the least, and only what makes it fit."""

from dataclasses import replace

import pytest
from tiny_models import TinyModel

from orca_desk.models.fits import TRAINING_SHARE, teaching_fit, training_fit
from orca_desk.models.identify import identify
from orca_desk.models.model_file import ModelFile
from orca_desk.models.remedies import quantising_remedy, teaching_remedy, training_remedy
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.words.fits import remedy_text


@pytest.fixture
def half_billion(tiny_llama: TinyModel) -> ModelFile:
    sizes = {"parameters": 494_000_000, "layers": 24, "width": 896, "ffn": 4864, "vocab": 151_936}
    return replace(identify(tiny_llama.folder), **sizes)


def free_for(needed: int) -> int:
    return int(needed / TRAINING_SHARE) + 2**20


def test_what_fits_needs_no_remedy(half_billion: ModelFile) -> None:
    assert training_remedy(half_billion, TrainSettings(), free=2**40) is None


def test_checkpointing_comes_first(half_billion: ModelFile) -> None:
    settings = TrainSettings(gradient_checkpointing="off", dtype="bfloat16")
    checkpointed = training_fit(half_billion, replace(settings, gradient_checkpointing="on"), free=2**40)
    remedy = training_remedy(half_billion, settings, free=free_for(checkpointed.needed))
    assert remedy is not None and remedy.changes == {"gradient_checkpointing": "on"} and remedy.fit.fits
    assert remedy_text(remedy) == "Turn gradient checkpointing on"


def test_then_smaller_batches_then_fewer_bits_then_a_lower_rank(half_billion: ModelFile) -> None:
    settings = TrainSettings(rank=256)
    seen = []
    for free in (int(2**36 * 0.95**step) for step in range(90)):
        remedy = training_remedy(half_billion, settings, free=free)
        if remedy is not None and list(remedy.changes) not in seen:
            seen.append(list(remedy.changes))
    assert seen == [
        ["batch_tokens"],
        ["batch_tokens", "dtype"],
        ["batch_tokens", "dtype", "rank"],
    ]


def test_the_changes_make_it_fit(half_billion: ModelFile) -> None:
    settings, free = TrainSettings(), 3 * 2**30
    remedy = training_remedy(half_billion, settings, free=free)
    assert remedy is not None
    changed = training_fit(half_billion, replace(settings, **remedy.changes), free=free)
    assert changed == remedy.fit and changed.fits
    assert remedy_text(remedy).startswith("Use batches of ")


def test_a_model_that_is_too_large_has_no_remedy(half_billion: ModelFile) -> None:
    assert training_remedy(half_billion, TrainSettings(), free=2**20) is None


def test_a_teacher_answers_fewer_at_once_then_in_a_shorter_context(tiny_llama: TinyModel) -> None:
    model = replace(identify(tiny_llama.gguf), context=8192, cached_values=65_536, size_bytes=2**30)
    without_cache = sum(size for part, size in teaching_fit(model).parts if part != "cache")
    available = int(without_cache / 0.85)  # the engine's quarter for its cache is too much
    assert not teaching_fit(model, available=available).fits
    fewer = teaching_remedy(model, context=1024, available=available)
    assert fewer is not None and fewer.changes == {"batch": 1} and fewer.fit.fits
    assert remedy_text(fewer) == "Generate 1 answer at a time"
    shorter = teaching_remedy(model, available=available)
    assert shorter is not None and shorter.changes == {"batch": 1, "context": 1024} and shorter.fit.fits
    assert remedy_text(shorter) == "Generate 1 answer at a time, and use a context of 1,024 tokens"


def test_a_teacher_gets_the_finest_quantisation_that_fits(tiny_llama: TinyModel) -> None:
    seven = replace(
        identify(tiny_llama.gguf), parameters=7_000_000_000, size_bytes=14_000_000_000, quantisation="F16"
    )
    remedy = quantising_remedy(seven, available=7 * 10**9)
    assert remedy is not None and remedy.changes == {"quantisation": "q6_k"} and remedy.fit.fits
    assert remedy_text(remedy) == "Make a copy in Q6_K"
    assert quantising_remedy(seven, available=2**40) is None
    assert quantising_remedy(seven, available=2**30) is None
    assert quantising_remedy(replace(seven, quantisation="Q8_0"), available=7 * 10**9) is None


def test_weights_that_are_too_large_have_no_remedy(tiny_llama: TinyModel) -> None:
    assert teaching_remedy(replace(identify(tiny_llama.gguf), size_bytes=2**40), available=2**30) is None
