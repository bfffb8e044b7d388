"""Puts many prompts to one model, in a worker: what generating, probing and evaluating share."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from orca_desk.machine.choice import DEVICE_VARIABLE, MEMORY_VARIABLE
from orca_desk.machine.devices import CPU
from orca_desk.method.records import FinishReason, Sampling
from orca_desk.method.turns import Turns
from orca_desk.processes.host import run_worker
from orca_desk.processes.keeping import KeptWorker
from orca_desk.processes.process import NOTHING, NativeCrashError
from orca_desk.processes.progress import JobControl, Meter, Progress
from orca_desk.processes.protocol import Message
from orca_desk.yielding import yielding


@dataclass(frozen=True, kw_only=True)
class Runner:
    """How to run a model: `batch` answers at once, `context` tokens each, `threads`. None: automatic.

    `template` is the user's chat template for it; None: its own. Steps fill it in (`inventory.templates`).
    `as_stored` is whether to compute with the file's own weights also where others would be faster.
    """

    model: Path
    adapter: Path | None = None
    batch: int | None = None
    context: int | None = None
    threads: int | None = None
    template: str | None = None
    as_stored: bool = False

    def as_job(self) -> Message:
        """Return the job for a worker."""
        return asdict(self) | {
            "model": str(self.model),
            "adapter": str(self.adapter) if self.adapter else None,
        }


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A system and a user message for the model, with the turns between; the outcome has the same `key`."""

    key: str
    system: str
    user: str
    sampling: Sampling
    turns: Turns = ()

    def as_request(self) -> Message:
        """Return the request for a worker."""
        return {
            "key": self.key,
            "messages": [["system", self.system], *map(list, self.turns), ["user", self.user]],
            "sampling": asdict(self.sampling),
        }


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A model's answer, and how the model ran."""

    key: str
    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    engine: str
    batch: int
    template_sha256: str


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why the model could not answer a prompt."""

    key: str
    reason: str


AskOutcome = Answer | Failure

# A driver that runs out of a device's memory may end the worker instead of saying so. The prompts that are
# then left are put again, first with half of the memory that is free, at last without any device.
LESS_AND_LESS = (NOTHING, {MEMORY_VARIABLE: "50%"}, {DEVICE_VARIABLE: CPU})


def ask(
    worker: Literal["teach", "evaluate"],
    runner: Runner,
    prompts: Sequence[Prompt],
    *,
    on_outcomes: Callable[[list[AskOutcome]], None],
    stage: str,
    progress: Progress,
    control: JobControl,
    log: Path | None = None,
    already: int = 0,
    keep: KeptWorker | None = None,
) -> bool:
    """Put all prompts to the model; return False if the job was stopped before the last of them was answered.

    `on_outcomes` receives outcomes as they arrive, in any order, each once: the caller can commit each list
    in one transaction. Prompts are sorted by system message, so that its tokens are decoded once for all.
    An earlier call answered `already` prompts: progress counts them too. A worker that a device's driver
    ended is started again with less of the device, for the prompts that are left. `keep` holds the worker,
    with its model, for the next call.
    """
    total = already + len(prompts)
    meter = Meter(progress, stage=stage, total=total, unit="answers", already=already)
    began = time.monotonic()
    run_with: Message = {}
    left = {prompt.key: prompt for prompt in prompts}
    place, has_less = "", False  # unknown until the model is loaded: a driver may end the worker before
    tokens = 0

    def receive(events: list[Message]) -> None:
        nonlocal tokens, place, has_less
        outcomes: list[AskOutcome] = []
        for event in yielding(events):
            fields = {name: value for name, value in event.items() if name != "event"}
            match event["event"]:
                case "loading":
                    place = fields["place"]
                case "ready":
                    place = fields.pop("place", "CPU")
                    has_less = bool(fields.pop("less", ())) or has_less
                    run_with.update(fields)
                case "answer":
                    outcomes.append(Answer(**fields, **run_with))
                    tokens += fields["completion_tokens"]
                case "failure":
                    outcomes.append(Failure(**fields))
        if outcomes:
            on_outcomes(outcomes)
            for outcome in outcomes:
                left.pop(outcome.key, None)
            speed = tokens / (time.monotonic() - began)
            meter.advance(len(outcomes), f"{speed:,.0f} tokens/s{_where(place, has_less)}")

    if not prompts:
        return True
    for number, environment in enumerate(LESS_AND_LESS, 1):
        waiting = sorted(left.values(), key=lambda each: each.system)
        try:
            finished = run_worker(
                worker,
                runner.as_job(),
                requests=(prompt.as_request() for prompt in waiting),
                on_events=receive,
                control=control,
                log=log,
                environment=environment,
                keep=keep,
            )
            break
        except NativeCrashError:
            if place == "CPU" or number == len(LESS_AND_LESS):
                raise
            place, has_less = "", True
    answered_all = meter.done >= total
    if finished and not answered_all:
        raise RuntimeError(f"{total - meter.done:.0f} of {len(prompts)} prompts were lost.")
    return answered_all


def _where(place: str, has_less: bool) -> str:
    """Return where the model runs, unless that is the CPU as planned."""
    less = " (with less, as its memory ran out)" if has_less else ""
    return f" on {'the CPU' if place == 'CPU' else place}{less}" if place != "CPU" or has_less else ""
