"""A plan: candidates that answer the same tasks. Each of its evaluations stores it, to be resumed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from orca_desk.library.database import Library
from orca_desk.library.evaluations import KIND
from orca_desk.library.runs import list_runs, newest_request, set_request
from orca_desk.method.records import Sampling
from orca_desk.steps.evaluate.evaluation import System


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One model to evaluate: a GGUF file, or a student's folder, whose GGUF file is found or made."""

    name: str
    model: Path
    adapter: Path | None = None
    system: System = field(default_factory=System)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Candidates and their tasks: all held-out ones of some families, or the first `per_family` of each.

    `forgetting`: measure what tuned students lost.
    """

    candidates: tuple[Candidate, ...]
    families: tuple[str, ...]
    per_family: int | None = None
    sampling: Sampling = field(default_factory=Sampling)
    forgetting: bool = True


def request_of(plan: Plan, candidate: Candidate) -> dict[str, Any]:
    """Return what the run of one candidate stores: the plan, and the candidates from this one on."""
    position = plan.candidates.index(candidate)
    queued = [_to_json(one) for one in plan.candidates[position:]]
    return {**plan_to_json(plan), "waiting": queued}


def store_changed_plan(library: Library, plan: Plan, candidate: Candidate) -> None:
    """Let the run of `candidate`, if it is running, store `plan`, whose queue changed after it had begun."""
    request = request_of(plan, candidate)
    for run in list_runs(library, kind=KIND, status="running"):
        if run.request and run.request.get("waiting", [])[:1] == request["waiting"][:1]:
            set_request(library, run.id, request)


def queued_behind(request: Mapping[str, Any]) -> tuple[Candidate, ...]:
    """Return the candidates queued behind the one whose run stores `request`."""
    return tuple(_from_json(one) for one in request.get("waiting", [])[1:])


def last_plan(library: Library) -> Plan | None:
    """Return the plan that was started last; None without one that this version of Orca Desk can read."""
    request = newest_request(library, KIND)
    try:
        return plan_from_json(request) if request else None
    except (KeyError, TypeError, ValueError):
        return None


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON values."""
    return {
        "candidates": [_to_json(one) for one in plan.candidates],
        "families": list(plan.families),
        "per_family": plan.per_family,
        "sampling": asdict(plan.sampling),
        "forgetting": plan.forgetting,
    }


def plan_from_json(value: Mapping[str, Any]) -> Plan:
    """Return the plan that `plan_to_json` wrote."""
    return Plan(
        candidates=tuple(_from_json(one) for one in value["candidates"]),
        families=tuple(value["families"]),
        per_family=value["per_family"],
        sampling=Sampling.from_json(value["sampling"]),
        forgetting=value.get("forgetting", True),  # earlier versions did not ask
    )


def _to_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "name": candidate.name,
        "model": str(candidate.model),
        "adapter": str(candidate.adapter) if candidate.adapter else None,
        "system": asdict(candidate.system),
    }


def _from_json(value: Mapping[str, Any]) -> Candidate:
    return Candidate(
        name=value["name"],
        model=Path(value["model"]),
        adapter=Path(value["adapter"]) if value["adapter"] else None,
        system=System(**value["system"]),
    )
