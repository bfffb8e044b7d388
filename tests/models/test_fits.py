from dataclasses import replace

from tiny_models import TinyModel

from orca_desk.models.fits import human_bytes, serving_fit, training_fit
from orca_desk.models.identify import identify


def test_what_fits_and_what_does_not_is_said(tiny_llama: TinyModel) -> None:
    model = identify(tiny_llama.gguf)
    fit = serving_fit(model, sequences=4, tokens=1000, available=2**33)
    assert fit.fits and fit.sentence.startswith(f"Serving {model.name} takes about")
    assert dict(fit.parts)["weights"] == model.size_bytes
    assert dict(fit.parts)["key/value cache"] == 128 * 2 * 4 * 1000
    assert fit.needed == sum(size for _, size in fit.parts)
    big = replace(model, size_bytes=40 * 2**30)
    short = serving_fit(big, sequences=4, tokens=1000, available=2**33)
    assert not short.fits and "smaller or more strongly quantised" in short.sentence
    assert serving_fit(model, sequences=1, tokens=1).available > 0


def test_training_a_7b_model_is_estimated_sensibly(tiny_llama: TinyModel) -> None:
    seven = replace(
        identify(tiny_llama.folder), parameters=6_738_000_000, layers=32, width=4096, ffn=11008, vocab=32000
    )
    fit = training_fit(seven, batch_tokens=2048, rank=16, bytes_per_weight=2, available=2**40)
    parts = dict(fit.parts)
    assert 12 < parts["weights"] / 2**30 < 13
    assert 0.4 < parts["adapter, gradients and optimizer"] / 2**30 < 0.8  # 40M parameters, 16 bytes each
    saved = training_fit(
        seven, batch_tokens=2048, rank=16, bytes_per_weight=2, checkpointing=True, available=2**30
    )
    assert saved.needed < fit.needed and not saved.fits and "need" in saved.sentence


def test_sizes_for_people() -> None:
    assert [human_bytes(n) for n in (100, 2048, 5 * 2**20, 4.1 * 2**30)] == [  # type: ignore[arg-type]
        "100 bytes",
        "2 KiB",
        "5 MiB",
        "4.1 GiB",
    ]
