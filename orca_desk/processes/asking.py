"""Many questions to one model, in a worker: the part that generating, probing and evaluating share."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from orca_desk.method.records import FinishReason, Sampling
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Meter, Progress
from orca_desk.processes.protocol import Message
from orca_desk.yielding import courteous


@dataclass(frozen=True, kw_only=True)
class Runner:
    """How a model is run: `batch` answers at once, `context` tokens each, `threads`. None: chosen."""

    model: Path
    adapter: Path | None = None
    batch: int | None = None
    context: int | None = None
    threads: int | None = None

    def as_job(self) -> Message:
        """Return the job for a worker."""
        return asdict(self) | {
            "model": str(self.model),
            "adapter": str(self.adapter) if self.adapter else None,
        }


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing to ask; `key` comes back with the outcome."""

    key: str
    system: str
    user: str
    sampling: Sampling

    def as_request(self) -> Message:
        """Return the request for a worker."""
        return {
            "key": self.key,
            "messages": [["system", self.system], ["user", self.user]],
            "sampling": asdict(self.sampling),
        }


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the model answered, and how it was run."""

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
    """Why a question could not be answered."""

    key: str
    reason: str


Outcome = Answer | Failure


def ask(
    worker: Literal["teach", "evaluate"],
    runner: Runner,
    questions: Sequence[Question],
    *,
    on_outcomes: Callable[[list[Outcome]], None],
    stage: str,
    progress: Progress,
    control: JobControl,
    log: Path | None = None,
    already: int = 0,
) -> bool:
    """Ask all questions; return False if the job was stopped before it was through.

    `on_outcomes` gets outcomes as they arrive, in any order, each once: a list is one transaction. The
    questions are asked sorted by their system message, whose tokens are then decoded once for all. `already`
    questions were answered by an earlier call: progress counts them too.
    """
    total = already + len(questions)
    meter = Meter(progress, stage=stage, total=total, unit="answers", already=already)
    began = time.monotonic()
    run_with: Message = {}
    tokens = 0

    def receive(events: list[Message]) -> None:
        nonlocal tokens
        outcomes: list[Outcome] = []
        for event in courteous(events):
            fields = {name: value for name, value in event.items() if name != "event"}
            match event["event"]:
                case "ready":
                    run_with.update(fields)
                case "answer":
                    outcomes.append(Answer(**fields, **run_with))
                    tokens += fields["completion_tokens"]
                case "failure":
                    outcomes.append(Failure(**fields))
        if outcomes:
            on_outcomes(outcomes)
            speed = tokens / (time.monotonic() - began)
            meter.advance(len(outcomes), f"{speed:,.0f} tokens/s")

    if not questions:
        return not control.stopped
    finished = run_worker(
        worker,
        runner.as_job(),
        requests=(question.as_request() for question in sorted(questions, key=lambda asked: asked.system)),
        on_events=receive,
        control=control,
        log=log,
    )
    if finished and meter.done < total:
        raise RuntimeError(f"{total - meter.done:.0f} of {len(questions)} questions were lost.")
    return finished
