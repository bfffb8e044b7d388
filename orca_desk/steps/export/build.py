"""Writes an export's files into its hidden folder, each once: what an earlier attempt finished stays."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Meter, Progress
from orca_desk.processes.protocol import Message
from orca_desk.steps.export.formats import QUANTISED, WEIGHED, Format
from orca_desk.steps.export.part_folder import PartFolder, link_or_copy
from orca_desk.steps.export.plan import ExportPlan, PlannedFile, merged_name
from orca_desk.steps.export.request import ExportRequest
from orca_desk.steps.export.serving import ServingNeeds, begins_prompts, describe_serving
from orca_desk.steps.export.sources import WEIGHTS, Sources

STAGE = "writing the files"
MEASURING = "measuring which weights matter"
IMPORTANCE = "importance.npz"
UNIT = "MB"
# What a PEFT folder consists of; the trainer's own notes beside it are not the adapter
_ADAPTER_FILES = ("adapter_config.json", WEIGHTS)


@dataclass(kw_only=True)
class Builder:
    """Writes the files of one export. Its methods return False once the job was stopped.

    `records` returns training records, with system, user, assistant and turns, to measure importance on.
    """

    request: ExportRequest
    sources: Sources
    plan: ExportPlan
    part: PartFolder
    progress: Progress
    control: JobControl
    log: Path
    records: Callable[[], list[dict[str, Any]]]
    _meter: Meter = field(init=False)
    _written: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        done = sum(file.bytes for file in self.plan.files if self.part.is_done(self._path(file)))
        self._meter = Meter(
            self.progress, stage=STAGE, total=self.plan.bytes / 1e6, unit=UNIT, already=done / 1e6
        )

    def build(self) -> bool:
        """Write all files but the applications' folders, which need to know how the model is served."""
        writers: dict[Format, Callable[[Path], bool]] = {
            Format.F16: lambda path: self._merge(path, "f16"),
            Format.BF16: lambda path: self._merge(path, "bf16"),
            Format.SAFETENSORS: self._merge_folder,
            Format.ADAPTER: self._copy_adapter,
            Format.ADAPTER_GGUF: self._copy_adapter_gguf,
        }
        for file in self.plan.files:
            if file.format in QUANTISED:
                kind = file.format
                written = self._once(file, partial(self._quantise, kind=kind))
            elif file.format in writers:
                written = self._once(file, writers[file.format])
            else:
                written = self._pack(file)
            if not written:
                return False
        return True

    def describe(self) -> ServingNeeds | None:
        """Return how the model is served; None when stopped. Raises UserError for a broken template."""
        return describe_serving(
            self.sources.folder,
            adds_bos=begins_prompts(self.sources.base_gguf),
            control=self.control,
            log=self.log,
        )

    def _path(self, file: PlannedFile) -> Path:
        return self.part.place(file.place)

    def _once(self, file: PlannedFile, write: Callable[[Path], bool]) -> bool:
        """Write a file unless it is there, in one step; a folder grows under a temporary name."""
        path = self._path(file)
        if self.part.is_done(path):
            return True
        if not self.control.proceed():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.rmtree(path)
        self._written = 0.0
        if not write(path):
            return False
        self._meter.advance(file.bytes / 1e6 - self._written)
        self.part.set_done(path)
        return True

    def _merge(self, out: Path, dtype: str) -> bool:
        licence = self.sources.licence
        keys = {
            "general.name": self.request.name,
            "general.basename": self.request.name,
            **({"general.license": licence} if licence else {}),
        }
        return self._run("merge", self._parts(out) | {"dtype": dtype, "keys": keys})

    def _quantise(self, out: Path, kind: Format) -> bool:
        merged = self.part.place(self.plan.place_of(Format.F16))
        job = {"model": str(merged), "out": str(out), "kind": kind.value}
        if kind in WEIGHED:
            matrix = self.part.place(IMPORTANCE, scratch=True)
            if not self.part.is_done(matrix) and not self._measure(matrix):
                return False
            job["importance"] = str(matrix)
        return self._run("quantise", job)

    def _measure(self, out: Path) -> bool:
        """Write the importance matrix; return False when stopped."""
        records = self.records()
        meter = Meter(self.progress, stage=MEASURING, total=len(records), unit="records")

        def receive(events: list[Message]) -> None:
            meter.advance(sum(event["event"] == "measured" for event in events))

        finished = run_worker(
            "importance",
            self._parts(out) | {"records": records},
            on_events=receive,
            control=self.control,
            log=self.log,
        )
        if finished:
            self.part.set_done(out)
        return finished

    def _merge_folder(self, out: Path) -> bool:
        return self._run("merge", self._parts(out))

    def _parts(self, out: Path) -> dict[str, Any]:
        sources = self.sources
        return {"folder": str(sources.folder), "adapter": str(sources.adapter), "out": str(out)}

    def _copy_adapter(self, out: Path) -> bool:
        out.mkdir(parents=True)
        for name in _ADAPTER_FILES:
            shutil.copyfile(self.sources.adapter / name, out / name)
        return True

    def _copy_adapter_gguf(self, out: Path) -> bool:
        shutil.copyfile(self.sources.adapter_gguf, out)
        return True

    def _pack(self, file: PlannedFile) -> bool:
        """Give an application's folder its weights: a second name of a merged file, or a copy."""
        packed = self.request.packed
        assert packed is not None
        target = self._path(file) / merged_name(self.request, packed)
        if self.part.is_done(target):
            return True
        if not self.control.proceed():
            return False
        link_or_copy(self.part.place(self.plan.place_of(packed)), target)
        self._meter.advance(file.bytes / 1e6)
        self.part.set_done(target)
        return True

    def _run(self, worker: str, job: dict[str, Any]) -> bool:
        """Run a worker that tells how many bytes it has written."""

        def receive(events: list[Message]) -> None:
            for event in events:
                if event["event"] == "written":
                    written = event["bytes"] / 1e6
                    self._meter.advance(max(0.0, written - self._written))
                    self._written = max(written, self._written)

        # Writing has no place to stop at; what is unfinished is removed, so nothing is lost by killing it.
        return run_worker(
            worker, job, on_events=receive, control=self.control, log=self.log, seconds_to_stop=0.0
        )
