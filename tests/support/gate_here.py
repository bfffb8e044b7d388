"""The gate in the test's own process: starting its workers, with torch in one of them, takes seconds.

It does what they do, by their own functions. tests/parity/test_gate.py runs them as processes.
"""

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orca_desk.processes.progress import JobControl
from orca_desk.workers import parity_reference, parity_served
from orca_desk.workers.runtime import WorkerControl

WORK = {"parity-reference": parity_reference.refer, "parity-served": parity_served.answer}


class Here:
    """A worker's link to a host in the same process."""

    def __init__(
        self, job: Mapping[str, Any], on_events: Callable[[list[dict[str, Any]]], None], wanted: JobControl
    ) -> None:
        self.job = dict(job)
        self.control = WorkerControl()
        self._on_events, self._wanted = on_events, wanted

    def emit(self, event: Mapping[str, Any]) -> None:
        """Give the host an event, and hear whether it stops the job."""
        self._on_events([dict(event)])
        if self._wanted.stopped:
            self.control.receive("stop")


def run_here(
    name: str,
    job: Mapping[str, Any],
    *,
    on_events: Callable[[list[dict[str, Any]]], None],
    control: JobControl | None = None,
    log: Path | None = None,
) -> bool:
    """Stand in for `run_worker` of `orca_desk.parity.gate`."""
    wanted = control or JobControl()
    if not wanted.stopped:
        with warnings.catch_warnings():
            # peft 0.21 asks transformers 5.23 for an attribute that it has deprecated.
            warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
            WORK[name](Here(job, on_events, wanted))  # type: ignore[arg-type]
    return not wanted.stopped
