"""One training from a frozen snapshot to an adapter that llama.cpp serves, checked against torch."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orca_desk.errors import UserError
from orca_desk.files import file_sha256
from orca_desk.inventory.student_files import student_gguf
from orca_desk.library.database import Library
from orca_desk.library.snapshots import get_snapshot, snapshot_records, write_snapshot
from orca_desk.library.tasks import TaskFilter, iterate_tasks
from orca_desk.library.trainings import (
    Training,
    add_events,
    create_training,
    find_unfinished_training,
    get_training,
    set_adapter,
    training_events,
)
from orca_desk.method.messages import Message
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Progress, Update, silent
from orca_desk.processes.protocol import Message as Event
from orca_desk.steps.recorder import RunRecorder, record_run
from orca_desk.student.settings import TrainSettings

if TYPE_CHECKING:  # it brings numpy and gguf, for which the desktop's first window should not wait
    from orca_desk.parity.comparison import ParityReport

SECONDS_TO_STOP = 300.0  # a step of a large model on a processor, and its checkpoint
UNIT = "steps"  # what a training's progress is counted in
KEPT_EVENTS = frozenset({"report", "metrics", "eval", "checkpoint"})


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What came of a training; the files are None when it was stopped before they were made.

    `base_gguf` + `adapter_gguf` is the tuned student for llama.cpp. `outcome` is what the trainer said last,
    `warnings` what it thought the user should know.
    """

    run: str
    adapter: Path | None = None
    adapter_gguf: Path | None = None
    base_gguf: Path | None = None
    parity: "ParityReport | None" = None
    outcome: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    finished: bool = False


def train(
    library: Library,
    base: Path,
    snapshot: str,
    *,
    settings: TrainSettings | None = None,
    gguf: Path | None = None,
    on_event: Callable[[Event], None] = lambda event: None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Trained:
    """Train the student in the folder `base` on a snapshot; export the adapter; check it.

    `gguf` is the GGUF file of the base (see `student_gguf`). An unfinished training of just this goes on
    from its newest checkpoint. `on_event` sees each of the trainer's events after it is stored. Raises
    UserError for files or settings that cannot be used, and for an adapter that changes nothing; whether
    llama.cpp answers as torch does is in `parity`.
    """
    began = time.monotonic()
    control = control or JobControl()
    training = find_or_create(library, base, snapshot, settings or TrainSettings())
    with record_run(library, training.id, progress=progress, control=control) as recorder:
        recorder.unit = UNIT
        work = _Work(library, training, recorder, control)
        trained = work.do(gguf, on_event)
    return replace(trained, seconds=time.monotonic() - began)


def keep_stopped(
    library: Library,
    training_id: str,
    *,
    gguf: Path | None = None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Trained:
    """Take the adapter of a training that was stopped as it is: export it, check it, and call the run done.

    Raises UserError when the training has left no adapter, and as `train` does.
    """
    began = time.monotonic()
    control = control or JobControl()
    training = get_training(library, training_id)
    if not can_keep(training):
        raise UserError(
            f"{training.id} has not left an adapter.", "Go on with it, and stop it after its first steps."
        )
    with record_run(library, training.id, progress=progress, control=control) as recorder:
        recorder.unit = UNIT
        trained = _Work(library, training, recorder, control).keep(gguf)
    return replace(trained, seconds=time.monotonic() - began)


def can_keep(training: Training) -> bool:
    """Whether a training was stopped after it had published an adapter that is not in use yet."""
    published = training.folder / "adapter" / "adapter_model.safetensors"
    return training.run.status == "cancelled" and training.adapter is None and published.is_file()


def find_or_create(library: Library, base: Path, snapshot: str, settings: TrainSettings) -> Training:
    """Return the unfinished training of just this, or a new one: the one that `train` works on."""
    get_snapshot(library, snapshot)
    values = settings.to_dict()
    unfinished = find_unfinished_training(library, base=base, snapshot=snapshot, settings=values)
    return unfinished or create_training(library, base=base, snapshot=snapshot, settings=values)


class _Work:
    """The steps of one training, each of which returns None when the job was stopped."""

    def __init__(
        self, library: Library, training: Training, recorder: RunRecorder, control: JobControl
    ) -> None:
        self._library, self._training, self._recorder, self._control = library, training, recorder, control
        self._warnings: list[str] = []
        self._adapter = training.folder / "adapter"
        self._adapter_gguf = training.folder / "adapter.gguf"

    def do(self, gguf: Path | None, on_event: Callable[[Event], None]) -> Trained:
        """Do all steps; those that a former call has done are quick."""
        unfinished = Trained(run=self._training.id)
        self._recorder.outcome = "Stopped; the same training goes on from its newest checkpoint."
        base_gguf = self._base_gguf(gguf)
        if base_gguf is None:
            return unfinished
        outcome = self._train(on_event)
        return unfinished if outcome is None else self._finish(base_gguf, outcome)

    def keep(self, gguf: Path | None) -> Trained:
        """Do the steps after the training itself with the adapter that a stop has left."""
        base_gguf = self._base_gguf(gguf)
        if base_gguf is None:
            return Trained(run=self._training.id)
        return self._finish(base_gguf, self._outcome_so_far())

    def _finish(self, base_gguf: Path, outcome: dict[str, Any]) -> Trained:
        recorder, training = self._recorder, self._training
        recorder.outcome = "Stopped; the adapter is trained, but not yet checked."
        parity = self._check(base_gguf) if self._export() else None
        if parity is None:
            return Trained(run=training.id)
        self._note_adapter(outcome)
        recorder.outcome = parity.sentence
        if parity.is_no_op:
            raise UserError(parity.sentence, "Train for more epochs, or at a higher learning rate.")
        return Trained(
            run=training.id,
            adapter=self._adapter,
            adapter_gguf=self._adapter_gguf,
            base_gguf=base_gguf,
            parity=parity,
            outcome=outcome,
            warnings=tuple(self._warnings),
            finished=True,
        )

    def _base_gguf(self, given: Path | None) -> Path | None:
        recorder = self._recorder
        return student_gguf(
            self._library,
            self._training.base,
            given=given,
            progress=recorder.report,
            control=self._control,
            log=recorder.log,
        )

    def _train(self, on_event: Callable[[Event], None]) -> dict[str, Any] | None:
        """Run the trainer and store what it reports, as it comes."""
        training, show = self._training, _StepMeter(self._recorder.report)
        records, outcome = training.folder / "records.jsonl", {}
        if not records.exists():
            write_snapshot(self._library, training.snapshot, records)

        def receive(events: list[Event]) -> None:
            kept = [event for event in events if event["event"] in KEPT_EVENTS]
            if kept:
                add_events(self._library, training.id, kept)
            for event in events:
                if event["event"] == "outcome":
                    outcome.update(event)
                elif event["event"] == "warning":
                    self._warnings.append(event["message"])
                show.show(event)
                on_event(event)

        job = {
            "base": str(training.base),
            "records": str(records),
            "out": str(training.folder),
            "settings": training.settings,
        }
        finished = run_worker(
            "train",
            job,
            on_events=receive,
            control=self._control,
            log=self._recorder.log,
            seconds_to_stop=SECONDS_TO_STOP,
        )
        return outcome if finished else None

    def _export(self) -> bool:
        self._recorder.report(Update(stage="exporting the adapter"))
        job = {
            "adapter": str(self._adapter),
            "base": str(self._training.base),
            "out": str(self._adapter_gguf),
        }
        return run_worker(
            "export", job, on_events=lambda events: None, control=self._control, log=self._recorder.log
        )

    def _check(self, base_gguf: Path) -> "ParityReport | None":
        from orca_desk.parity.check import check_parity

        return check_parity(
            base=self._training.base,
            base_gguf=base_gguf,
            adapter=self._adapter,
            adapter_gguf=self._adapter_gguf,
            prompts=self._prompts(),
            progress=self._recorder.report,
            control=self._control,
            log=self._recorder.log,
        )

    def _prompts(self) -> list[list[Message]]:
        """Return held-out questions as the student is asked them, or else those that it was trained on."""
        from orca_desk.parity.check import PROMPTS

        snapshot = self._training.snapshot
        system = get_snapshot(self._library, snapshot).instruction
        heldout = iterate_tasks(self._library, TaskFilter(split="heldout", limit=PROMPTS))
        texts = [task.user_text for task in heldout]
        texts = texts or [one.user for one in islice(snapshot_records(self._library, snapshot), PROMPTS)]
        return [[Message("system", system), Message("user", text)] for text in texts]

    def _outcome_so_far(self) -> dict[str, Any]:
        """Return the best evaluation of a training that was stopped, as the trainer chooses it."""
        evaluations = training_events(self._library, self._training.id, "eval", after_step=0)
        best = min(evaluations, key=lambda event: event["loss"], default=None)
        return {"best_step": best and best["step"], "best_loss": best and best["loss"]}

    def _note_adapter(self, outcome: dict[str, Any]) -> None:
        set_adapter(
            self._library,
            self._training.id,
            adapter=self._adapter,
            gguf=self._adapter_gguf,
            sha256=file_sha256(self._adapter / "adapter_model.safetensors"),
            best_step=outcome["best_step"],
            best_eval=outcome["best_loss"],
        )


class _StepMeter:
    """Shows the trainer's metrics as progress, with the rate since this call began."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._first: tuple[int, float] | None = None

    def show(self, event: Event) -> None:
        """Show one event, if it is a metric."""
        if event["event"] != "metrics":
            return
        step, now = event["step"], time.monotonic()
        self._first = self._first or (step, now)
        steps, seconds = step - self._first[0], now - self._first[1]
        self._progress(
            Update(
                stage="training",
                done=step,
                total=event["steps"],
                unit=UNIT,
                rate=steps / seconds if steps and seconds > 0 else None,
                message=f"loss {event['loss']:.3f}, {event['tokens_per_second']:,.0f} tokens/s",
            )
        )
