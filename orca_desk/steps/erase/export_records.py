"""Exporting training records without freezing a snapshot."""

from pathlib import Path

from orca_desk.errors import UserError, explain_os_error
from orca_desk.files import atomic_writer
from orca_desk.library.database import Library
from orca_desk.library.records import RecordFilter, count_records, iterate_records
from orca_desk.library.snapshots import training_line
from orca_desk.method.erasure import erase
from orca_desk.processes.progress import JobControl, Meter, Progress, StoppedError, silent

REPORT_EVERY = 200  # records


def export_records(
    library: Library,
    wanted: RecordFilter,
    instruction: str,
    path: Path,
    *,
    progress: Progress = silent,
    control: JobControl | None = None,
) -> int | None:
    """Write the matching records as JSONL, erased with the student message `instruction`; count them.

    The lines are those of `write_snapshot`. A stopped job leaves no file, or the old one, and returns None.
    Raises UserError if no record matches, and if the file cannot be written.
    """
    control = control or JobControl()
    count = count_records(library, wanted)
    if not count:
        raise UserError("No records match, so there is nothing to export.", "Widen the filter.")
    meter = Meter(progress, stage="exporting", total=count, unit="records")
    done = 0
    try:
        with atomic_writer(path) as file:
            for stored in iterate_records(library, wanted):
                control.require_running()
                file.write(training_line(erase(stored.current, instruction)))
                done += 1
                if done % REPORT_EVERY == 0:
                    meter.advance(REPORT_EVERY)
    except StoppedError:
        return None
    except OSError as error:
        raise explain_os_error(error) or UserError(
            f"{path} cannot be written: {error.strerror}.", "Choose another file."
        ) from error
    return done
