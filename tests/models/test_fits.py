from dataclasses import replace

from tiny_models import TinyModel

from orca_desk.models.fits import export_fit, human_bytes, serving_fit, training_fit
from orca_desk.models.identify import identify
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.words.fits import fit_sentence, parts_of

HALF = TrainSettings(batch_tokens=2048, rank=16, dtype="bfloat16")


def test_whether_a_model_fits_is_reported(tiny_llama: TinyModel) -> None:
    model = identify(tiny_llama.gguf)
    fit = serving_fit(model, sequences=4, tokens=1000, available=2**33)
    told = f"Serving {model.name} with 4,000 tokens in its cache takes about"
    assert fit.fits and fit_sentence(fit).startswith(told)
    assert dict(fit.parts)["weights"] == model.size_bytes
    assert dict(fit.parts)["cache"] == 128 * 2 * 4 * 1000
    assert fit.needed == sum(size for _, size in fit.parts)
    big = replace(model, size_bytes=40 * 2**30)
    short = serving_fit(big, sequences=4, tokens=1000, available=2**33)
    assert not short.fits and "smaller or more strongly quantised" in fit_sentence(short)
    assert serving_fit(model, sequences=1, tokens=1).available > 0


def test_training_a_7b_model_is_estimated_sensibly(tiny_llama: TinyModel) -> None:
    seven = replace(
        identify(tiny_llama.folder), parameters=6_738_000_000, layers=32, width=4096, ffn=11008, vocab=32000
    )
    fit = training_fit(seven, HALF, free=2**40)
    parts = dict(fit.parts)
    assert 12 < parts["weights"] / 2**30 < 13
    assert 0.4 < parts["adapter"] / 2**30 < 0.8  # 40M parameters, 16 bytes each
    assert not fit.checkpointing and fit.available == int(0.8 * 2**40)
    saved = training_fit(seven, HALF, free=2**30)
    assert saved.checkpointing and saved.needed < fit.needed and not saved.fits
    assert "needs about" in fit_sentence(saved) and parts_of(saved).startswith("weights 12.6 GiB, adapter")


def test_logits_are_counted_by_chunks(tiny_llama: TinyModel) -> None:
    model = replace(identify(tiny_llama.folder), vocab=256_000)
    parts = dict(training_fit(model, TrainSettings(batch_tokens=8192)).parts)
    assert parts["logits"] == 3 * 2**24 * 4


def test_an_export_is_estimated_whatever_the_student_is_stored_as(tiny_llama: TinyModel) -> None:
    model = identify(tiny_llama.gguf)
    fit = export_fit(model, available=2**33)
    assert fit.fits and fit_sentence(fit).startswith(f"Exporting {model.name} takes about")
    assert dict(fit.parts)["weights"] == 4 * model.parameters
    short = export_fit(replace(model, parameters=10**10), available=2**33)
    assert not short.fits and fit_sentence(short).endswith("is available: close other programs.")


def test_sizes_for_people() -> None:
    assert [human_bytes(n) for n in (100, 2048, 5 * 2**20, 4.1 * 2**30)] == [  # type: ignore[arg-type]
        "100 bytes",
        "2 KiB",
        "5 MiB",
        "4.1 GiB",
    ]
