"""Exporting training records without freezing a snapshot."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError, cannot_write
from orca_desk.files import atomic_writer
from orca_desk.library.database import Library
from orca_desk.library.fitness import by_rowids
from orca_desk.library.records import RecordFilter, count_records, iterate_records
from orca_desk.library.snapshot_store import training_line
from orca_desk.method.erasure import erase
from orca_desk.method.fitness import Unfit, why_never_fit
from orca_desk.processes.progress import JobControl, Meter, Progress, StoppedError, silent
from orca_desk.steps.votes import vote

REPORT_EVERY = 200  # records


@dataclass(frozen=True, kw_only=True)
class Exported:
    """How many records were written, and left out by reason."""

    written: int
    left_out: dict[Unfit, int]


def export_records(
    library: Library,
    wanted: RecordFilter,
    instruction: str,
    path: Path,
    *,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> Exported | None:
    """Write the matching records as JSONL, erased with the student message `instruction`; count them.

    Dropped, held-out and empty records are never written, whatever the filter says. The lines are those of
    `write_snapshot`. A stopped job leaves no file, or the old one, and returns None. Raises UserError if no
    record can be written, and if the file cannot.
    """
    control = control or JobControl()
    wanted = by_rowids(library, wanted, vote=vote)
    meter = Meter(progress, stage="exporting", total=count_records(library, wanted), unit="records")
    written, seen = 0, 0
    left_out: Counter[Unfit] = Counter()
    try:
        with atomic_writer(path) as file:
            for stored in iterate_records(library, wanted):
                control.require_running()
                if reason := why_never_fit(stored.facts):
                    left_out[reason] += 1
                else:
                    file.write(training_line(erase(stored.current, instruction)))
                    written += 1
                seen += 1
                if seen % REPORT_EVERY == 0:
                    meter.advance(REPORT_EVERY)
            if not written:
                raise _nothing_to_write(seen)
    except StoppedError:
        return None
    except OSError as error:
        raise cannot_write(path, error) from error
    return Exported(written=written, left_out=dict(left_out.most_common()))


def _nothing_to_write(seen: int) -> UserError:
    if not seen:
        return UserError("No records match, so there is nothing to export.", "Widen the filter.")
    return UserError(
        "Every matching record is dropped, held out or empty, so there is nothing to export.",
        "Widen the filter, or undo the decisions.",
    )
