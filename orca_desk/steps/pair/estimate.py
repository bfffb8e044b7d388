"""What a tournament will cost, before it starts: answers, their tokens, and time."""

from dataclasses import dataclass
from pathlib import Path

from orca_desk.library.database import Library
from orca_desk.library.pairings import latest_evidence
from orca_desk.library.runs import list_runs
from orca_desk.library.strategies import current_strategies
from orca_desk.method.judging import JUDGE_SAMPLING
from orca_desk.method.pairing import Basis
from orca_desk.method.tournament import FIRST
from orca_desk.models.identify import identify
from orca_desk.models.pace import answering_time
from orca_desk.steps.pair.probe_tasks import probe_tasks
from orca_desk.steps.pair.request import ProbeRequest
from orca_desk.steps.pair.rounds import require_a_task
from orca_desk.steps.teaching import taught_from_json

ENOUGH = 20  # answers of an earlier run that tell its speed
SPREAD = 1.5  # how far other tasks and another load of the machine take a run from an earlier one
PROMPT_TOKENS = 150  # of a question; its strategy's instruction is read once for all
SHORTEST = 20  # tokens of an answer


@dataclass(frozen=True, kw_only=True)
class ProbeEstimate:
    """Between the fewest answers, if all families are decided at the first look, and the most.

    Answers that the library has are counted too, but take no time. `tokens` are those of the most answers, as
    long as in earlier measurements; None where there are none. `low` and `high` are seconds, for the fewest
    and the most answers; None without a teacher.
    """

    families: int
    strategies: int
    least_answers: int
    most_answers: int
    tokens: int | None
    low: float | None
    high: float | None


def estimate(library: Library, request: ProbeRequest) -> ProbeEstimate:
    """Estimate what `request` will cost at most, within its budget.

    Raises UserError when no family has tasks to measure with, the budget is not enough for one, or the
    teacher's file cannot be read. Measures this machine once, in about 0.1 s.
    """
    by_reference = request.by == Basis.REFERENCE
    tasks = probe_tasks(library, request.families, request.per_family, needs_answer=by_reference)
    names = set(request.strategies or current_strategies(library))
    require_a_task(request.budget, len(names), request.samples)
    each = len(names) * request.samples
    least = each * sum(min(len(those), FIRST) for those in tasks.values())
    most = each * sum(map(len, tasks.values()))
    lengths = [
        evidence.mean_tokens
        for (family, name), evidence in latest_evidence(library).items()
        if family in tasks and name in names
    ]
    mean = sum(lengths) / len(lengths) if lengths else None
    limits = [most]
    if request.answers is not None:
        limits.append(request.answers)
    if request.tokens is not None and mean:
        limits.append(int(request.tokens / mean))
    most = min(limits)
    least = min(least, most)
    low, high = _seconds(library, request, least, most)
    if request.minutes is not None and high is not None and low is not None:
        high = min(high, request.minutes * 60)
        low = min(low, high)
    return ProbeEstimate(
        families=len(tasks),
        strategies=len(names),
        least_answers=least,
        most_answers=most,
        tokens=round(most * mean) if mean else None,
        low=low,
        high=high,
    )


def _seconds(
    library: Library, request: ProbeRequest, least: int, most: int
) -> tuple[float, float] | tuple[None, None]:
    """Return the time for the fewest and the most answers, of the teacher and of the judge if there is one.

    The teacher's is that of an earlier measurement, if there is one; the rest comes from arithmetic.
    """
    if not request.model:
        return None, None
    low, high = _teaching_seconds(library, request, least, most)
    if request.judge:
        judge = identify(Path(request.judge))
        tokens = PROMPT_TOKENS + request.sampling.max_tokens
        low += answering_time(judge, least * (PROMPT_TOKENS + SHORTEST)).low
        high += answering_time(judge, most * (tokens + JUDGE_SAMPLING.max_tokens)).high
    return low, high


def _teaching_seconds(library: Library, request: ProbeRequest, least: int, most: int) -> tuple[float, float]:
    for run in list_runs(library, kind="probe", status="done"):
        stored = taught_from_json(run.outcome)
        if stored and (run.request or {}).get("model") == request.model:
            taught = stored[0]
            if taught.new >= ENOUGH and taught.seconds > 0:
                each = taught.seconds / taught.new
                return least * each / SPREAD, most * each * SPREAD
    model = identify(Path(request.model))
    shortest = answering_time(model, least * (PROMPT_TOKENS + SHORTEST))
    longest = answering_time(model, most * (PROMPT_TOKENS + request.sampling.max_tokens))
    return shortest.low, longest.high
