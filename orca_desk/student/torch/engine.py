"""Training with torch: what a run decides first, and the engine that takes its steps."""

import json
import math
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, get_peft_model_state_dict
from torch import Tensor
from transformers import PreTrainedModel

from orca_desk.errors import FinalError, UserError
from orca_desk.files import atomic_write
from orca_desk.models.model_file import ModelFile
from orca_desk.student.accelerator.attention import IMPLEMENTATION
from orca_desk.student.accelerator.choice import CPU, enter, same_device
from orca_desk.student.accelerator.liger import require_liger
from orca_desk.student.accelerator.packing import PackedBatch, pack
from orca_desk.student.accelerator.plan import decide_on_device
from orca_desk.student.accelerator.race import reason_of
from orca_desk.student.accelerator.scaling import LossScale
from orca_desk.student.accelerator.variants import (
    apply_variant,
    require_alike,
    row_block,
    row_room,
    uncompiled,
    without_dropout,
)
from orca_desk.student.data import Example, ExampleSets
from orca_desk.student.engine import StepNumbers
from orca_desk.student.lora import CONFIG, WEIGHTS
from orca_desk.student.packing import TrainingBatch, collate
from orca_desk.student.settings import TrainSettings
from orca_desk.student.tensor_files import Array, load_tensors, save_tensors
from orca_desk.student.torch.kernels import replace_forwards
from orca_desk.student.torch.loss import NEAR, SAME, packed_arguments, require_own_logits, summed_loss
from orca_desk.student.torch.matmul import use_library
from orca_desk.student.torch.model import (
    adapter_parameters,
    add_adapter,
    choose_checkpointing,
    choose_dtype,
    choose_library,
    choose_threads,
    load_base,
)
from orca_desk.student.torch.repeating import Repeatability, make_repeatable

PLAN = frozenset({"dtype", "threads", "products", "gradient_checkpointing"})
# What later versions decide too; a run begun before them has what stands here.
LATER: Mapping[str, Any] = {
    "device": CPU,
    "device_name": "CPU",
    "device_note": "",
    "attention": "rows",
    "variant": "plain",
    "offload": False,
}
PROBE = 32  # tokens of the first records on which the training path is compared with the model's own
RANDOM, DEVICE_RANDOM, SCALE, LOSS = "random.torch", "random.device", "loss_scale", "probe_loss"
# How far a resumed run's loss on the same records may be from the one at its checkpoint, as a share of it.
RESUMED = 0.01


def decide(base: ModelFile, settings: TrainSettings, lengths: Sequence[int]) -> dict[str, Any]:
    """Return device, dtype, kernels and checkpointing for a new run, and set them up.

    Raises UserError when the training does not fit in memory, or for a chosen device that is missing.
    """
    threads = choose_threads(settings)
    torch.set_num_threads(threads)
    on_device = decide_on_device(base, settings, lengths)
    if on_device["device"] != CPU:
        return {"threads": threads, "products": "blas", **LATER, **on_device}
    library = choose_library(base, settings)
    use_library(library)
    dtype = choose_dtype(base, settings)
    return {
        **LATER,
        **on_device,
        "dtype": dtype,
        "threads": threads,
        "products": library,
        "gradient_checkpointing": choose_checkpointing(base, settings, dtype),
    }


def resume(plan: Mapping[str, Any]) -> None:
    """Set up this process as the run began.

    Raises UserError when its device is no longer there, or Liger Kernel, if it used that.
    """
    torch.set_num_threads(plan["threads"])
    use_library(plan["products"])
    same_device(_kept(plan, "device"))
    if _kept(plan, "variant") == "liger":
        require_liger()


def open_engine(
    base: Path, settings: TrainSettings, plan: Mapping[str, Any], examples: ExampleSets
) -> "TorchEngine":
    """Load the base with a new adapter, and check that both compute the model's own logits.

    Raises UserError for a model that cannot be loaded, or whose logits training would compute otherwise.
    """
    device = torch.device(_kept(plan, "device"))
    enter(device)
    body = load_base(base, plan["dtype"], device=device, bits=settings.base_bits)
    probe = _probe(examples, _kept(plan, "attention"))
    ids = torch.from_numpy(probe.ids).to(device)
    bounds = probe.starts.tolist() if isinstance(probe, PackedBatch) else [0, ids.shape[1]]
    records = [ids[:, first:end] for first, end in pairwise(bounds)]
    alone = _own_logits(body, records)
    require_own_logits(body, records[0], alone[0], SAME)
    model = add_adapter(body, settings)
    replace_forwards(model)
    if isinstance(probe, PackedBatch):
        body.set_attn_implementation(IMPLEMENTATION)
    apply_variant(body, _kept(plan, "variant"))
    packed = packed_arguments(probe, device)
    with uncompiled(body):  # compiled layers are compared on a whole row, when the engine is made
        require_own_logits(body, ids, torch.cat(alone, 1), NEAR[plan["dtype"]], packed)
    if plan["gradient_checkpointing"]:
        body.activation_checkpointing_enable(offload=_kept(plan, "offload"))
    return TorchEngine(model, settings, plan, examples)


class TorchEngine:
    """A model with its adapter in torch, and the optimizer of the adapter; see `TrainingEngine`."""

    def __init__(
        self, model: PeftModel, settings: TrainSettings, plan: Mapping[str, Any], examples: ExampleSets
    ) -> None:
        """Make the optimizer for the adapter of `model`; on a device, measure whether it repeats itself."""
        self.model, self._plan = model, plan
        self.device = torch.device(_kept(plan, "device"))
        self.packs: bool = _kept(plan, "attention") != "rows"
        lengths = [len(example.ids) for example in examples.training]
        variant = _kept(plan, "variant")
        self._block = row_block(variant, settings.batch_tokens, _kept(plan, "attention"))
        self._room = row_room(variant, lengths, settings.batch_tokens)
        self._scale = LossScale() if plan["dtype"] == "float16" else None
        self._parameters = adapter_parameters(model)
        self._optimizer = torch.optim.AdamW(
            self._parameters.values(),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self._probe = _usual_row(examples.training, settings.batch_tokens)
        self._resumed_off: float | None = None
        self._is_on_cpu = _kept(plan, "device") == CPU  # where everything repeats itself bit for bit
        self._repeats: Repeatability | None = None
        if not self._is_on_cpu:
            self._repeats = make_repeatable(self._gradient)
        if variant == "compiled":
            self._require_compiled_alike(plan["dtype"])

    def describe(self) -> dict[str, Any]:
        """Return the sizes of base and adapter, what the run decided when it began, and what was measured."""
        trainable, _ = self.model.get_nb_trainable_parameters()
        decided = {name: self._plan[name] for name in sorted(PLAN)}
        decided |= {name: _kept(self._plan, name) for name in sorted(LATER)}
        measured: dict[str, Any] = {}
        if self._repeats is not None:
            measured["repeats_exactly"] = self._repeats.is_exact
            measured["repeats_within"] = self._repeats.difference
        if self._resumed_off is not None:
            measured["resumed_within"] = self._resumed_off
        return {"parameters": _frozen(self.model), "adapter_parameters": trainable} | decided | measured

    def take_step(self, batches: Sequence[Sequence[Example]], *, rate: float, clip: float) -> StepNumbers:
        """Take one optimizer step, unless loss or norm are not finite."""
        self.model.train()
        learned = sum(example.trained for batch in batches for example in batch)
        laid_out = [self._lay_out(batch) for batch in batches]
        loss = self._backward(laid_out, learned)
        norm = self._clip(clip)
        while self._scale and math.isfinite(loss) and not math.isfinite(norm) and self._scale.shrink():
            self._optimizer.zero_grad()
            loss = self._backward(laid_out, learned)
            norm = self._clip(clip)
        if math.isfinite(loss) and math.isfinite(norm):
            for group in self._optimizer.param_groups:
                group["lr"] = rate
            self._optimizer.step()
            if self._scale:
                self._scale.note_step()
        self._optimizer.zero_grad()
        return StepNumbers(loss=loss, norm=norm)

    def evaluate(self, examples: Sequence[Example]) -> float:
        """Return the summed loss of one batch."""
        self.model.eval()
        with torch.no_grad(), uncompiled(self.model):
            return float(summed_loss(self.model, self._lay_out(examples)))

    def save_adapter(self, folder: Path) -> None:
        """Write the adapter as PEFT does."""
        folder.mkdir()
        config = self.model.peft_config["default"].to_dict()
        # PEFT has sets here, whose order changes from run to run, and the name of a folder on this machine.
        config = {name: sorted(value) if isinstance(value, set) else value for name, value in config.items()}
        config |= {"base_model_name_or_path": None, "inference_mode": True}
        atomic_write(folder / CONFIG, json.dumps(config, sort_keys=True, indent=1, default=str) + "\n")
        tensors = get_peft_model_state_dict(self.model)
        save_tensors({name: _array(value) for name, value in tensors.items()}, folder / WEIGHTS)

    def save_state(self, path: Path) -> None:
        """Write the optimizer's state as tensors named "entry/parameter", torch's generators and the rest."""
        state = {
            f"{entry}/{name}": _array(value)
            for name, parameter in self._parameters.items()
            for entry, value in self._optimizer.state[parameter].items()
        }
        state[RANDOM] = _array(torch.get_rng_state())
        if self._scale:
            state[SCALE] = _array(torch.tensor([self._scale.value, float(self._scale.steady)]))
        if not self._is_on_cpu:
            state[DEVICE_RANDOM] = _array(_generator(self.device).get_rng_state())
            state[LOSS] = _array(torch.tensor([self.evaluate(self._probe)], dtype=torch.float64))
        save_tensors(state, path)

    def load(self, adapter: Path, state: Path) -> None:
        """Take over a checkpoint's adapter, optimizer and generators.

        On a device, which may round otherwise than before, raises FinalError when the loss on the same
        records is not what it was.
        """
        weights = load_tensors(adapter / WEIGHTS)
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(torch.from_numpy(weights[name.replace(".default.", ".")]))
        tensors = load_tensors(state)
        torch.set_rng_state(torch.from_numpy(tensors.pop(RANDOM)))
        if not self._is_on_cpu:
            _generator(self.device).set_rng_state(torch.from_numpy(tensors.pop(DEVICE_RANDOM)))
        if self._scale:
            value, steady = tensors.pop(SCALE)
            self._scale.value, self._scale.steady = float(value), int(steady)
        before = tensors.pop(LOSS, None)
        for key, value in tensors.items():
            entry, _, name = key.partition("/")
            self._optimizer.state[self._parameters[name]][entry] = torch.from_numpy(value).to(self.device)
        if before is not None:
            self._require_same_loss(float(before[0]))

    def _lay_out(self, examples: Sequence[Example]) -> TrainingBatch:
        if not self.packs:
            return collate(examples)
        return pack(examples, _kept(self._plan, "attention"), self._block, self._room)

    def _backward(self, batches: Sequence[TrainingBatch], learned: int) -> float:
        """Add the batches' gradients, times the scale, and return their loss. Waits for the device once."""
        scale = self._scale.value if self._scale else 1.0
        parts: list[Tensor] = []
        for batch in batches:
            part = summed_loss(self.model, batch) / learned
            (part * scale if self._scale else part).backward()
            parts.append(part.detach())
        return sum(float(part) for part in parts)

    def _clip(self, clip: float) -> float:
        """Undo the scale, limit the gradient's norm, and return what it was."""
        if self._scale:
            for parameter in self._parameters.values():
                if parameter.grad is not None:
                    parameter.grad.div_(self._scale.value)
        return float(torch.nn.utils.clip_grad_norm_(self._parameters.values(), clip or math.inf))

    def _gradient(self) -> Tensor:
        """Return the gradient of the first records, and leave no trace; nothing is dropped out."""
        without_dropout(self.model)
        batch = self._lay_out(self._probe)
        self._backward([batch], max(1, len(batch.targets)))
        gradients = [p.grad.flatten() for p in self._parameters.values() if p.grad is not None]
        self._optimizer.zero_grad()
        return torch.cat(gradients).nan_to_num_()

    def _require_compiled_alike(self, dtype: str) -> None:
        """Raise UserError where the compiler fails, or compiled layers have other gradients."""
        with uncompiled(self.model):
            expected = self._gradient()
        try:
            require_alike(self._gradient(), expected, dtype)
        except UserError:
            raise
        except Exception as error:  # compilers fail in ways of their own
            raise UserError(
                f"The model's layers cannot be compiled here ({reason_of(error)}).", "Set compile to off."
            ) from error

    def _require_same_loss(self, before: float) -> None:
        now = self.evaluate(self._probe)
        self._resumed_off = abs(now - before) / max(abs(before), 1e-9)
        if not self._resumed_off <= RESUMED:
            raise FinalError(
                f"{_kept(self._plan, 'device_name')} now computes the loss of the same records as {now:.4g}; "
                f"when the checkpoint was saved it was {before:.4g}. So the training cannot be resumed.",
                "Restore the driver and the packages of that time, or start a new training: another seed "
                "makes one.",
            )


def _kept(plan: Mapping[str, Any], name: str) -> Any:
    """Return what a plan says, also one that was made before it said so."""
    return plan.get(name, LATER[name])


def _usual_row(examples: Sequence[Example], tokens: int) -> Sequence[Example]:
    """Return the first records that together fill a batch."""
    ends = list(accumulate(len(example.ids) for example in examples))
    return examples[: max(1, sum(end <= tokens for end in ends))]


def _generator(device: torch.device) -> Any:
    """Return the module whose functions read and set the state of the device's random generator."""
    return torch if device.type == "cpu" else torch.get_device_module(device)


def _probe(examples: ExampleSets, attention: str) -> TrainingBatch:
    """Return the first tokens of some records, laid out as training lays them out."""
    some = [
        Example(id=one.id, group=one.group, ids=one.ids[:PROBE], mask=one.mask[:PROBE])
        for one in examples.training[: 1 if attention == "rows" else 3]
    ]
    return collate(some) if attention == "rows" else pack(some, attention)  # type: ignore[arg-type]


def _own_logits(body: PreTrainedModel, records: Sequence[Tensor]) -> list[Tensor]:
    """Return the logits [1, n, vocabulary] that each record [1, n] has alone."""
    body.eval()
    with torch.no_grad():
        return [body(input_ids=ids).logits for ids in records]


def _frozen(model: PeftModel) -> int:
    """Return how many weights of the base there are; packed ones count as many as they were."""
    count = 0
    for module in model.get_base_model().modules():
        own = sum(p.numel() for p in module.parameters(recurse=False) if not p.requires_grad)
        packed = getattr(module, "packed", None)
        count += own + (0 if packed is None else module.in_features * module.out_features)
    return count


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.detach().contiguous().cpu().numpy()
    return array
