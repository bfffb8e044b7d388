"""Training with torch: what a run decides first, and the engine that takes its steps."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, get_peft_model_state_dict

from orca_desk.files import atomic_write
from orca_desk.models.model_file import ModelFile
from orca_desk.student.data import Example, ExampleSets
from orca_desk.student.engine import StepNumbers
from orca_desk.student.lora import CONFIG, WEIGHTS
from orca_desk.student.packing import collate
from orca_desk.student.settings import TrainSettings
from orca_desk.student.tensor_files import Array, load_tensors, save_tensors
from orca_desk.student.torch.kernels import replace_forwards
from orca_desk.student.torch.loss import NEAR, SAME, require_own_logits, summed_loss
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

PLAN = frozenset({"dtype", "threads", "products", "gradient_checkpointing"})
PROBE = 32  # tokens of the first record on which the training path is compared with the model's own
RANDOM = "random.torch"


def decide(base: ModelFile, settings: TrainSettings) -> dict[str, Any]:
    """Return threads, library of products, dtype and checkpointing for a new run, and set them up.

    Raises UserError when the training does not fit in memory.
    """
    threads = choose_threads(settings)
    torch.set_num_threads(threads)
    library = choose_library(base, settings)
    use_library(library)
    dtype = choose_dtype(base, settings)
    return {
        "dtype": dtype,
        "threads": threads,
        "products": library,
        "gradient_checkpointing": choose_checkpointing(base, settings, dtype),
    }


def resume(plan: Mapping[str, Any]) -> None:
    """Use the threads and the library of products that the run began with."""
    torch.set_num_threads(plan["threads"])
    use_library(plan["products"])


def open_engine(
    base: Path, settings: TrainSettings, plan: Mapping[str, Any], examples: ExampleSets
) -> "TorchEngine":
    """Load the base with a new adapter, and check that both compute the model's own logits.

    Raises UserError for a model that cannot be loaded, or whose logits training would compute otherwise.
    """
    body = load_base(base, plan["dtype"])
    probe = torch.tensor([examples.training[0].ids[:PROBE]])
    with torch.no_grad():
        reference = body.eval()(input_ids=probe).logits
    require_own_logits(body, probe, reference, SAME)
    model = add_adapter(body, settings)
    replace_forwards(model)
    require_own_logits(body, probe, reference, NEAR[plan["dtype"]])
    if plan["gradient_checkpointing"]:
        body.activation_checkpointing_enable()
    return TorchEngine(model, settings, plan)


class TorchEngine:
    """A model with its adapter in torch, and the optimizer of the adapter; see `TrainingEngine`."""

    packs = False

    def __init__(self, model: PeftModel, settings: TrainSettings, plan: Mapping[str, Any]) -> None:
        """Make the optimizer for the adapter of `model`."""
        self.model, self._plan = model, plan
        self._parameters = adapter_parameters(model)
        self._optimizer = torch.optim.AdamW(
            self._parameters.values(),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            fused=True,
        )

    def describe(self) -> dict[str, Any]:
        """Return the sizes of base and adapter, and what the run decided when it began."""
        trainable, parameters = self.model.get_nb_trainable_parameters()
        decided = {name: self._plan[name] for name in sorted(PLAN)}
        return {"parameters": parameters - trainable, "adapter_parameters": trainable} | decided

    def take_step(self, batches: Sequence[Sequence[Example]], *, rate: float, clip: float) -> StepNumbers:
        """Take one optimizer step, unless loss or norm are not finite."""
        self.model.train()
        learned = sum(example.trained for batch in batches for example in batch)
        loss = 0.0
        for batch in batches:
            part = summed_loss(self.model, collate(batch)) / learned
            part.backward()
            loss += float(part.detach())
        norm = float(torch.nn.utils.clip_grad_norm_(self._parameters.values(), clip or math.inf))
        if math.isfinite(loss) and math.isfinite(norm):
            for group in self._optimizer.param_groups:
                group["lr"] = rate
            self._optimizer.step()
        self._optimizer.zero_grad()
        return StepNumbers(loss=loss, norm=norm)

    def evaluate(self, examples: Sequence[Example]) -> float:
        """Return the summed loss of one batch."""
        self.model.eval()
        with torch.no_grad():
            return float(summed_loss(self.model, collate(examples)))

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
        """Write the optimizer's state as tensors named "entry/parameter", and torch's generator."""
        state = {
            f"{entry}/{name}": _array(value)
            for name, parameter in self._parameters.items()
            for entry, value in self._optimizer.state[parameter].items()
        }
        save_tensors(state | {RANDOM: _array(torch.get_rng_state())}, path)

    def load(self, adapter: Path, state: Path) -> None:
        """Take over a checkpoint's adapter, optimizer and generator."""
        weights = load_tensors(adapter / WEIGHTS)
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(torch.from_numpy(weights[name.replace(".default.", ".")]))
        tensors = load_tensors(state)
        torch.set_rng_state(torch.from_numpy(tensors.pop(RANDOM)))
        for key, value in tensors.items():
            entry, _, name = key.partition("/")
            self._optimizer.state[self._parameters[name]][entry] = torch.from_numpy(value)


def _array(tensor: torch.Tensor) -> Array:
    array: Array = tensor.detach().contiguous().numpy()
    return array
