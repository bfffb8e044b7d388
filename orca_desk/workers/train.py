"""One LoRA training, resumed from its newest checkpoint.

Job: {"base", "records", "out", "settings"}; events: those of `orca_desk.student.train`, then `outcome`.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from orca_desk.errors import UserError
from orca_desk.workers.runtime import Channel, serve
from orca_desk.workers.settling import settle

SECONDS_TO_UNLOCK = 20  # for a worker whose host was killed a moment ago, to exit


def main() -> None:
    """Serve one job."""
    serve(train)


def train(channel: Channel) -> None:
    """Train; a stop saves a checkpoint. Only one worker at a time writes to `out`."""
    from orca_desk.student.settings import TrainSettings
    from orca_desk.student.train import train as train_student

    def emit(event: dict[str, Any]) -> None:
        if event["event"] == "report":  # the model is loaded
            settle()
        channel.emit(event)

    job = channel.job
    out = Path(job["out"])
    out.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(out / "lock", timeout=SECONDS_TO_UNLOCK):
            outcome = train_student(
                base=Path(job["base"]),
                records=Path(job["records"]),
                out=out,
                settings=TrainSettings.from_dict(job["settings"]),
                emit=emit,
                control=channel.control,
            )
    except Timeout:
        raise UserError("This training is already running.", "Wait until it ends, or stop it.") from None
    channel.emit({"event": "outcome"} | asdict(outcome) | {"adapter": str(outcome.adapter or "")})
