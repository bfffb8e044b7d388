"""What every request to grow tasks says of the teacher that it asks."""

from dataclasses import dataclass
from pathlib import Path

from orca_desk.errors import UserError
from orca_desk.processes.asking import Runner
from orca_desk.steps.stored_request import StoredRequest


@dataclass(frozen=True, kw_only=True)
class TeacherRequest(StoredRequest):
    """Which teacher is asked, and how it is run; 0 leaves `batch` and `threads` to the engine."""

    model: str
    batch: int = 0
    threads: int = 0

    @property
    def runner(self) -> Runner:
        """How the teacher is run. Raises UserError without one."""
        if not self.model:
            raise UserError("No teacher is chosen.", "Choose a GGUF model.")
        return Runner(model=Path(self.model), batch=self.batch or None, threads=self.threads or None)
