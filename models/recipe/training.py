"""Pretraining of one mini: AdamW on fresh samples, in length-sorted micro-batches without packing.

No sample sees another. A process uses one thread (or the GPU, when there is one). Several processes can
train one model: each reads its own samples and the gradients are averaged.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from models.recipe.model import Llama
from models.recipe.samples import Sample, Stream

MICRO_BATCH = 8  # samples
MICRO_A_STEP = 2
SAMPLES_A_STEP = MICRO_BATCH * MICRO_A_STEP
STEPS_A_POOL = 4  # samples are sorted by length within so many steps
WARM_UP = 200
DECAY_SHARE = 0.25
PADDING = 0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and how fast one model learns, and how often it is looked at."""

    steps: int
    learning_rate: float
    look_every: int = 250


def device() -> torch.device:
    """Return the GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def learning_rate(step: int, plan: Plan) -> float:
    """Return the rate of a step (from 0): warm-up, a plateau, then linearly to nothing."""
    decay = int(plan.steps * DECAY_SHARE)
    return plan.learning_rate * min(1.0, (step + 1) / WARM_UP, (plan.steps - step) / decay)


def batches(stream: Stream) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """Yield each step's micro-batches (ids, weights) [rows, time].

    Samples of like length share a micro-batch, so that little is padding; a step has all lengths.
    """
    while True:
        pool = islice(stream, SAMPLES_A_STEP * STEPS_A_POOL)
        samples = sorted(pool, key=lambda sample: len(sample.ids))
        micro = [samples[start : start + MICRO_BATCH] for start in range(0, len(samples), MICRO_BATCH)]
        for step in range(STEPS_A_POOL):
            yield [pad(rows) for rows in micro[step::STEPS_A_POOL]]


def pad(samples: list[Sample]) -> tuple[Tensor, Tensor]:
    """Return ids and loss weights of samples as one rectangle; padding weighs nothing."""
    length = max(len(sample.ids) for sample in samples)
    ids = torch.full((len(samples), length), PADDING)
    weights = torch.zeros(len(samples), length)
    for row, sample in enumerate(samples):
        ids[row, : len(sample.ids)] = torch.tensor(sample.ids)
        weights[row, : len(sample.ids)] = torch.tensor(sample.weights)
    return ids, weights


def weighted_loss(model: Llama, ids: Tensor, weights: Tensor) -> Tensor:
    """Return the summed weighted cross-entropy; the head runs only where a token is trained."""
    hidden, _ = model.hidden(ids[:, :-1])
    trained = weights[:, 1:] > 0
    logits = model.logits(hidden[trained]).float()
    losses = F.cross_entropy(logits, ids[:, 1:][trained], reduction="none")
    return (losses * weights[:, 1:][trained]).sum()


def optimizer_for(model: Llama) -> torch.optim.AdamW:
    """Return AdamW with weight decay on the blocks' matrices only."""
    matrices = [weight for weight in model.blocks.parameters() if weight.dim() > 1]
    chosen = set(matrices)
    rest = [weight for weight in model.parameters() if weight not in chosen]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)


def train(
    model: Llama, stream: Stream, plan: Plan, folder: Path, look: Callable[[Llama], Mapping[str, object]]
) -> dict[str, float]:
    """Train `model` in place; `look` is called now and then and its findings go to `folder`/log.jsonl.

    Resumes from `folder`/checkpoint.pt if it exists. Returns tokens read, tokens trained, seconds.
    """
    place = device()
    model.to(place)
    optimizer = optimizer_for(model)
    totals = {"step": 0, "tokens": 0, "learned": 0.0, "seconds": 0.0}
    _resume(model, optimizer, totals, folder)
    steps = islice(batches(stream), int(totals["step"]), None)  # winds on to where a checkpoint was
    leads = not dist.is_initialized() or dist.get_rank() == 0
    for step in range(int(totals["step"]), plan.steps):
        started = time.perf_counter()
        loss = _step(model, optimizer, next(steps), learning_rate(step, plan), totals, place)
        totals["seconds"] += time.perf_counter() - started
        totals["step"] = step + 1
        if leads and ((step + 1) % plan.look_every == 0 or step + 1 == plan.steps):
            seen = {**totals, "loss": loss, **look(model)}
            print(folder.name, json.dumps(seen), flush=True)
            with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
                log.write(json.dumps(seen) + "\n")
            _keep(model, optimizer, totals, folder)
    return totals


def _step(
    model: Llama,
    optimizer: torch.optim.AdamW,
    micro: list[tuple[Tensor, Tensor]],
    rate: float,
    totals: dict[str, float],
    place: torch.device,
) -> float:
    """Take one optimizer step. The loss is the mean over all weights of this rank's micro-batches; the ranks'
    gradients are averaged.
    """
    weight = float(sum(weights[:, 1:].sum() for _, weights in micro))
    total = 0.0
    for ids, weights in micro:
        with torch.autocast(place.type, torch.bfloat16):
            loss = weighted_loss(model, ids.to(place), weights.to(place)) / weight
        loss.backward()
        total += loss.item()
        totals["tokens"] += ids.numel()
    for group in optimizer.param_groups:
        group["lr"] = rate
    _average_gradients(model)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    totals["learned"] += weight
    return total


def _average_gradients(model: Llama) -> None:
    """Make every process's gradients the mean over all processes, if there are several."""
    if not dist.is_initialized():
        return
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def _keep(model: Llama, optimizer: torch.optim.AdamW, totals: dict[str, float], folder: Path) -> None:
    part = folder / "checkpoint.part"
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "totals": totals}, part)
    part.replace(folder / "checkpoint.pt")


def _resume(model: Llama, optimizer: torch.optim.AdamW, totals: dict[str, float], folder: Path) -> None:
    """Load the checkpoint, if any."""
    path = folder / "checkpoint.pt"
    if not path.is_file():
        return
    stored = torch.load(path, map_location=device(), weights_only=True)
    model.load_state_dict(stored["model"])
    optimizer.load_state_dict(stored["optimizer"])
    totals.update(stored["totals"])
