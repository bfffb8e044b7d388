"""Measures which weights matter to a tuned student, for its quantiser.

Job: {"folder", "adapter", "out", "records": [{"system", "user", "assistant", "turns"}, ...]}. Emits
`measured` after each.
"""

from pathlib import Path

from orca_desk.method.turns import turns_of
from orca_desk.workers.runtime import Channel, serve


def main() -> None:
    """Serve one job."""
    serve(measure)


def measure(channel: Channel) -> None:
    """Write the importance matrix that the job describes; a stop writes none."""
    from orca_desk.student.importance import ImportanceRecord, write_importance

    job = channel.job
    write_importance(
        Path(job["folder"]),
        Path(job["adapter"]),
        [ImportanceRecord(**{**one, "turns": turns_of(one["turns"])}) for one in job["records"]],
        Path(job["out"]),
        proceed=channel.control.proceed,
        did_one=lambda: channel.emit({"event": "measured"}),
    )
