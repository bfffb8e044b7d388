"""Trains a LoRA adapter on a snapshot's records, or resumes an interrupted training."""

import json
import random
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from orca_desk.errors import UserError
from orca_desk.files import atomic_write, file_sha256
from orca_desk.models.base_identity import BaseIdentity, identify_base
from orca_desk.models.hashes import hash_together
from orca_desk.models.model_file import ModelFile
from orca_desk.prompts.hf import HFTokenizer
from orca_desk.prompts.renderer import Renderer
from orca_desk.student import checkpoints, engines
from orca_desk.student.base import read_base
from orca_desk.student.data import ExampleSets, prepare
from orca_desk.student.loop import Emit, Ending, Loop, RunControl
from orca_desk.student.settings import TrainSettings

HASHED = ("*.json", "*.safetensors", "*.jinja")  # files of the model: a resumed run needs the same
ADAPTER = "adapter"  # the folder of the finished adapter within the run's
INPUTS = frozenset({"settings", "model", "records"})
EARLIER = {"engine": "torch"}  # of a run that began when there was one engine


@dataclass(frozen=True, kw_only=True)
class TrainOutcome:
    """How a run ended: "finished", "early" or "stopped" (by the user; the same call resumes it).

    `adapter` is the PEFT folder, None if the run was stopped before its first step. The run took `step` of
    `steps`. `best_step` is the trained step with the lowest validation loss, which the adapter holds; None
    without an evaluation, and where the last step is used whatever its loss. `base_loss` is the validation
    loss of the untrained student: a higher `best_loss` means that the training made it worse.
    """

    ending: Ending
    adapter: Path | None
    step: int
    steps: int
    best_step: int | None
    best_loss: float | None
    base_loss: float | None
    trained_tokens: int


def train(
    *, base: Path, records: Path, out: Path, settings: TrainSettings, emit: Emit, control: RunControl
) -> TrainOutcome:
    """Train an adapter for the model folder `base` on the JSONL `records`, and write it to `out`/adapter.

    Resumes from the newest whole checkpoint in `out`/checkpoints; on a CPU, with the same version of Orca
    Desk, the result then equals that of an uninterrupted run bit for bit. Emits report, metrics, eval,
    checkpoint, paused, resumed and warning; `control` pauses and stops. Raises UserError for records, a model
    or settings that cannot be trained, for inputs that have changed since the run in `out` began, and when
    training diverges.
    """
    checkpoints.recover_adapter(out / ADAPTER)
    student = read_base(base)
    renderer = Renderer(HFTokenizer.load(base))
    examples = prepare(records, renderer, settings, context=student.context)
    _require_known_tokens(examples, student)
    random.seed(settings.seed)
    np.random.seed(settings.seed)
    plan, engine = _begin(out, student, records, settings, examples, emit)
    folder = out / "checkpoints"
    loop = Loop(
        engine=engine, examples=examples, settings=settings, folder=folder, emit=emit, control=control
    )
    emit({"event": "report", **examples.report.to_dict(), **_description(loop, plan)})
    ending = loop.run()
    progress, uses_best = loop.progress, settings.keep_best
    return TrainOutcome(
        ending=ending,
        adapter=_publish(out, loop, _identity(student, plan)),
        step=progress.step,
        steps=len(loop.steps),
        best_step=progress.adapter_step if uses_best else None,
        best_loss=progress.adapter_loss if uses_best else None,
        base_loss=progress.base_loss,
        trained_tokens=progress.trained_tokens,
    )


def _identity(base: ModelFile, plan: dict[str, Any]) -> BaseIdentity:
    """Return the identity of the base, whose files were hashed when the run began."""
    hashes = plan["inputs"]["model"]
    return identify_base(base.path, hash_together({file.name: hashes[file.name] for file in base.files}))


def _begin(
    out: Path, base: ModelFile, records: Path, settings: TrainSettings, examples: ExampleSets, emit: Emit
) -> engines.Opened:
    """Return what the run in `out` decided when it began, and its engine; a new run decides now.

    Raises UserError when settings, model or records differ from those at its start.
    """
    inputs = {
        "settings": settings.to_dict(),
        "model": _fingerprint(chain.from_iterable(map(base.path.glob, HASHED))),
        "records": _fingerprint([records]),
    }
    path = out / "run.json"
    if path.exists():
        plan = _read_plan(path)
        _require_same(plan["inputs"], inputs, out)
        return plan, engines.resume(base.path, settings, plan, examples)

    def warn(sentence: str) -> None:
        emit({"event": "warning", "message": sentence})

    decided, engine = engines.begin(base, settings, examples, warn)
    plan = {"inputs": inputs} | decided
    atomic_write(path, json.dumps(plan, sort_keys=True, indent=1) + "\n")
    return plan, engine


def _read_plan(path: Path) -> dict[str, Any]:
    """Return what a run decided when it began. Raises UserError for a damaged file."""
    try:
        plan = json.loads(path.read_text("utf-8"))
        plan = EARLIER | plan
        is_whole = plan.keys() >= engines.keys_of_plan(plan["engine"]) and plan["inputs"].keys() >= INPUTS
    except (ValueError, AttributeError, KeyError, TypeError):
        is_whole = False
    if not is_whole:
        raise UserError(
            f"{path} is damaged, so the training cannot be resumed.",
            "Start a new training: another seed makes one.",
        )
    return dict(plan)


def _require_same(began: dict[str, Any], now: dict[str, Any], out: Path) -> None:
    hint = "Restore what it was, or start a new training: another seed makes one."
    for name in ("model", "records"):
        if began[name] != now[name]:
            raise UserError(
                f"The {name} changed after the training in {out} began: {_changed(began[name], now[name])}.",
                hint,
            )
    before = asdict(TrainSettings.from_dict(began["settings"]))
    for name, value in asdict(TrainSettings.from_dict(now["settings"])).items():
        if before[name] != value:
            raise UserError(
                f"The setting {name} was {before[name]!r} when the training in {out} began; it is {value!r} "
                "now.",
                hint,
            )


def _changed(before: dict[str, str], now: dict[str, str]) -> str:
    """Return the names of the files that were changed, added or removed."""
    return ", ".join(sorted(name for name in before | now if before.get(name) != now.get(name)))


def _fingerprint(files: Iterable[Path]) -> dict[str, str]:
    return {path.name: file_sha256(path) for path in sorted(files)}


def _description(loop: Loop, plan: dict[str, Any]) -> dict[str, Any]:
    own = {"engine": plan["engine"], "steps": len(loop.steps), "resumed_step": loop.progress.step}
    return own | loop.engine.describe()


def _publish(out: Path, loop: Loop, base: BaseIdentity) -> Path | None:
    """Publish the adapter of the best trained or the last checkpoint; None before the first step."""
    progress = loop.progress
    if progress.step == 0:
        return None
    chosen = (loop.settings.keep_best and progress.adapter_step) or progress.step
    source = out / "checkpoints" / f"step-{chosen}" / "adapter"
    checkpoints.require_effect(source)
    checkpoints.publish_adapter(source, out / ADAPTER, base)
    return out / ADAPTER


def _require_known_tokens(examples: ExampleSets, base: ModelFile) -> None:
    highest = max(max(example.ids) for example in (*examples.training, *examples.evaluation))
    if highest >= base.vocab:
        raise UserError(
            f"The tokenizer produces token {highest}, but the model has only {base.vocab} tokens.",
            "The tokenizer does not belong to this model: download the model again.",
        )
