"""The run that writes a table's rows in a format, with a manifest and a data set card."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from orca_desk.errors import UserError, cannot_write
from orca_desk.files import atomic_path, remove_leftovers
from orca_desk.formats.writers.data_row import DataRow
from orca_desk.formats.writers.lm_eval_task import Compared, group_name, group_yaml, task_yaml
from orca_desk.library.database import Library
from orca_desk.library.snapshots import taken_back
from orca_desk.method.fitness import Unfit
from orca_desk.processes.progress import JobControl, Meter, Progress, StoppedError, silent
from orca_desk.steps.hand_over.about import card_text, manifest_text
from orca_desk.steps.hand_over.data_rows import DataRows, data_rows
from orca_desk.steps.hand_over.data_writer import DataWriter, new_folder, require_free_folder
from orca_desk.steps.hand_over.handed_over import HandedOver
from orca_desk.steps.hand_over.request import KIND, HandOverRequest
from orca_desk.steps.hand_over.values import RowValues
from orca_desk.steps.hand_over.wording import LEFT_OUT
from orca_desk.steps.recorder import find_or_create_run, record_run

_EVERY = 200  # rows between two looks at the control
MOST_STORED = 10_000  # ids of tasks that a run keeps
BATCH_LIMIT = 50_000  # requests that OpenAI takes in one file
SAMPLE = 2_000  # rows that a preview looks at
SHOWN = 3  # of them, as they would be written


@dataclass
class _Tally:
    written: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    losses: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    families: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, kw_only=True)
class DataPreview:
    """What an export would write: of the first `looked_at` of `total` rows, and some as they would be."""

    total: int
    unit: str
    looked_at: int
    found: HandedOver
    examples: tuple[dict[str, Any], ...]


def hand_over(
    library: Library,
    request: HandOverRequest,
    *,
    rowids: Sequence[int] | None = None,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> HandedOver | None:
    """Write the rows of a request; `rowids` are those of tasks, in order, instead of its filter.

    Whatever stops it, there is all of the export or nothing of it. Returns None if the job was
    stopped. Raises UserError if no row can be written, and if the place cannot.
    """
    control = control or JobControl()
    if request.in_folder:
        require_free_folder(request.path)
    run = find_or_create_run(library, KIND, _settings(request), _to_store(request))
    with record_run(library, run, progress=progress) as recorder:
        found = data_rows(library, request, rowids)
        meter = Meter(recorder.report, stage="exporting", total=found.total, unit=found.unit)
        try:
            made = _write(library, request, run, found, meter, control)
        except StoppedError:
            return None
        except OSError as error:
            raise cannot_write(request.path, error) from error
        recorder.outcome = made.outcome()
        recorder.finished = True
    return made


def preview(
    library: Library, request: HandOverRequest, *, rowids: Sequence[int] | None = None
) -> DataPreview:
    """Return what an export would write, from its first rows. Nothing is written or recorded."""
    found = data_rows(library, request, rowids)
    tally = _Tally(left_out=Counter(dict(found.left_out)))
    values, examples = RowValues(request), list[dict[str, Any]]()
    looked_at = 0
    for one in found.rows:
        row = _place(request, one, tally)
        looked_at += 1
        if row is not None:
            tally.splits["test" if row.held_out else "train"] += 1
            if len(examples) < SHOWN:
                examples.append(values.of(row))
        if looked_at == SAMPLE:
            break
    return DataPreview(
        total=found.total,
        unit=found.unit,
        looked_at=looked_at,
        found=_result(library, request, "", tally),
        examples=tuple(examples),
    )


def about_names(request: HandOverRequest) -> tuple[str, str]:
    """Return the names of the manifest and of the card: in a folder, or beside a file."""
    if request.in_folder:
        return "manifest.json", "README.md"
    return f"{request.path.name}.manifest.json", f"{request.path.name}.README.md"


def _write(
    library: Library,
    request: HandOverRequest,
    run: str,
    found: DataRows,
    meter: Meter,
    control: JobControl,
) -> HandedOver:
    """Write the files of an export, then what stands beside them."""
    tally = _Tally(left_out=Counter(dict(found.left_out)))
    remove_leftovers(request.path)
    with ExitStack() as stack:
        if request.in_folder:
            folder = stack.enter_context(new_folder(request.path))
            writer = DataWriter(request, folder)
        else:
            part = stack.enter_context(atomic_path(request.path))
            folder, writer = part.parent, DataWriter(request, part.parent, part.name)
        try:
            _write_rows(request, _checked(found.rows, meter, control), writer, tally)
        finally:
            writer.close()
        if not tally.written:
            raise _nothing_to_write(tally.left_out)
        files = writer.data_files()
        if not request.in_folder:
            files = (replace(files[0], name=request.path.name),)
        made = replace(_result(library, request, run, tally), files=files)
        if request.format == "lm-eval":
            _add_tasks(folder, request.path.name, [one for one in get_args(Compared) if one in tally.splits])
        if request.about:
            about = manifest_text(library, request, made), card_text(request, made)
            place = folder if request.in_folder else request.path.parent
            for name, text in zip(about_names(request), about, strict=True):
                # Each gets its name with the rows, so that none ever describes other rows
                stack.enter_context(atomic_path(place / name)).write_bytes(text.encode())
    if not (request.about or request.in_folder):
        for name in about_names(request):  # of the file that this one has replaced
            (request.path.parent / name).unlink(missing_ok=True)
    return made


def _write_rows(
    request: HandOverRequest, rows: Iterator[DataRow | str], writer: DataWriter, tally: _Tally
) -> None:
    values = RowValues(request)
    for one in rows:
        row = _place(request, one, tally)
        if row is not None:
            tally.splits[writer.write(row, values.of(row))] += 1


def _place(request: HandOverRequest, one: DataRow | str, tally: _Tally) -> DataRow | None:
    """Return the row if it is written, and count it either way."""
    if isinstance(one, str):
        tally.left_out[one] += 1
        return None
    kind = request.data_format
    reason: str | None = kind.missing(one)
    if one.held_out and kind.trains and not (request.with_held_out or request.in_folder):
        reason = Unfit.HELD_OUT.value
    if reason:
        tally.left_out[reason] += 1
        return None
    tally.written += 1
    tally.losses.update(kind.losses(one))
    tally.families[one.family] += 1
    return one


def _checked(rows: Iterator[DataRow | str], meter: Meter, control: JobControl) -> Iterator[DataRow | str]:
    """Yield the rows, with progress. Raises StoppedError once the job is stopped."""
    control.require_running()
    count = 0
    for one in rows:
        yield one
        count += 1
        if count % _EVERY == 0:
            meter.advance(_EVERY)
            control.require_running()
    meter.advance(count % _EVERY)
    control.require_running()


def _result(library: Library, request: HandOverRequest, run: str, tally: _Tally) -> HandedOver:
    notes = []
    if request.format == "mlx" and run and not tally.splits["valid"]:
        notes.append("no-valid")
    if request.format == "openai-batch" and tally.written > BATCH_LIMIT:
        notes.append("over-batch")
    if request.format == "lm-eval":
        notes.append("graded-otherwise")
    losses = dict(tally.losses)
    if request.table == "snapshot" and (count := taken_back(library, request.of)):
        losses["taken-back"] = count
    return HandedOver(
        run=run,
        table=request.table,
        format=request.format,
        path=request.path,
        written=tally.written,
        left_out=dict(tally.left_out.most_common()),
        losses=losses,
        splits=dict(sorted(tally.splits.items())),
        families=dict(tally.families.most_common()),
        notes=tuple(notes),
    )


def _add_tasks(folder: Path, name: str, parts: Sequence[Compared]) -> None:
    """Add the YAML files that make an lm-eval task of each file, and a group of all."""
    group = group_name(name)
    for one in parts:
        (folder / f"{one}.yaml").write_text(task_yaml(group, one), encoding="utf-8")
    (folder / "group.yaml").write_text(group_yaml(group, parts), encoding="utf-8")


def _settings(request: HandOverRequest) -> dict[str, Any]:
    """Return what identifies the run, and is shown of it."""
    return {
        "table": request.table,
        "format": request.format,
        "path": str(request.path),
        **({"of": request.of} if request.of else {}),
        **({"filter": dict(request.filtered)} if request.filtered else {}),
    }


def _to_store(request: HandOverRequest) -> dict[str, Any] | None:
    """Return the request as the run stores it; None where it selects more ids than a run should hold."""
    ids = request.tasks.ids or request.records.ids or ()
    return request.to_json() if len(ids) <= MOST_STORED else None


def _nothing_to_write(left_out: Counter[str]) -> UserError:
    if not left_out:
        return UserError("Nothing matches, so there is nothing to export.", "Widen the filter.")
    if set(left_out) <= {Unfit.DROPPED.value, Unfit.HELD_OUT.value, Unfit.EMPTY.value}:
        return UserError(
            "Everything that matches is dropped, held out or empty, so there is nothing to export.",
            "Widen the filter, or undo the decisions.",
        )
    counts = "; ".join(f"{count:,} {LEFT_OUT[reason]}" for reason, count in left_out.most_common())
    return UserError(
        f"Nothing that matches has a place in this format: {counts}.",
        "Choose another format, or widen the filter.",
    )
