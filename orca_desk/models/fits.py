"""Will it fit? Estimates of the memory that serving and training a model take, against what is free."""

from dataclasses import dataclass

import psutil

from orca_desk.models.model_file import ModelFile

_HALF, _SINGLE = 2, 4
_RUNTIME = 150 * 2**20  # code and buffers of llama.cpp, whatever the model
_TORCH = 600 * 2**20  # torch, transformers and peft once imported
_ENGINE_BATCH, _ENGINE_CELLS, _ENGINE_SHARE = 16, 32_768, 0.25  # as in orca_desk.teacher.engine
_SERVED_CHUNK = 512  # tokens that llama.cpp decodes at once
_HEAD_CHUNK = 1024  # labelled positions whose logits exist at once
# What a llama layer keeps of a token for its backward pass: inputs, norms, queries, keys, values, attention,
# residuals (8 of the width at most); gate, up, their activation and product (4 of the feed-forward width).
_KEPT_WIDTHS, _KEPT_FFNS = 8, 4


@dataclass(frozen=True, kw_only=True)
class Fit:
    """An estimate in bytes: what is needed, part by part, what is free, and the verdict as a sentence."""

    parts: tuple[tuple[str, int], ...]
    available: int
    sentence: str

    @property
    def needed(self) -> int:
        """The sum of the parts."""
        return sum(size for _, size in self.parts)

    @property
    def fits(self) -> bool:
        """Whether what is needed is free."""
        return self.needed <= self.available


def serving_fit(model: ModelFile, *, sequences: int, tokens: int, available: int | None = None) -> Fit:
    """Estimate serving `sequences` at once, `tokens` long each, with a half-precision key/value cache.

    `available` (bytes) is what the system says is free if it is not given.
    """
    activations = _SERVED_CHUNK * (4 * model.width + 2 * model.ffn) * _SINGLE
    parts = (
        ("weights", model.size_bytes),
        ("key/value cache", model.cached_values * _HALF * sequences * tokens),
        ("computing", _RUNTIME + activations + _SERVED_CHUNK * model.vocab * _SINGLE),
    )
    return _fit(f"Serving {model.name}", parts, available)


def teaching_fit(
    model: ModelFile, *, batch: int | None = None, context: int | None = None, available: int | None = None
) -> Fit:
    """Estimate what the teacher's engine takes for `batch` answers of `context` tokens (None: as it chooses).

    The engine makes room for one answer of full length at least, for all of them at most, and takes no more
    than a quarter of the free memory for keys and values.
    """
    free = psutil.virtual_memory().available if available is None else available
    longest = min(context or model.context, model.context)
    cells = max(longest, min((batch or _ENGINE_BATCH) * longest, _ENGINE_CELLS))
    if model.cached_values:
        cells = min(cells, max(256, int(free * _ENGINE_SHARE / (model.cached_values * _HALF))))
    return serving_fit(model, sequences=1, tokens=cells, available=free)


def training_fit(
    model: ModelFile,
    *,
    batch_tokens: int,
    rank: int,
    bytes_per_weight: int = _SINGLE,
    checkpointing: bool = False,
    available: int | None = None,
) -> Fit:
    """Estimate a LoRA training of all linear layers: `batch_tokens` in a batch, Adam in single precision.

    With gradient checkpointing each layer keeps its input, and one layer at a time all the rest. Counted
    from the shapes, not measured; the framework's own overhead is the part "torch".
    """
    adapter = model.layers * rank * (9 * model.width + 3 * (model.ffn + model.width))
    whole_layer = (_KEPT_WIDTHS * model.width + _KEPT_FFNS * model.ffn) * bytes_per_weight
    inputs = model.layers * model.width * bytes_per_weight
    kept = inputs + whole_layer if checkpointing else model.layers * whole_layer
    parts = (
        ("weights", model.parameters * bytes_per_weight),
        ("adapter, gradients and optimizer", adapter * 4 * _SINGLE),
        ("activations", batch_tokens * kept),
        ("logits", 3 * min(batch_tokens, _HEAD_CHUNK) * model.vocab * _SINGLE),
        ("torch", _TORCH),
    )
    return _fit(f"Training {model.name}", parts, available)


def human_bytes(size: int) -> str:
    """Write a size for people: 4.1 GiB, 512 MiB, 100 bytes."""
    for unit, scale in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= scale:
            return f"{size / scale:.{1 if unit == 'GiB' else 0}f} {unit}"
    return f"{size} bytes"


def _fit(what: str, parts: tuple[tuple[str, int], ...], available: int | None) -> Fit:
    free = psutil.virtual_memory().available if available is None else available
    needed = sum(size for _, size in parts)
    amounts = f"about {human_bytes(needed)} of memory; {human_bytes(free)} are free"
    if needed <= free:
        return Fit(parts=parts, available=free, sentence=f"{what} takes {amounts}.")
    largest = max(parts, key=lambda part: part[1])[0]
    advice = {
        "weights": "choose a smaller or more strongly quantised model",
        "key/value cache": "choose fewer sequences at once or shorter ones",
        "activations": "choose a smaller batch or gradient checkpointing",
        "logits": "choose a smaller batch",
    }.get(largest, "close other programs")
    return Fit(parts=parts, available=free, sentence=f"{what} needs {amounts}: {advice}.")
