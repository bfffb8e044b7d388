"""How long a run of the teacher will take, before anything was tried."""

from dataclasses import dataclass
from pathlib import Path

from orca_desk.library.database import Library
from orca_desk.library.runs import list_runs
from orca_desk.models.identify import identify
from orca_desk.models.pace import answering_time
from orca_desk.steps.instruct.request import GenerateRequest
from orca_desk.steps.teaching import Taught, taught_from_json

KIND = "generate"
ENOUGH = 20  # answers of an earlier run that tell its speed
SPREAD = 1.5  # how far another choice of tasks and another load of the machine take a run from an earlier one
PROMPT_TOKENS = 150  # of a question; its strategy's instruction is read once for all
SHORTEST = 20  # tokens of an answer


@dataclass(frozen=True, kw_only=True)
class TeachingTime:
    """Between `low` and `high` seconds, at the speed of the run `earlier`.

    Without an earlier run of this teacher (None) they come from the arithmetic, for answers of a few tokens
    up to those of the longest answer that is allowed.
    """

    low: float
    high: float
    earlier: str | None


def estimate_teaching(library: Library, request: GenerateRequest, answers: int) -> TeachingTime | None:
    """Estimate how long `request` takes for `answers` answers; None without a teacher or an answer to make.

    Raises UserError when the teacher's file cannot be read. Measures this machine once, in about 0.1 s.
    """
    if not request.model or not answers:
        return None
    for run in list_runs(library, kind=KIND, status="done"):
        stored = taught_from_json(run.outcome)
        if stored and (run.request or {}).get("model") == request.model and _tells_speed(stored[0]):
            taught = stored[0]
            seconds = answers * taught.seconds / taught.new
            return TeachingTime(low=seconds / SPREAD, high=seconds * SPREAD, earlier=run.id)
    model = identify(Path(request.model))
    shortest = answering_time(model, answers * (PROMPT_TOKENS + SHORTEST))
    longest = answering_time(model, answers * (PROMPT_TOKENS + request.sampling.max_tokens))
    return TeachingTime(low=shortest.low, high=longest.high, earlier=None)


def _tells_speed(taught: Taught) -> bool:
    return taught.new >= ENOUGH and taught.seconds > 0
