"""Does it fit? The memory that serving, training and exporting a model take, against what is free.

The pages, the commands and the trainer itself decide by these functions.
"""

from dataclasses import dataclass, replace
from typing import Literal, Protocol

from orca_desk.machine import free_memory, usable_cores
from orca_desk.machine.devices import Program
from orca_desk.machine.room import Room, room_for
from orca_desk.models.model_file import ModelFile

Purpose = Literal["serving", "training", "exporting"]
Part = Literal["weights", "cache", "computing", "adapter", "activations", "logits", "torch"]

LOGITS_AT_ONCE = 2**24  # numbers: the trainer computes its loss in chunks of this size
TRAINING_SHARE = 0.8  # of the free memory that a training plans to use: the desktop runs beside it
_HALF, _SINGLE = 2, 4  # bytes of a number
_HALVES, _WORTH_HALVING = ("bfloat16", "float16"), 50_000_000  # as the trainer chooses 16 bits
_PACKED = 0.52  # bytes of a weight in 4 bits, with its share of the scales
_RUNTIME = 47 * 2**20  # Python, and the code and buffers of llama.cpp, whatever the model
_TOKEN = 400  # bytes that llama.cpp takes for a token of the vocabulary
TORCH = 500 * 2**20  # torch, transformers and peft once imported
_TORCH_ALONE = 430 * 2**20  # the same without what a training adds
# As in orca_desk.teacher.engine: answers at once, cells of the cache, the share of the free memory that it
# may take, sequences for prefixes; and up to which number of weights each core has a context of its own.
USUAL_BATCH, _ENGINE_CELLS, _ENGINE_SHARE, _PREFIXES = 16, 32_768, 0.25, 8
_REPLICATED, _MOST_REPLICAS = 400e6, 8
_DEVICE_BATCH = 128  # answers at once on a device, until it was measured how many are fastest
_SERVED_CHUNK = 512  # tokens that llama.cpp decodes at once
# What a llama layer stores per token for its backward pass, in widths: inputs, norms, queries, keys, values,
# attention and residuals (7 at most), and what queries give to keys (4); in feed-forward widths: gate, up,
# their activation and product.
_STORED_WIDTHS, _STORED_FFNS = 11, 4
_LOGIT_COPIES = 3
_COMPARED = 3  # copies of the largest matrix while it is compared: as stored, as trained, their difference


class TrainingChoices(Protocol):
    """The settings that decide how much memory a training takes (see `student.settings.TrainSettings`)."""

    @property
    def batch_tokens(self) -> int:
        """Tokens computed at once."""

    @property
    def rank(self) -> int:
        """Rank of the adapter."""

    @property
    def dtype(self) -> str:
        """Number format of the base: "float32", "bfloat16" or "auto"."""

    @property
    def gradient_checkpointing(self) -> str:
        """ "on", "off" or "auto"."""

    @property
    def base_bits(self) -> str:
        """Bits per weight of the base's linear layers: "16" (the dtype's, whichever it is) or "4"."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """An estimate in bytes: what a purpose needs, part by part, and what is available for it.

    `checkpointing` is set where a training needs gradient checkpointing, or was told to use it. `tokens` is
    what the estimate is made for, as other settings give other figures: the tokens cached at once in serving,
    those of a batch in training; 0 if it is not known.

    `device` names the graphics processors whose memory is meant; "" means the computer's. Layers of a served
    model that do not fit there run from `elsewhere`, the computer's memory; `offloading` is set where a
    training keeps activations in it.
    """

    purpose: Purpose
    model: str
    parts: tuple[tuple[Part, int], ...]
    available: int
    checkpointing: bool = False
    tokens: int = 0
    device: str = ""
    elsewhere: int = 0
    offloading: bool = False

    @property
    def needed(self) -> int:
        """The sum of the parts."""
        return sum(size for _, size in self.parts)

    @property
    def fits(self) -> bool:
        """Whether the needed memory is available, on the device or elsewhere."""
        return self.needed <= self.available + self.elsewhere

    @property
    def is_split(self) -> bool:
        """Whether only a part fits on the device."""
        return bool(self.device) and self.fits and self.needed > self.available

    @property
    def largest(self) -> Part:
        """The part that takes most."""
        return max(self.parts, key=lambda part: part[1])[0]


def serving_fit(
    model: ModelFile, *, sequences: int, tokens: int, contexts: int = 1, available: int | None = None
) -> Fit:
    """Estimate serving `sequences` at once, `tokens` long each, with a half-precision key/value cache.

    `contexts` share them; each has buffers of its own. `available` is in bytes of the computer's memory
    (None: what is free where llama.cpp puts a model, which may be a device).
    """
    room = _room("llama", available)
    computing = _RUNTIME + _TOKEN * model.vocab + contexts * _context(model, -(-sequences // contexts))
    return Fit(
        purpose="serving",
        model=model.name,
        parts=(
            ("weights", model.size_bytes),
            ("cache", model.cached_values * _HALF * sequences * tokens),
            ("computing", computing),
        ),
        available=room.free,
        tokens=sequences * tokens,
        device=room.title,
        elsewhere=free_memory() if room.devices and not room.is_shared else 0,
    )


def teaching_fit(
    model: ModelFile, *, batch: int | None = None, context: int | None = None, available: int | None = None
) -> Fit:
    """Estimate what the teacher's engine takes for `batch` answers of `context` tokens (None: as it chooses).

    The engine makes room for at least one answer of full length, and for all of them at most. In the
    computer's memory it takes no more than a quarter of what is free for keys and values. `available` is as
    for `serving_fit`.
    """
    room = _room("llama", available)
    usual = _DEVICE_BATCH if room.devices else USUAL_BATCH
    longest = min(context or model.context, model.context)
    cells = max(longest, min((batch or usual) * longest, _ENGINE_CELLS))
    if model.cached_values and not room.devices:
        cells = min(cells, max(256, int(room.free * _ENGINE_SHARE / (model.cached_values * _HALF))))
    replicated = model.parameters < _REPLICATED and not room.devices
    contexts = min(usable_cores(), _MOST_REPLICAS) if replicated else 1
    fit = serving_fit(
        model, sequences=batch or contexts * usual, tokens=0, contexts=contexts, available=available
    )
    parts = dict(fit.parts) | {"cache": model.cached_values * _HALF * cells}
    return replace(fit, parts=tuple(parts.items()), available=room.free, tokens=cells)


def _room(program: Program, available: int | None) -> Room:
    """Return where `program` puts a model: as the user chose, or so many bytes of the computer's memory."""
    if available is None and (room := room_for(program)).devices:
        return room
    return Room(free=free_memory() if available is None else available)


def _context(model: ModelFile, sequences: int) -> int:
    """Return the bytes of one context's buffers: a step's activations, and the logits of each sequence."""
    activations = _SERVED_CHUNK * (4 * model.width + 2 * model.ffn) * _SINGLE
    return activations + (sequences + _PREFIXES) * model.vocab * _SINGLE


def training_fit(
    model: ModelFile,
    choices: TrainingChoices,
    *,
    torch_is_loaded: bool = False,
    free: int | None = None,
) -> Fit:
    """Estimate a LoRA training of all linear layers with Adam, and decide on gradient checkpointing.

    "auto" checkpoints only where the training would not fit otherwise, and then keeps activations in the
    computer's memory where a device has too little. A dtype of "auto" counts as float32, on a device as 16
    bits where the trainer prefers them. `free` is in bytes (None: the free memory where torch trains, which
    may be a device), of which a training may use TRAINING_SHARE. In the trainer's own process
    (`torch_is_loaded`) `free` None means the computer's memory, and torch's part is no longer free, so it
    counts as free again. Computed from the shapes, not measured.
    """
    room = _room("torch", free_memory() if free is None and torch_is_loaded else free)
    available = int((room.free + (TORCH if torch_is_loaded else 0)) * TRAINING_SHARE)
    halved = choices.dtype in _HALVES
    if room.devices and choices.dtype == "auto":
        halved = model.parameters >= _WORTH_HALVING
    number = _HALF if halved else _SINGLE

    def fit(checkpointing: bool, offloading: bool = False) -> Fit:
        return Fit(
            purpose="training",
            model=model.name,
            parts=_training_parts(model, choices, number, checkpointing, offloading),
            available=available,
            checkpointing=checkpointing,
            tokens=choices.batch_tokens,
            device=room.title,
            offloading=offloading,
        )

    chosen = fit(choices.gradient_checkpointing == "on")
    if not chosen.fits and choices.gradient_checkpointing == "auto":
        chosen = fit(True)
    if not chosen.fits and chosen.checkpointing and room.devices and not room.is_shared:
        offloaded = fit(True, offloading=True)
        chosen = offloaded if offloaded.fits else chosen
    return chosen


def _training_parts(
    model: ModelFile, choices: TrainingChoices, number: int, checkpointing: bool, offloading: bool
) -> tuple[tuple[Part, int], ...]:
    """Return bytes per part, with `number` bytes for a number of the base.

    With checkpointing each layer stores its input, with offloading elsewhere, and one at a time the rest.
    """
    weights = model.parameters * number
    if choices.base_bits == "4":
        head = 2 * model.vocab * model.width  # the embedding too: neither is packed
        weights = int(max(0, model.parameters - head) * _PACKED) + min(model.parameters, head) * number
    adapter = model.layers * choices.rank * (9 * model.width + 3 * (model.ffn + model.width))
    whole_layer = (_STORED_WIDTHS * model.width + _STORED_FFNS * model.ffn) * number
    inputs = 0 if offloading else model.layers * model.width * number
    stored = inputs + whole_layer if checkpointing else model.layers * whole_layer
    logits = min(choices.batch_tokens * model.vocab, max(LOGITS_AT_ONCE, model.vocab))
    return (
        ("weights", weights),
        ("adapter", adapter * 4 * _SINGLE),  # itself, its gradient and Adam's two moments
        ("activations", choices.batch_tokens * stored),
        ("logits", _LOGIT_COPIES * logits * _SINGLE),
        ("torch", TORCH),
    )


def export_fit(model: ModelFile, *, available: int | None = None) -> Fit:
    """Estimate an export of a student tuned from `model`, whichever its formats.

    Its check takes most: it holds the student in float32 and compares it with a file, one tensor at a time.
    `available` is in bytes (None: the free memory).
    """
    return Fit(
        purpose="exporting",
        model=model.name,
        parts=(
            ("weights", model.parameters * _SINGLE),
            ("computing", _COMPARED * model.vocab * model.width * _SINGLE),
            ("torch", _TORCH_ALONE),
        ),
        available=free_memory() if available is None else available,
    )


def human_bytes(size: int) -> str:
    """Write a size for people: 4.1 GiB, 512 MiB, 100 bytes."""
    for unit, scale in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= scale:
            return f"{size / scale:.{1 if unit == 'GiB' else 0}f} {unit}"
    return f"{size} bytes"
