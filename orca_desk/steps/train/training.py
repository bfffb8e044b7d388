"""One training: from a frozen snapshot to an adapter that llama.cpp serves, checked against torch."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.files import file_sha256
from orca_desk.inventory.moved_bases import training_with_base, with_found_base
from orca_desk.inventory.student_files import student_folder, student_gguf
from orca_desk.library.database import Library
from orca_desk.library.runs import set_request
from orca_desk.library.snapshot_losses import require_whole
from orca_desk.library.snapshots import get_snapshot, write_snapshot
from orca_desk.library.trainings import (
    Training,
    add_events,
    create_training,
    find_unfinished_training,
    forget_adapter,
    get_training,
    list_trainings,
    set_adapter,
    training_events,
)
from orca_desk.parity.table import GateTable
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Progress, Update, silent
from orca_desk.processes.protocol import Message as Event
from orca_desk.steps.recorder import RunRecorder, record_run
from orca_desk.steps.train.base_changes import require_same_base
from orca_desk.steps.train.gate_prompts import gate_prompts
from orca_desk.steps.train.outcome import StoppedAt
from orca_desk.steps.train.refusal import require_passed
from orca_desk.steps.train.request import TrainingRequest
from orca_desk.student.settings import TrainSettings

SECONDS_TO_STOP = 300.0  # enough for one step of a large model on a CPU, and its checkpoint
WEIGHTS = "adapter_model.safetensors"
UNIT = "steps"  # the unit of a training's progress
GATE = "gate"  # the last check's table, which a failure's outcome has no room for
STORED_EVENTS = frozenset({"report", "metrics", "eval", "outcome"})


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The result of a training. The files are None when it was stopped before they were made.

    `base_gguf` with `adapter_gguf` is the tuned student for llama.cpp. `outcome` is the trainer's last event,
    `records` what became of the snapshot's records (the fields of `student.data.DataReport`), `warnings` are
    messages for the user. `was_done` says that the training had already finished, so this call trained
    nothing.
    """

    run: str
    adapter: Path | None = None
    adapter_gguf: Path | None = None
    base_gguf: Path | None = None
    parity: GateTable | None = None
    outcome: dict[str, Any] = field(default_factory=dict)
    records: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    finished: bool = False
    was_done: bool = False


def train_request(
    library: Library,
    request: TrainingRequest,
    *,
    resumes: str = "",
    on_event: Callable[[Event], None] = lambda event: None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Trained:
    """Train what the user asked for. The first event, "began", names the training.

    `resumes` is the id of the training that the user resumed. If another job has finished it in the meantime,
    as the demo may, this trains nothing, not even a new one.
    """
    if resumes and get_training(library, resumes).run.status == "done":
        on_event({"event": "began", "training": resumes})
        return Trained(run=resumes, was_done=True)
    training = find_or_create(library, request.base, request.snapshot, request.settings, by_user=True)
    on_event({"event": "began", "training": training.id})
    return train(
        library,
        training.base,
        request.snapshot,
        settings=request.settings,
        by_user=True,
        on_event=on_event,
        progress=progress,
        control=control,
    )


def train(
    library: Library,
    base: Path,
    snapshot: str,
    *,
    settings: TrainSettings | None = None,
    gguf: Path | None = None,
    by_user: bool = False,
    on_event: Callable[[Event], None] = lambda event: None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Trained:
    """Train the student `base`, a folder or a GGUF file, on a snapshot; export the adapter and check it.

    Resumes an unfinished training with the same base, snapshot and settings from its newest checkpoint.
    `gguf` is the GGUF file of the base (see `student_gguf`). `on_event` gets each of the trainer's events
    after it was stored. Raises UserError for unusable files or settings, for an adapter that changes
    nothing, and where llama.cpp does not answer with it as torch does: such an adapter is not used.
    """
    began = time.monotonic()
    control = control or JobControl()
    training = find_or_create(library, base, snapshot, settings or TrainSettings(), by_user=by_user)
    with record_run(library, training.id, progress=progress) as recorder:
        recorder.unit = UNIT
        work = _Work(library, training, recorder, control)
        trained = work.do(gguf, on_event)
        recorder.finished = trained.finished
    return replace(trained, seconds=time.monotonic() - began)


def use_stopped(
    library: Library,
    training_id: str,
    *,
    gguf: Path | None = None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Trained:
    """Export and check the best adapter so far of a stopped training, which can still be resumed.

    Raises UserError when the training has saved no adapter since, when its base has changed since it began,
    and whatever `train` raises.
    """
    began = time.monotonic()
    control = control or JobControl()
    training = training_with_base(library, training_id)
    if not can_use_stopped(training):
        raise UserError(
            f"{training.id} has not saved an adapter yet.",
            "Resume it, and stop it after its first evaluation.",
        )
    require_same_base(library, training)
    with record_run(library, training.id, progress=progress) as recorder:
        recorder.unit = UNIT
        trained = _Work(library, training, recorder, control).use_stopped(gguf)
    return replace(trained, seconds=time.monotonic() - began)


def can_use_stopped(training: Training) -> bool:
    """Return whether a training was stopped after it had saved an adapter that is not in use yet."""
    published = training.folder / "adapter" / WEIGHTS
    if training.run.status != "cancelled" or not published.is_file():
        return False
    return training.adapter is None or training.adapter_sha256 != file_sha256(published)


def find_or_create(
    library: Library,
    base: Path,
    snapshot: str,
    settings: TrainSettings,
    *,
    by_user: bool = False,
) -> Training:
    """Return the training that `train` works on: an unfinished one with the same inputs, or a new one.

    A base that was moved since is found by its content, and is then the training's. `by_user` stores the
    request with the run; the stages of the demo store none.
    """
    get_snapshot(library, snapshot)
    require_whole(library, snapshot)
    values = settings.to_dict()
    base = _found_base(library, base, snapshot)
    request = None
    if by_user:
        request = TrainingRequest(base=base, snapshot=snapshot, settings=settings).to_json()
    unfinished = find_unfinished_training(library, base=base, snapshot=snapshot, settings=values)
    if unfinished is None:
        return create_training(library, base=base, snapshot=snapshot, settings=values, request=request)
    if request is not None:
        set_request(library, unfinished.id, request)
    return unfinished


def _found_base(library: Library, base: Path, snapshot: str) -> Path:
    """Return where a base is now, after trainings on a snapshot whose base is gone have looked for it."""
    for training in list_trainings(library):
        if training.snapshot == snapshot and not training.base.exists():
            found = with_found_base(library, training).base
            base = found if training.base == base else base
    return base


class _Work:
    """The steps of one training. Each returns None when the job was stopped."""

    def __init__(
        self, library: Library, training: Training, recorder: RunRecorder, control: JobControl
    ) -> None:
        self._library, self._training, self._recorder, self._control = library, training, recorder, control
        self._warnings: list[str] = []
        self._folder = training.base  # with the safetensors: another one where the base is a GGUF file
        self._adapter = training.folder / "adapter"
        self._adapter_gguf = training.folder / "adapter.gguf"

    def do(self, gguf: Path | None, on_event: Callable[[Event], None]) -> Trained:
        """Do all steps; those that an earlier call completed are quick."""
        with self._cache_needed():
            return self._do(gguf, on_event)

    @contextlib.contextmanager
    def _cache_needed(self) -> Iterator[None]:
        """Say of a failure where the student's unpacked files were deleted meanwhile that this is why."""
        try:
            yield
        except Exception as error:
            if self._folder.is_relative_to(self._library.folder / "cache") and not self._folder.is_dir():
                raise UserError(
                    "The library's cache was deleted while the training ran: the student's files were in it.",
                    "Resume the training: the files are made again, and its checkpoints are still there.",
                ) from error
            raise

    def _do(self, gguf: Path | None, on_event: Callable[[Event], None]) -> Trained:
        unfinished = Trained(run=self._training.id)
        self._recorder.outcome = StoppedAt.TRAINING.to_json()
        base_gguf = self._base_gguf(gguf)
        if base_gguf is None:
            return unfinished
        outcome = self._train(on_event)
        return unfinished if outcome is None else self._finish(base_gguf, outcome)

    def use_stopped(self, gguf: Path | None) -> Trained:
        """Do the steps after the training itself, with the adapter that a stopped training saved.

        The run stays stopped, at the step where it was, so that it can be resumed.
        """
        self._recorder.outcome = StoppedAt.TRAINING.to_json()
        with self._cache_needed():
            base_gguf = self._base_gguf(gguf)
            if base_gguf is None:
                return Trained(run=self._training.id)
            return self._finish(base_gguf, self._outcome_so_far())

    def _finish(self, base_gguf: Path, outcome: dict[str, Any]) -> Trained:
        recorder, training = self._recorder, self._training
        recorder.outcome = StoppedAt.CHECK.to_json()
        sha256 = file_sha256(self._adapter / WEIGHTS)
        if training.adapter_sha256 not in (None, sha256):
            forget_adapter(self._library, training.id)
        parity = self._check(base_gguf) if self._export() else None
        if parity is None:
            return Trained(run=training.id)
        add_events(self._library, training.id, [{"event": GATE, "table": parity.to_json()}])
        require_passed(parity)
        self._note_adapter(outcome, sha256)
        recorder.outcome = parity.to_json()
        return Trained(
            run=training.id,
            adapter=self._adapter,
            adapter_gguf=self._adapter_gguf,
            base_gguf=base_gguf,
            parity=parity,
            outcome=outcome,
            records=(training_events(self._library, training.id, "report") or [{}])[-1],
            warnings=tuple(self._warnings),
            finished=True,
        )

    def _base_gguf(self, given: Path | None) -> Path | None:
        """Return the GGUF file of the base, and find its folder."""
        recorder = self._recorder
        folder = student_folder(
            self._library,
            self._training.base,
            progress=recorder.report,
            control=self._control,
            log=recorder.log,
        )
        if folder is None:
            return None
        self._folder = folder
        return student_gguf(
            self._library,
            self._training.base,
            given=given,
            progress=recorder.report,
            control=self._control,
            log=recorder.log,
            warn=self._warnings.append,
        )

    def _train(self, on_event: Callable[[Event], None]) -> dict[str, Any] | None:
        """Run the trainer and store its events as they arrive."""
        training, show = self._training, _StepMeter(self._recorder.report)
        records, outcome = training.folder / "records.jsonl", {}
        if not records.exists():
            write_snapshot(self._library, training.snapshot, records)
        add_events(self._library, training.id, [{"event": GATE, "table": ""}])  # that of an earlier adapter

        def receive(events: list[Event]) -> None:
            if stored := [event for event in events if event["event"] in STORED_EVENTS]:
                add_events(self._library, training.id, stored)
            for event in events:
                if event["event"] == "outcome":
                    outcome.update(event)
                elif event["event"] == "warning":
                    self._warnings.append(event["message"])
                show.show(event)
                on_event(event)

        job = {
            "base": str(self._folder),
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
            "base": str(self._folder),
            "out": str(self._adapter_gguf),
        }
        return run_worker(
            "export", job, on_events=lambda events: None, control=self._control, log=self._recorder.log
        )

    def _check(self, base_gguf: Path) -> GateTable | None:
        from orca_desk.parity.gate import PROMPTS, GateFile, check_files

        return check_files(
            base=self._folder,
            adapter=self._adapter,
            files=[GateFile(label="adapter", gguf=base_gguf, adapter_gguf=self._adapter_gguf)],
            prompts=gate_prompts(self._library, self._training.snapshot, PROMPTS),
            progress=self._recorder.report,
            control=self._control,
            log=self._recorder.log,
        )

    def _outcome_so_far(self) -> dict[str, Any]:
        """Return what the trainer said when it was stopped; of an earlier build's, its best evaluation."""
        if said := training_events(self._library, self._training.id, "outcome"):
            return {name: said[-1][name] for name in ("best_step", "best_loss", "base_loss")}
        evaluations = training_events(self._library, self._training.id, "eval")
        losses = {event["step"]: event["loss"] for event in evaluations}
        base = losses.pop(0, None)
        uses_best = losses and self._training.settings["keep_best"]
        best = min(losses, key=losses.__getitem__) if uses_best else None
        return {"best_step": best, "best_loss": losses.get(best), "base_loss": base}

    def _note_adapter(self, outcome: dict[str, Any], sha256: str) -> None:
        set_adapter(
            self._library,
            self._training.id,
            adapter=self._adapter,
            gguf=self._adapter_gguf,
            sha256=sha256,
            best_step=outcome["best_step"],
            best_eval=outcome["best_loss"],
        )


class _StepMeter:
    """Reports the trainer's metrics as progress, with the steps per second since this call began."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._first: tuple[int, float] | None = None

    def show(self, event: Event) -> None:
        """Report one event, if it is a metric."""
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
