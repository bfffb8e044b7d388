"""Checkpoints: everything that a run needs to resume bit for bit as if it had never stopped.

A checkpoint is a folder `step-N` of safetensors and JSON files with a manifest of their SHA-256. It is
written under another name, flushed to the disk and renamed: it is whole, or a resumed run skips it.
"""

import contextlib
import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np

from orca_desk.errors import FinalError
from orca_desk.files import atomic_write, file_sha256, sync_folder
from orca_desk.models.base_identity import KEY, BaseIdentity
from orca_desk.student.engine import TrainingEngine
from orca_desk.student.lora import CONFIG, WEIGHTS
from orca_desk.student.tensor_files import load_tensors, save_tensors

STORED = 2  # newest checkpoints to store, beside the best one
KEPT = "adapters"  # folder, beside the checkpoints, of the adapters of those that were removed
MOST_KEPT = 8  # adapters, spread over the training
MOST_BYTES = 2**30  # of all of them
MANIFEST = "manifest.json"
STATE = "state.safetensors"  # what the engine needs beside the adapter: optimizer, random generators


@dataclass(kw_only=True)
class TrainingProgress:
    """How far a run is. `step` counts the finished steps and is also the position in the data.

    `base_loss` is the validation loss of the untrained student, `best_loss` the lowest so far, from step 0
    on: `best_step` is 0 while no step has improved on the base. `adapter_loss` and `adapter_step` are the
    best of the trained steps. `waited` counts evaluations since the last that improved by the stop rule's
    margin on `reference`, the loss of the one before it; `metrics` holds the newest metrics.
    """

    step: int = 0
    tokens: int = 0
    trained_tokens: int = 0
    base_loss: float | None = None
    best_loss: float | None = None
    best_step: int | None = None
    adapter_loss: float | None = None
    adapter_step: int | None = None
    reference: float | None = None
    waited: int = 0
    metrics: list[dict[str, Any]] = field(default_factory=list)

    def note_loss(self, loss: float, *, margin: float = 0.0) -> None:
        """Remember the validation loss of this step, and whether it is the best so far.

        A loss that is lower by no more than `margin` leaves the stop rule waiting.
        """
        if self.step == 0:
            self.base_loss = loss
        elif self.adapter_loss is None or loss < self.adapter_loss:
            self.adapter_loss, self.adapter_step = loss, self.step
        if self.best_loss is None or loss < self.best_loss:
            self.best_loss, self.best_step = loss, self.step
        if self.reference is None or loss < self.reference - margin:
            self.reference, self.waited = loss, 0
        else:
            self.waited += 1

    def forget_adapter(self) -> None:
        """Forget the best trained step, whose checkpoint is lost."""
        self.adapter_loss = self.adapter_step = None
        self.best_loss, self.best_step = self.base_loss, None if self.base_loss is None else 0
        self.reference = self.base_loss


def save(folder: Path, engine: TrainingEngine, progress: TrainingProgress) -> Path:
    """Write `folder`/step-N, all or nothing, and return it; then remove checkpoints no longer needed."""
    final = folder / f"step-{progress.step}"
    part = folder / f".{final.name}.part"
    for leftover in (*folder.glob(".step-*.part"), final):
        if leftover.exists():
            shutil.rmtree(leftover)
    with _removed_on_failure(part):
        part.mkdir(parents=True)
        engine.save_adapter(part / "adapter")
        engine.save_state(part / STATE)
        _write_json(part / "state.json", {"progress": asdict(progress), "random": _random_states()})
        files = sorted(path.relative_to(part).as_posix() for path in part.rglob("*") if path.is_file())
        _write_json(part / MANIFEST, {name: file_sha256(part / name) for name in files})
        _publish(part, final)
    _prune(folder)
    return final


def restore_newest(folder: Path, engine: TrainingEngine, warn: Callable[[str], None]) -> TrainingProgress:
    """Restore the engine and the random states from the newest whole checkpoint.

    Skips a damaged checkpoint with a sentence to `warn`, and forgets a best one that is damaged. Without a
    whole checkpoint, returns a new TrainingProgress.
    """
    for path in reversed(in_order(folder)):
        if not is_whole(path):
            warn(f"The checkpoint {path.name} is damaged and was skipped.")
            continue
        progress = _restore(path, engine)
        if progress.adapter_step and not is_whole(folder / f"step-{progress.adapter_step}"):
            warn(f"The best checkpoint, step-{progress.adapter_step}, is damaged and was skipped.")
            progress.forget_adapter()
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


def publish_adapter(source: Path, final: Path, base: BaseIdentity) -> None:
    """Copy the adapter folder `source` to `final`, with the identity of its base.

    `final` is never incomplete, and the adapter that it held goes only once the new one is there:
    `recover_adapter` brings it back after a crash.
    """
    recover_adapter(final)
    part, old = (final.with_name(f".{final.name}.{state}") for state in ("part", "old"))
    for leftover in (part, old):
        if leftover.exists():
            shutil.rmtree(leftover)
    try:
        with _removed_on_failure(part):
            part.mkdir()
            save_tensors(load_tensors(source / WEIGHTS), part / WEIGHTS, {KEY: base.to_json()})
            config = json.loads((source / CONFIG).read_text("utf-8"))
            _write_json(part / CONFIG, config | {"base_model_name_or_path": base.name})
            if final.exists():
                final.rename(old)
            _publish(part, final)
    except BaseException:
        recover_adapter(final)
        raise
    if old.exists():
        shutil.rmtree(old)


def recover_adapter(final: Path) -> None:
    """Bring back the adapter that a `publish_adapter` which was cut off had moved away."""
    old = final.with_name(f".{final.name}.old")
    if old.exists() and not final.exists():
        old.rename(final)
        sync_folder(final.parent)


def require_effect(adapter: Path) -> None:
    """Raise FinalError for an adapter that changes nothing, or whose values are not finite."""
    tensors = load_tensors(adapter / WEIGHTS)
    if not all(np.isfinite(values).all() for values in tensors.values()):
        raise FinalError(
            f"The adapter in {adapter} overflowed: not all of its values are finite.",
            "Lower the learning rate.",
        )
    if not any(values.any() for name, values in tensors.items() if ".lora_B." in name):
        raise FinalError(
            f"The adapter in {adapter} changes nothing: its training had no effect.",
            "Train for more steps or with a higher learning rate.",
        )


def _restore(path: Path, engine: TrainingEngine) -> TrainingProgress:
    engine.load(path / "adapter", path / STATE)
    _set_random_states(json.loads((path / "state.json").read_text("utf-8"))["random"])
    return _read_progress(path)


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
    """Remove all but the newest checkpoints and the best trained one of each."""
    present = in_order(folder)
    newest = present[-STORED:]
    stored = {path.name for path in newest} | {f"step-{_adapter_step(path)}" for path in newest}
    for path in present:
        if path.name not in stored:
            _keep_adapter(path)
            shutil.rmtree(path)


def step_of(adapter: Path) -> int:
    """Return the step of an adapter: one in its checkpoint's folder, or one that was kept alone."""
    name = adapter.parent.name if adapter.name == "adapter" else adapter.name
    return int(name.removeprefix("step-"))


def _keep_adapter(checkpoint: Path) -> None:
    """Move the adapter out of a checkpoint that is removed, so that a training can be looked at over time.

    At most `MOST_KEPT` stay, spread evenly over the steps. One that cannot be moved is lost with the rest:
    nothing resumes from it.
    """
    kept = checkpoint.parent / KEPT
    with contextlib.suppress(OSError):
        kept.mkdir(exist_ok=True)
        target = kept / checkpoint.name
        if target.exists():
            shutil.rmtree(target)
        (checkpoint / "adapter").rename(target)
        size = sum(path.stat().st_size for path in target.iterdir())
        _thin_out(kept, min(MOST_KEPT, MOST_BYTES // max(1, size)))


def _thin_out(kept: Path, most: int) -> None:
    """Remove adapters until `most` are left: always the one that leaves the smallest gap.

    Gaps are those of the steps' square roots, as a student changes most at the beginning.
    """
    paths = in_order(kept)
    while len(paths) > most:
        steps = [0.0, *(sqrt(step_of(path)) for path in paths)]
        gaps = [steps[n + 1] - steps[n - 1] for n in range(1, len(paths))] or [0]
        shutil.rmtree(paths.pop(gaps.index(min(gaps))))


def _adapter_step(path: Path) -> int | None:
    """Return the best trained step by a checkpoint; None where it is unreadable.

    Reads only its small state file. Whether the checkpoint is whole, `restore_newest` finds out.
    """
    try:
        return _read_progress(path).adapter_step
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read_progress(path: Path) -> TrainingProgress:
    stored = json.loads((path / "state.json").read_text("utf-8"))["progress"]
    if "adapter_step" not in stored:  # written when only trained steps could be the best
        stored |= {"adapter_step": stored["best_step"], "adapter_loss": stored["best_loss"]}
    if "reference" not in stored:  # written when every lower loss was an improvement
        stored["reference"] = stored["best_loss"]
    return TrainingProgress(**stored)


@contextlib.contextmanager
def _removed_on_failure(part: Path) -> Iterator[None]:
    """Remove the folder `part` when the block raises: on a full disk its space is needed."""
    try:
        yield
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _publish(part: Path, final: Path) -> None:
    """Flush a finished folder to the disk and rename it."""
    for path in part.rglob("*"):
        if path.is_dir():
            sync_folder(path)
    sync_folder(part)
    part.rename(final)
    sync_folder(final.parent)


def _write_json(path: Path, value: Any) -> None:
    atomic_write(path, json.dumps(value, sort_keys=True, indent=1, default=str) + "\n")
