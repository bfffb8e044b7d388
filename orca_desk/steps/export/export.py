"""One export: from a tuned student to files for other applications, each checked before it is handed over."""

import hashlib
import heapq
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orca_desk.errors import UserError
from orca_desk.files import file_sha256
from orca_desk.library.database import Library
from orca_desk.library.evaluations import set_model
from orca_desk.library.runs import find_unfinished
from orca_desk.library.snapshots import snapshot_records, snapshot_strategies
from orca_desk.models.gguf_header import read_header
from orca_desk.models.space import require_space
from orca_desk.parity.table import GateRow, GateTable, table_from_json
from orca_desk.processes.host import run_worker
from orca_desk.processes.progress import JobControl, Progress, Update, silent
from orca_desk.processes.protocol import Message
from orca_desk.steps.export.build import IMPORTANCE, UNIT, Builder
from orca_desk.steps.export.card import CardFacts, write_cards
from orca_desk.steps.export.formats import ADAPTERS, QUANTISED, WEIGHED, Format, label_of
from orca_desk.steps.export.ollama import write_modelfile
from orca_desk.steps.export.outcome import ExportedFile, ExportOutcome, ExportStage, FileScore
from orca_desk.steps.export.part_folder import SCRATCH, PartFolder, can_link, held, require_free
from orca_desk.steps.export.plan import ExportPlan, plan_export
from orca_desk.steps.export.receipt import read_receipt, write_receipt
from orca_desk.steps.export.request import ExportRequest
from orca_desk.steps.export.results import held_out_results
from orca_desk.steps.export.scores import score_files
from orca_desk.steps.export.serving import ServingNeeds
from orca_desk.steps.export.sources import Sources, exportable, find_sources
from orca_desk.steps.recorder import RunRecorder, find_or_create_run, record_run
from orca_desk.steps.train.gate_prompts import gate_prompts

KIND = "export"
ADAPTER_LABEL = "adapter"
IMPORTANCE_RECORDS = 64  # training records on which importance is measured


@dataclass(frozen=True, kw_only=True)
class Exported:
    """The result of an export. `outcome` is None when it was stopped before its files were checked."""

    run: str
    outcome: ExportOutcome | None = None
    finished: bool = False
    seconds: float = 0.0


class ExportBlockedError(UserError):
    """The gate refused a file, so nothing was handed over; `outcome` has its table."""

    def __init__(self, outcome: ExportOutcome) -> None:
        names = ", ".join(row.label for row in outcome.gate.failed)
        super().__init__(
            f"Not exported: the check failed for {names}.",
            "Look at the table of checks. Leave the format out, or export it anyway: its card will say so.",
        )
        self.outcome = outcome


def export(
    library: Library,
    request: ExportRequest,
    *,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Exported:
    """Export the student of a training as `request` says.

    The files grow in a hidden folder beside `request.out`, which appears once all are checked. The same call
    resumes an export that was stopped or killed. Raises ExportBlockedError where the gate refuses a file and
    `request.override` is not set, and UserError where there is nothing to export, the folder is taken or the
    disk is too full.
    """
    began = time.monotonic()
    control = control or JobControl()
    handed_over = _handed_over(library, request)
    if handed_over is None:
        exportable(library, request.training)
        require_free(request.out)
    run = find_or_create_run(library, KIND, request.identity(), request.to_json())
    with record_run(library, run, progress=progress) as recorder:
        recorder.unit = UNIT
        recorder.outcome = ExportStage.WRITING.to_json()
        try:
            with held(request.out):
                outcome = handed_over or _Export(library, request, recorder, control).do()
        except ExportBlockedError as error:
            recorder.failure = error.outcome.to_json()
            raise
        recorder.finished = outcome is not None
        if outcome:
            recorder.outcome = outcome.to_json()
    return Exported(run=run, outcome=outcome, finished=outcome is not None, seconds=time.monotonic() - began)


def _handed_over(library: Library, request: ExportRequest) -> ExportOutcome | None:
    """Return the outcome of an export that was killed after it had handed over its files; or None."""
    unfinished = find_unfinished(library, KIND, request.identity())
    return read_receipt(request.out, unfinished.id) if unfinished else None


class _Export:
    """The steps of one export. Each returns None when the job was stopped."""

    def __init__(
        self, library: Library, request: ExportRequest, recorder: RunRecorder, control: JobControl
    ) -> None:
        self._library, self._request, self._recorder, self._control = library, request, recorder, control

    def do(self) -> ExportOutcome | None:
        """Do all steps; those that an earlier call completed are quick."""
        request, recorder = self._request, self._recorder
        sources = find_sources(
            self._library,
            request.training,
            progress=recorder.report,
            control=self._control,
            log=recorder.log,
        )
        if sources is None:
            return None
        part = PartFolder(request.out, sources.hashes(self._library))
        plan = plan_export(request, sources, links=can_link(part.path))
        part.keep_only({file.place for file in plan.files} | {f"{SCRATCH}/{IMPORTANCE}"})
        missing = sum(file.bytes for file in plan.files if not part.is_done(part.place(file.place)))
        try:
            require_space(
                request.out.parent,
                missing,
                "The export",
                hint="choose fewer formats, or a folder on another disk",
            )
        except UserError:
            part.remove_unused()
            raise
        builder = Builder(
            request=request,
            sources=sources,
            plan=plan,
            part=part,
            progress=recorder.report,
            control=self._control,
            log=recorder.log,
            records=lambda: _importance_records(self._library, sources.snapshot.id),
        )
        if not builder.build():
            return None
        serving = builder.describe()
        if serving is None:
            return None
        recorder.save_progress()
        recorder.outcome = ExportStage.CHECKING.to_json()
        gate = self._check(sources, plan, part)
        if gate is None:
            return None
        if not gate.passed and not request.override:
            raise ExportBlockedError(self._outcome(plan, part, gate, (), is_blocked=True))
        recorder.outcome = ExportStage.SCORING.to_json()
        scores = self._score(sources, plan, part)
        if scores is None:
            return None
        return self._hand_over(sources, plan, part, serving, gate, scores)

    def _check(self, sources: Sources, plan: ExportPlan, part: PartFolder) -> GateTable | None:
        """Return the gate's table: what an earlier attempt found, and the rows of files that it lacked."""
        from orca_desk.parity.gate import PROMPTS, GateFile, check_files

        known: dict[str, str] = part.state.setdefault("gate", {})
        wanted = self._gate_files(sources, plan, part)
        rows = {label: row for label in wanted if (row := _row(known.get(label)))}
        missing = [
            GateFile(label=label, gguf=gguf, adapter_gguf=adapter)
            for label, (gguf, adapter) in wanted.items()
            if label not in rows
        ]
        if missing:
            table = check_files(
                base=sources.folder,
                adapter=sources.adapter,
                files=missing,
                prompts=gate_prompts(self._library, sources.snapshot.id, PROMPTS),
                progress=self._recorder.report,
                control=self._control,
                log=self._recorder.log,
            )
            if table is None:
                return None
            rows |= {row.label: row for row in table.rows}
            known |= {row.label: GateTable(rows=(row,)).to_json() for row in table.rows}
            part.save()
        if Format.SAFETENSORS in self._request.formats and not self._compare_folder(plan, part):
            return None
        return GateTable(rows=tuple(rows[label] for label in wanted))

    def _gate_files(
        self, sources: Sources, plan: ExportPlan, part: PartFolder
    ) -> dict[str, tuple[Path, Path | None]]:
        """Return what is handed over as a GGUF file, or rests on it: its label, the file, and an adapter."""
        formats = self._request.formats
        found: dict[str, tuple[Path, Path | None]] = {}
        for kind in self._request.judged:
            found[label_of(kind)] = (part.place(plan.place_of(kind)), None)
        if set(formats) & set(ADAPTERS):
            found[ADAPTER_LABEL] = (sources.base_gguf, sources.adapter_gguf)
        return found

    def _compare_folder(self, plan: ExportPlan, part: PartFolder) -> bool:
        """Check that the merged folder is the model of the merged file; return False when stopped.

        Raises UserError where it is another.
        """
        if part.state.get("folder compared"):
            return True
        found: list[Message] = []
        job = {
            "folder": str(part.place("safetensors")),
            "file": str(part.place(plan.place_of(Format.F16))),
        }
        self._recorder.report(Update(stage="comparing the folder"))
        if not run_worker(
            "export", job, on_events=found.extend, control=self._control, log=self._recorder.log
        ):
            return False
        if different := [f"{one['difference']} {one['detail']}" for one in found if one.get("difference")]:
            raise UserError(
                "The merged folder is not the model in the merged GGUF file: "
                f"it has other {different[0].strip()}.",
                "Leave out the format safetensors, and report this.",
            )
        part.state["folder compared"] = True
        part.save()
        return True

    def _score(self, sources: Sources, plan: ExportPlan, part: PartFolder) -> tuple[FileScore, ...] | None:
        return score_files(
            self._library,
            sources,
            [(label_of(kind), part.place(plan.place_of(kind))) for kind in self._request.scored],
            self._request.heldout,
            part=part,
            progress=self._recorder.report,
            control=self._control,
        )

    def _hand_over(
        self,
        sources: Sources,
        plan: ExportPlan,
        part: PartFolder,
        serving: ServingNeeds,
        gate: GateTable,
        scores: tuple[FileScore, ...],
    ) -> ExportOutcome:
        """Write what stands beside the weights, and make the hidden folder the one that was asked for."""
        request = self._request
        outcome = self._outcome(plan, part, gate, scores)
        if Format.OLLAMA in request.formats:
            outcome = replace(outcome, guesses_template=serving.template is None)
            write_modelfile(part.place("ollama"), request, sources, serving)
        facts = CardFacts(
            request=request,
            sources=sources,
            outcome=outcome,
            results=held_out_results(self._library, sources),
            strategies=snapshot_strategies(self._library, sources.snapshot.id),
        )
        write_cards(part, facts)
        write_receipt(part.path, self._recorder.run, outcome)
        moved = self._moved(plan, part)
        part.publish()
        for score in scores:
            if score.label in moved:
                set_model(self._library, score.evaluation, moved[score.label])
        return outcome

    def _moved(self, plan: ExportPlan, part: PartFolder) -> dict[str, Path]:
        """Return where each quantised file is once it is handed over, by its label."""
        found: dict[str, Path] = {}
        for file in self._files(plan, part):
            for kind in QUANTISED:
                if file.place.endswith(f"-{label_of(kind)}.gguf"):
                    found.setdefault(label_of(kind), self._request.out / file.place)
        return found

    def _outcome(
        self,
        plan: ExportPlan,
        part: PartFolder,
        gate: GateTable,
        scores: tuple[FileScore, ...],
        *,
        is_blocked: bool = False,
    ) -> ExportOutcome:
        return ExportOutcome(
            out=self._request.out,
            files=() if is_blocked else tuple(self._files(plan, part)),
            gate=gate,
            scores=scores,
            is_blocked=is_blocked,
            is_overridden=not is_blocked and not gate.passed,
        )

    def _files(self, plan: ExportPlan, part: PartFolder) -> Sequence[ExportedFile]:
        """Return the weights that are handed over; hashes are computed once."""
        known: dict[str, str] = part.state.setdefault("hashes", {})
        found = []
        for file in plan.files:
            if file.format not in self._request.formats:
                continue
            whole = part.place(file.place)
            for path in [whole] if whole.is_file() else sorted(whole.rglob("*")):
                if path.suffix not in (".gguf", ".safetensors"):
                    continue
                place = path.relative_to(part.path).as_posix()
                if place not in known:
                    known[place] = file_sha256(path)
                    part.save()
                found.append(
                    ExportedFile(
                        format=file.format,
                        place=place,
                        bytes=path.stat().st_size,
                        sha256=known[place],
                        stored_as=_stored_as(self._weights_of(file.format), path),
                    )
                )
        return found

    def _weights_of(self, kind: Format) -> Format:
        """Return the format of a file's weights: an application's folder holds a file of another format."""
        packed = self._request.packed if kind in (Format.OLLAMA, Format.LM_STUDIO) else None
        return packed or kind


def _importance_records(library: Library, snapshot: str) -> list[dict[str, Any]]:
    """Return some training records, of all families alike, the same ones each time."""
    records = snapshot_records(library, snapshot)
    chosen = heapq.nsmallest(
        IMPORTANCE_RECORDS, records, key=lambda one: hashlib.sha256(one.user.encode()).digest()
    )
    return [
        {"system": one.system, "user": one.user, "assistant": one.assistant, "turns": one.turns}
        for one in chosen
    ]


def _stored_as(kind: Format, path: Path) -> str:
    """Return the type of most weights in a quantised file where rows do not fit `kind`; else ""."""
    if kind not in WEIGHED:
        return ""
    elements = read_header(path).elements
    stored = max(elements, key=lambda one: elements[one])
    return "" if stored.endswith("_K") else stored  # a mixture of K types is what was asked for


def _row(stored: str | None) -> GateRow | None:
    table = table_from_json(stored) if stored else None
    return table.rows[0] if table else None
