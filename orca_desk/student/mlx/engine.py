"""Training with MLX: what a run decides first, and the engine that takes its steps."""

import gc
import json
import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
import mlx.optimizers as optimizers
import numpy as np
from mlx.utils import tree_flatten, tree_map, tree_unflatten

from orca_desk.errors import FinalError, UserError
from orca_desk.files import atomic_write
from orca_desk.models.config import read_json
from orca_desk.models.model_file import ModelFile
from orca_desk.student.data import Example, ExampleSets
from orca_desk.student.engine import StepNumbers, UnsuitedError
from orca_desk.student.engines import USE_TORCH
from orca_desk.student.lora import CONFIG, WEIGHTS
from orca_desk.student.mlx.lm import get_total_parameters
from orca_desk.student.mlx.loss import MlxHead, summed_loss
from orca_desk.student.mlx.model import (
    KeyedDropout,
    add_adapter,
    checkpoint_layers,
    load_base,
    use_device,
)
from orca_desk.student.packing import collate
from orca_desk.student.settings import Dtype, TrainSettings
from orca_desk.student.tensor_files import Array, load_tensors, save_tensors
from orca_desk.student.torch.loss import NEAR
from orca_desk.student.torch.model import WORTH_HALVING, choose_checkpointing
from orca_desk.student.torch.reference import own_logits

PLAN = frozenset({"dtype", "device", "gradient_checkpointing"})
COMPARED = 32  # tokens of a record whose logits are compared with those of transformers
RANDOM = "random.mlx"
LOSS = "loss.probe"  # of some records at the checkpoint: a GPU may compute otherwise than it did then
RESUMED = 0.01  # by how much it may differ after a resume, as a share: as on torch's devices
PROBED = 4  # records


def decide(base: ModelFile, settings: TrainSettings, lengths: Sequence[int]) -> dict[str, Any]:
    """Return device, dtype and checkpointing for a new run.

    Raises UserError when the training does not fit in memory.
    """
    device = use_device()
    dtype = _dtype(base, settings, device)
    return {
        "device": device,
        "dtype": dtype,
        "gradient_checkpointing": choose_checkpointing(base, settings, dtype),
    }


def resume(plan: Mapping[str, Any]) -> None:
    """Use the device that the run began with. Raises UserError where that is another one now."""
    device = use_device()
    if device != plan["device"]:
        raise UserError(
            f"The training began on {plan['device']}; MLX computes on {device} now.",
            f"Choose {plan['device']} in Settings or with --device, or start a new training.",
        )


def open_engine(
    base: Path, settings: TrainSettings, plan: Mapping[str, Any], examples: ExampleSets
) -> "MlxEngine":
    """Load the base with a new adapter, and check that both compute the logits that transformers computes.

    Raises UnsuitedError for a model that mlx-lm cannot load or computes otherwise.
    """
    config = read_json(base / "config.json")
    probe = _probe(examples, config)
    reference = own_logits(base, plan["dtype"], probe, last=COMPARED)
    gc.collect()  # torch's copy of the model, before there is another one
    model = load_base(base, plan["dtype"])
    engine = MlxEngine(model, settings, plan, config, examples.training[:PROBED])
    _require_own_logits(engine.logits(probe)[-COMPARED:], reference, NEAR[plan["dtype"]], config)
    return engine


class MlxEngine:
    """A model with its adapter in MLX, and the optimizer of the adapter; see `TrainingEngine`."""

    packs = False

    def __init__(
        self,
        model: nn.Module,
        settings: TrainSettings,
        plan: Mapping[str, Any],
        config: dict[str, Any],
        probe: Sequence[Example],
    ) -> None:
        """Add a new adapter to the frozen `model`, and make its optimizer.

        On a GPU, measure on the records `probe` whether it computes the same gradient twice.
        """
        self.model, self._settings, self._plan = model, settings, plan
        self._parameters = int(get_total_parameters(model))
        self.adapted = add_adapter(model, settings)
        self._dropouts = [
            one.dropout for one in self.adapted.values() if isinstance(one.dropout, KeyedDropout)
        ]
        if plan["gradient_checkpointing"]:
            checkpoint_layers(model)
        self._head = MlxHead.of(model, config)
        self._key = mx.random.key(settings.seed)
        self._optimizer = optimizers.AdamW(
            settings.learning_rate, weight_decay=settings.weight_decay, bias_correction=True
        )
        self._loss_and_gradient = nn.value_and_grad(model, summed_loss)
        self._probe = probe
        self._measured: dict[str, Any] = {}
        if plan["device"] != "cpu":
            self._measure_repeats()

    def describe(self) -> dict[str, Any]:
        """Return the sizes of base and adapter, the version, what was decided and what was measured."""
        trained = sum(value.size for _, value in tree_flatten(self.model.trainable_parameters()))
        decided = {name: self._plan[name] for name in sorted(PLAN)}
        return {
            "parameters": self._parameters,
            "adapter_parameters": trained,
            "mlx_lm": version("mlx-lm"),
            "device_name": str(mx.device_info().get("device_name", "the processor")),
            **decided,
            **self._measured,
        }

    def logits(self, ids: Sequence[int]) -> Array:
        """Return the logits [n, vocabulary] of one row of tokens, as training computes them."""
        self.model.eval()
        states = self.model.model(mx.array([ids]))
        return np.array(self._head.logits(states[0]))

    def take_step(self, batches: Sequence[Sequence[Example]], *, rate: float, clip: float) -> StepNumbers:
        """Take one optimizer step, unless loss or norm are not finite."""
        self.model.train()
        learned = sum(example.trained for batch in batches for example in batch)
        total, gradients = mx.array(0.0), None
        for batch in batches:
            self._draw()
            loss, new = self._loss_and_gradient(self.model, self._head, collate(batch))
            gradients = new if gradients is None else tree_map(mx.add, gradients, new)
            total = total + loss
            mx.eval(total, gradients)
        gradients = tree_map(lambda gradient: gradient / learned, gradients)
        squares = [mx.square(gradient).sum() for _, gradient in tree_flatten(gradients)]
        norm = mx.sqrt(mx.stack(squares).sum())
        numbers = StepNumbers(loss=float(total.item()) / learned, norm=float(norm.item()))
        if math.isfinite(numbers.loss) and math.isfinite(numbers.norm):
            if clip and numbers.norm > clip:
                factor = clip / (numbers.norm + 1e-6)  # as torch does
                gradients = tree_map(lambda gradient: gradient * factor, gradients)
            self._optimizer.learning_rate = rate
            self._optimizer.update(self.model, gradients)
            mx.eval(self.model.trainable_parameters(), self._optimizer.state)
        return numbers

    def evaluate(self, examples: Sequence[Example]) -> float:
        """Return the summed loss of one batch."""
        self.model.eval()
        return float(summed_loss(self.model, self._head, collate(examples)).item())

    def save_adapter(self, folder: Path) -> None:
        """Write the adapter as PEFT does, whose matrices are the transposes of MLX's."""
        folder.mkdir()
        config = {
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "base_model_name_or_path": None,
            "inference_mode": True,
            "r": self._settings.rank,
            "lora_alpha": self._settings.alpha,
            "use_rslora": self._settings.rslora,
            "lora_dropout": self._settings.dropout,
            "target_modules": sorted({name.rpartition(".")[2] for name in self.adapted}),
            "bias": "none",
            "fan_in_fan_out": False,
            "init_lora_weights": True,
        }
        atomic_write(folder / CONFIG, json.dumps(config, sort_keys=True, indent=1) + "\n")
        tensors = {}
        for name, layer in self.adapted.items():
            tensors[_peft_name(name, "A")] = np.array(layer.lora_a).T
            tensors[_peft_name(name, "B")] = np.array(layer.lora_b).T
        save_tensors(tensors, folder / WEIGHTS)

    def save_state(self, path: Path) -> None:
        """Write the optimizer's state, and the key from which the next dropout comes."""
        state = {name: np.array(value) for name, value in tree_flatten(self._optimizer.state)}
        if self._plan["device"] != "cpu":
            state[LOSS] = np.array([self.evaluate(self._probe)])
        save_tensors(state | {RANDOM: np.array(self._key)}, path)

    def load(self, adapter: Path, state: Path) -> None:
        """Take over a checkpoint's adapter, optimizer and key.

        Raises FinalError when a GPU computes another loss on the same records than it did then.
        """
        weights = load_tensors(adapter / WEIGHTS)
        for name, layer in self.adapted.items():
            layer.lora_a = mx.array(weights[_peft_name(name, "A")].T)
            layer.lora_b = mx.array(weights[_peft_name(name, "B")].T)
        stored = load_tensors(state)
        before = stored.pop(LOSS, None)
        arrays = {name: mx.array(value) for name, value in stored.items()}
        self._key = arrays.pop(RANDOM)
        self._optimizer.state = tree_unflatten(list(arrays.items()))
        if before is not None:
            self._require_same_loss(float(before[0]))

    def _measure_repeats(self) -> None:
        """Note whether the gradient of some records comes twice bit for bit; dropout is off."""
        self.model.eval()
        first, second = (
            mx.concatenate([one.flatten() for _, one in tree_flatten(gradient)])
            for _, gradient in (
                self._loss_and_gradient(self.model, self._head, collate(self._probe)) for _ in range(2)
            )
        )
        self._measured["repeats_exactly"] = bool(mx.array_equal(first, second).item())
        difference = mx.linalg.norm(first - second) / mx.linalg.norm(first)
        self._measured["repeats_within"] = float(difference.item())

    def _require_same_loss(self, before: float) -> None:
        now = self.evaluate(self._probe)
        self._measured["resumed_within"] = apart = abs(now - before) / max(abs(before), 1e-9)
        if not apart <= RESUMED:
            raise FinalError(
                f"MLX now computes the loss of the same records as {now:.4g}; when the checkpoint was saved "
                f"it was {before:.4g}. So the training cannot be resumed.",
                "Restore the system and the packages of that time, or start a new training: another seed "
                "makes one.",
            )

    def _draw(self) -> None:
        """Give each dropout the key of the next batch."""
        if self._dropouts:
            self._key, key = mx.random.split(self._key)
            for dropout, one in zip(self._dropouts, mx.random.split(key, len(self._dropouts)), strict=True):
                dropout.use(one)


def _dtype(base: ModelFile, settings: TrainSettings, device: str) -> Dtype:
    """Return the number format of the base: as set, or bfloat16 on a GPU for all but small models."""
    if settings.dtype == "auto":
        return "bfloat16" if device != "cpu" and base.parameters >= WORTH_HALVING else "float32"
    return settings.dtype


def _probe(examples: ExampleSets, config: dict[str, Any]) -> list[int]:
    """Return the tokens to compare: beyond the sliding window, if a record is that long."""
    everything = (*examples.training, *examples.evaluation)
    longest = max(everything, key=lambda example: len(example.ids))
    window = config.get("sliding_window") or 0
    if 0 < window < len(longest.ids):
        return list(longest.ids[: window + COMPARED])
    return list(examples.training[0].ids[:COMPARED])


def _require_own_logits(ours: Array, reference: Array, tolerance: float, config: dict[str, Any]) -> None:
    """Raise UnsuitedError where the root mean square error is more than this share of the reference's."""
    error = float(np.sqrt(np.square(ours - reference).mean() / np.square(reference).mean()))
    if not error <= tolerance:
        raise UnsuitedError(
            f"mlx-lm {version('mlx-lm')} computes this {config.get('model_type')} model otherwise than "
            f"transformers does: its logits are off by {error:.1%}.",
            USE_TORCH,
        )


def _peft_name(module: str, side: str) -> str:
    return f"base_model.model.{module}.lora_{side}.weight"
