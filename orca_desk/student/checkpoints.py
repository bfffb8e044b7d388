"""Checkpoints: everything that a run needs to resume bit for bit as if it had never stopped.

A checkpoint is a folder `step-N` of safetensors and JSON files with a manifest of their SHA-256. It is
written under another name, flushed to the disk and renamed: it is whole, or a resumed run skips it.
"""

import json
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import load_file, save_file

from orca_desk.errors import UserError
from orca_desk.files import atomic_write, file_sha256, sync_folder
from orca_desk.student.model import adapter_parameters

STORED = 2  # newest checkpoints to store, beside the best one
MANIFEST = "manifest.json"


@dataclass(kw_only=True)
class TrainingProgress:
    """How far a run is. `step` counts the finished steps and is also the position in the data.

    `waited` counts evaluations since the best; `metrics` holds the newest metrics.
    """

    step: int = 0
    tokens: int = 0
    trained_tokens: int = 0
    best_loss: float | None = None
    best_step: int | None = None
    waited: int = 0
    metrics: list[dict[str, Any]] = field(default_factory=list)


def save(
    folder: Path, model: PeftModel, optimizer: torch.optim.Optimizer, progress: TrainingProgress
) -> Path:
    """Write `folder`/step-N, all or nothing, and return it; then remove checkpoints no longer needed."""
    final = folder / f"step-{progress.step}"
    part = folder / f".{final.name}.part"
    for leftover in (*folder.glob(".step-*.part"), final):
        if leftover.exists():
            shutil.rmtree(leftover)
    part.mkdir(parents=True)
    write_adapter(part / "adapter", model)
    state = _optimizer_tensors(model, optimizer) | {"random.torch": torch.get_rng_state()}
    _save_tensors(state, part / "state.safetensors")
    _write_json(part / "state.json", {"progress": asdict(progress), "random": _random_states()})
    files = sorted(path.relative_to(part).as_posix() for path in part.rglob("*") if path.is_file())
    _write_json(part / MANIFEST, {name: file_sha256(part / name) for name in files})
    _publish(part, final)
    _prune(folder)
    return final


def restore_newest(
    folder: Path, model: PeftModel, optimizer: torch.optim.Optimizer, warn: Callable[[str], None]
) -> TrainingProgress:
    """Restore model, optimizer and random states from the newest whole checkpoint.

    Skips a damaged checkpoint with a sentence to `warn`, and forgets a best one that is damaged. Without a
    whole checkpoint, returns a new TrainingProgress.
    """
    for path in reversed(in_order(folder)):
        if not is_whole(path):
            warn(f"The checkpoint {path.name} is damaged and was skipped.")
            continue
        progress = _restore(path, model, optimizer)
        if progress.best_step and not is_whole(folder / f"step-{progress.best_step}"):
            warn(f"The best checkpoint, step-{progress.best_step}, is damaged and was skipped.")
            progress.best_loss, progress.best_step = None, None
        return progress
    return TrainingProgress()


def in_order(folder: Path) -> list[Path]:
    """Return the checkpoint folders, oldest first."""
    found = [path for path in folder.glob("step-*") if path.name.removeprefix("step-").isdecimal()]
    return sorted(found, key=lambda path: int(path.name.removeprefix("step-")))


def is_whole(path: Path) -> bool:
    """Return whether the checkpoint's files match its manifest."""
    try:
        manifest = json.loads((path / MANIFEST).read_text("utf-8"))
        return bool(manifest) and all(file_sha256(path / name) == sha for name, sha in manifest.items())
    except (OSError, ValueError, AttributeError):
        return False


def write_adapter(folder: Path, model: PeftModel) -> None:
    """Write the adapter as PEFT does, into a new folder: the same bytes for the same weights."""
    folder.mkdir()
    config = model.peft_config["default"].to_dict()
    # PEFT has sets here, whose order changes from run to run, and the name of a folder on this machine.
    config = {name: sorted(value) if isinstance(value, set) else value for name, value in config.items()}
    config |= {"base_model_name_or_path": None, "inference_mode": True}
    _write_json(folder / "adapter_config.json", config)
    tensors = {name: t.detach().contiguous() for name, t in get_peft_model_state_dict(model).items()}
    _save_tensors(dict(sorted(tensors.items())), folder / "adapter_model.safetensors")


def publish_adapter(source: Path, final: Path) -> None:
    """Copy the adapter folder `source` to `final`, which is never incomplete."""
    part = final.with_name(f".{final.name}.part")
    if part.exists():
        shutil.rmtree(part)
    shutil.copytree(source, part)
    if final.exists():
        shutil.rmtree(final)
    _publish(part, final)


def require_effect(adapter: Path) -> None:
    """Raise UserError for an adapter that changes nothing, or whose values are not finite."""
    tensors = load_file(adapter / "adapter_model.safetensors")
    if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
        raise UserError(
            f"The adapter in {adapter} overflowed: not all of its values are finite.",
            "Lower the learning rate.",
        )
    if not any(bool(tensor.any()) for name, tensor in tensors.items() if ".lora_B." in name):
        raise UserError(
            f"The adapter in {adapter} changes nothing: its training had no effect.",
            "Train for more steps or with a higher learning rate.",
        )


def _restore(path: Path, model: PeftModel, optimizer: torch.optim.Optimizer) -> TrainingProgress:
    weights = load_file(path / "adapter" / "adapter_model.safetensors")
    parameters = adapter_parameters(model)
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(weights[name.replace(".default.", ".")])
    tensors = load_file(path / "state.safetensors")
    torch.set_rng_state(tensors.pop("random.torch"))
    for key, tensor in tensors.items():
        entry, _, name = key.partition("/")
        optimizer.state[parameters[name]][entry] = tensor
    _set_random_states(json.loads((path / "state.json").read_text("utf-8"))["random"])
    return _read_progress(path)


def _optimizer_tensors(model: PeftModel, optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Return the optimizer's state as tensors named "entry/parameter"."""
    return {
        f"{entry}/{name}": value.detach().contiguous()
        for name, parameter in adapter_parameters(model).items()
        for entry, value in optimizer.state[parameter].items()
    }


def _random_states() -> dict[str, Any]:
    """Return the states of Python's and NumPy's global generators as JSON values."""
    kind, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    version, internal, gauss_next = random.getstate()
    return {
        "python": [version, list(internal), gauss_next],
        "numpy": [kind, [int(key) for key in keys], position, has_gauss, gauss],
    }


def _set_random_states(states: dict[str, Any]) -> None:
    version, internal, gauss_next = states["python"]
    random.setstate((version, tuple(internal), gauss_next))
    kind, keys, position, has_gauss, gauss = states["numpy"]
    np.random.set_state((kind, np.array(keys, np.uint32), position, has_gauss, gauss))


def _prune(folder: Path) -> None:
    """Remove all but the newest checkpoints and the best one of each."""
    present = in_order(folder)
    stored = {path.name for path in present[-STORED:]}
    for path in present[-STORED:]:
        if is_whole(path):
            stored.add(f"step-{_read_progress(path).best_step}")
    for path in present:
        if path.name not in stored:
            shutil.rmtree(path)


def _read_progress(path: Path) -> TrainingProgress:
    return TrainingProgress(**json.loads((path / "state.json").read_text("utf-8"))["progress"])


def _publish(part: Path, final: Path) -> None:
    """Flush a finished folder to the disk and rename it."""
    for path in part.rglob("*"):
        if path.is_dir():
            sync_folder(path)
    sync_folder(part)
    part.rename(final)
    sync_folder(final.parent)


def _save_tensors(tensors: dict[str, torch.Tensor], path: Path) -> None:
    save_file(tensors, path, metadata={"format": "pt"})
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _write_json(path: Path, value: Any) -> None:
    atomic_write(path, json.dumps(value, sort_keys=True, indent=1, default=str) + "\n")
