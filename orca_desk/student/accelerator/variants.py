"""How a device computes a model's layers fastest: as they are, with Liger Kernel, or compiled by torch.

Measured on two layers of the model's shape with random weights. A variant whose gradients are not those of
the layers as they are is out. Compiling takes about a minute, so it is tried only for long trainings.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from peft import PeftModel
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM

from orca_desk.errors import UserError
from orca_desk.models.model_file import ModelFile
from orca_desk.student.accelerator import liger
from orca_desk.student.accelerator.attention import IMPLEMENTATION, SHAPES, RowLayout
from orca_desk.student.accelerator.packing import BLOCK, RowRoom
from orca_desk.student.accelerator.race import Attention, reason_of, shortest
from orca_desk.student.settings import TrainSettings
from orca_desk.student.torch.kernels import replace_forwards
from orca_desk.student.torch.model import DTYPES, adapter_parameters, add_adapter

Variant = Literal["plain", "liger", "compiled"]
LAYERS = 2
VOCABULARY = 512
TIMES = 3
LONG = 300.0  # estimated seconds of a training from which on compiling is tried
# The largest distance between two gradients, as a share of their length, that rounding explains.
ALIKE = {"float32": 0.01, "bfloat16": 0.2, "float16": 0.1}
BUCKETS = 8  # lengths of rows that layers or attention are compiled for


@dataclass(frozen=True, kw_only=True)
class VariantRace:
    """Seconds that a batch takes in LAYERS layers, by variant; why others are out; what compiling took."""

    seconds: dict[Variant, float]
    failures: dict[Variant, str]
    compiling: float = 0.0

    def fastest(self, batches: float, layers: int) -> Variant:
        """Return the variant with which `batches` batches through `layers` layers take the least time."""

        def total(variant: Variant) -> float:
            once = self.compiling if variant == "compiled" else 0.0
            return once + self.seconds[variant] / LAYERS * layers * batches

        return min(self.seconds, key=total, default="plain")


def race_variants(
    base: ModelFile,
    settings: TrainSettings,
    lengths: Sequence[int],
    *,
    device: torch.device,
    dtype: str,
    attention: Attention,
    checkpoints: bool = False,
) -> VariantRace:
    """Time the variants that are installed and that the settings allow, on a batch of usual records.

    `checkpoints` says whether the training will compute activations twice, which not all variants bear.
    """
    rows = _usual_batch(lengths, settings.batch_tokens)
    seconds: dict[Variant, float] = {}
    failures: dict[Variant, str] = {}
    compiling = 0.0
    expected: Tensor | None = None
    for variant in ("plain", "liger", "compiled"):
        batches = settings.epochs * sum(lengths) / settings.batch_tokens
        estimated = seconds.get("plain", 0.0) / LAYERS * base.layers * batches
        if reason := _out_of_question(variant, settings, device, attention, estimated):
            failures[variant] = reason
            continue
        try:
            began = time.monotonic()
            work = _work(base, settings, rows, variant, device, dtype, attention, checkpoints)
            gradient = work()
            if variant == "compiled":
                compiling = time.monotonic() - began
            expected = gradient if expected is None else expected
            require_alike(gradient, expected, dtype)
            seconds[variant] = shortest(work, device, TIMES)
        except Exception as error:  # compilers and extensions fail in ways of their own: any reason does
            failures[variant] = reason_of(error)
    return VariantRace(seconds=seconds, failures=failures, compiling=compiling)


def apply_variant(body: nn.Module, variant: Variant) -> None:
    """Have the layers of a model whose forward passes are already replaced computed in this way."""
    if variant == "liger":
        liger.use_liger(body)
    if variant == "compiled":
        torch._dynamo.config.recompile_limit = SHAPES
        for layer in body.get_decoder().layers:
            layer.compile(dynamic=False)


@contextmanager
def uncompiled(body: nn.Module) -> Iterator[None]:
    """Have compiled layers computed as they are meanwhile: rows of other shapes are not worth compiling.

    Attention that is itself compiled stays so: uncompiled it holds every score of a row in memory. So this
    does not set torch's stance, which is everything's.
    """
    layers = [layer for layer in body.modules() if layer._compiled_call_impl is not None]
    compiled = {layer: layer._compiled_call_impl for layer in layers}
    for layer in layers:
        layer._compiled_call_impl = None
    try:
        yield
    finally:
        for layer, call in compiled.items():
            layer._compiled_call_impl = call


def without_dropout(model: nn.Module) -> None:
    """Have a model compute as in training, with its checkpointing, but the same each time."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.eval()


def row_room(variant: Variant, lengths: Sequence[int], batch_tokens: int) -> RowRoom:
    """Return what rows are laid out for: twice the usual number of records, and the longest of them."""
    if variant != "compiled":
        return RowRoom()
    usual = -(-batch_tokens * len(lengths) // sum(lengths))
    longest = max(*lengths, row_block(variant, batch_tokens, "varlen"))
    return RowRoom(records=1 << usual.bit_length(), longest=1 << (longest - 1).bit_length())


def row_block(variant: Variant, batch_tokens: int, attention: Attention) -> int:
    """Return of which length packed rows have a multiple: what is compiled wants few different lengths."""
    if variant != "compiled" and attention != "flex":
        return BLOCK
    return -(-batch_tokens // (BUCKETS * BLOCK)) * BLOCK


def _out_of_question(
    variant: str, settings: TrainSettings, device: torch.device, attention: Attention, estimated: float
) -> str | None:
    """Return why a variant is not tried; None where it is."""
    if variant == "liger":
        if device.type != "cuda":
            return "needs CUDA or ROCm"
        return None if liger.is_installed() else "liger-kernel is not installed"
    if variant == "compiled":
        if settings.compile == "off":
            return "turned off"
        if attention == "split":
            return "no two rows are split alike, and each would be compiled"
        if settings.compile == "auto" and (device.type != "cuda" or estimated < LONG):
            return "the training is too short to pay for it" if device.type == "cuda" else "no GPU for it"
    return None


def _usual_batch(lengths: Sequence[int], batch_tokens: int) -> list[int]:
    """Return the lengths of some records that fill a batch: those in the middle of the snapshot's."""
    ordered = sorted(lengths)
    middle = ordered[len(ordered) // 2]
    return [middle] * max(1, batch_tokens // middle)


def _work(
    base: ModelFile,
    settings: TrainSettings,
    rows: Sequence[int],
    variant: Variant,
    device: torch.device,
    dtype: str,
    attention: Attention,
    checkpoints: bool,
) -> Callable[[], Tensor]:
    """Return a forward and backward pass of a batch through some layers, which returns the gradients."""
    model = _some_layers(base, settings, device, dtype)
    body = model.get_base_model()
    replace_forwards(model)
    if attention != "rows":
        body.set_attn_implementation(IMPLEMENTATION)
    if checkpoints:
        body.activation_checkpointing_enable()
    apply_variant(body, variant)
    without_dropout(model)
    parameters = list(adapter_parameters(model).values())
    ids, arguments = _inputs(rows, attention, device)

    def work() -> Tensor:
        states = body.base_model(input_ids=ids, use_cache=False, **arguments).last_hidden_state
        # A loss whose gradient differs from state to state.
        loss = states.float().square().mean() + states[..., ::2].float().sum()
        gradients = torch.autograd.grad(loss, parameters)
        return torch.cat([gradient.flatten() for gradient in gradients])

    return work


def _some_layers(base: ModelFile, settings: TrainSettings, device: torch.device, dtype: str) -> PeftModel:
    config = AutoConfig.from_pretrained(base.path, local_files_only=True, trust_remote_code=False)
    config.num_hidden_layers, config.vocab_size, config.use_cache = LAYERS, VOCABULARY, False
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:LAYERS]
    for name in ("pad_token_id", "bos_token_id", "eos_token_id"):
        setattr(config, name, 0 if getattr(config, name, None) is not None else None)
    torch.manual_seed(0)
    body = AutoModelForCausalLM.from_config(config, dtype=DTYPES[dtype], attn_implementation="sdpa")
    model = add_adapter(body.to(device), settings)
    generator = torch.Generator().manual_seed(0)
    for name, parameter in adapter_parameters(model).items():
        if "lora_B" in name:  # at zero it would hide what is wrong in A
            parameter.data = (torch.randn(parameter.shape, generator=generator) * 0.02).to(device)
    return model


def _inputs(rows: Sequence[int], attention: Attention, device: torch.device) -> tuple[Tensor, dict[str, Any]]:
    random = np.random.default_rng(0)
    if attention == "rows":
        ids = random.integers(0, VOCABULARY, (len(rows), max(rows)))
        return torch.from_numpy(ids).to(device), {}
    total = -(-sum(rows) // BLOCK) * BLOCK
    starts = np.unique([*np.cumsum([0, *rows]), total]).astype(np.int64)
    places = np.arange(total) - np.repeat(starts[:-1], np.diff(starts))
    ids = torch.from_numpy(random.integers(0, VOCABULARY, (1, total))).to(device)
    layout = RowLayout.of(starts, attention, device)
    return ids, {"position_ids": torch.from_numpy(places[None]).to(device), "layout": layout}


def require_alike(gradient: Tensor, expected: Tensor, dtype: str) -> None:
    """Raise UserError for a gradient that is further from the expected one than rounding explains."""
    got, wanted = (one.cpu().double() for one in (gradient, expected))  # Apple's GPUs have no double
    apart = float((got - wanted).norm() / wanted.norm())
    if not apart <= ALIKE[dtype]:
        raise UserError(
            f"This way to compute the layers computes other gradients (apart by {apart:.1%}).",
            "Set compile to off.",
        )
