"""Growing tasks in words: what a run came to, what a proposal was made from, and how it was checked."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from orca_desk.counting import counted
from orca_desk.method.passage_questions import needs_passage
from orca_desk.method.proposals import Proposal
from orca_desk.steps.grow.grown import Grown, Source
from orca_desk.ui.words.shorten import shorten

GIVEN: dict[Source, str] = {"generators": "generator", "documents": "passage", "tasks": "seed task"}
CHANGES = {
    "harder": ("Harder", "One more step is needed to solve it."),
    "different": ("Different", "Other facts, numbers and setting; the same kind of task."),
    "turned": ("Turned around", "What was asked for is given, and something that was given is asked for."),
}
MOST_REASONS = 3
OWN_OPINION = (
    "A confirmed answer is one that the teacher gives again: it can still be wrong. Nothing becomes a task"
    " before you accept it."
)


def grown_sentence(grown: Grown) -> str:
    """Return what a run came to: proposals, what was checked, and what is missing, with the reasons."""
    made = counted(grown.proposed, "proposal")
    parts = [f"{made} from {counted(grown.given, GIVEN[grown.source])}"]
    if grown.proposed > grown.new:
        parts[0] += f", {grown.new:,} of them new"
    if grown.confirmed or grown.unconfirmed:
        parts.append(f"{grown.confirmed:,} confirmed, {grown.unconfirmed:,} not")
    if grown.repeated:
        parts.append(f"{counted(grown.repeated, 'repeated question')} left out")
    if grown.unread:
        parts.append(
            f"{counted(grown.unread, 'piece')} of the teacher's text did not have the form that was asked for"
        )
        if not grown.proposed and grown.finished:
            parts.append("This teacher does not keep to the form: choose a larger one")
    if grown.failed:
        parts.append(_failed(grown.failed))
    if grown.refused:
        documents = counted(len(grown.refused), "document")
        first = next(iter(grown.refused.values())).rstrip(".")
        more = " (and others)" if len(grown.refused) > 1 else ""
        parts.append(f"{documents} gave nothing: {first}{more}")
    said = ". ".join(parts) + "."
    return said if grown.finished else f"Stopped; the same settings resume it. {said}"


def _failed(failed: Mapping[str, int]) -> str:
    """Return how many requests failed, and the most frequent reasons: each long prompt has its own."""
    reasons = sorted(failed, key=lambda reason: -failed[reason])
    said = "; ".join(reason.rstrip(".") for reason in reasons[:MOST_REASONS])
    more = len(reasons) - MOST_REASONS
    others = f" (and {counted(more, 'other reason')})" if more > 0 else ""
    return f"{counted(sum(failed.values()), 'request')} failed: {said}{others}"


def ancestry_text(ancestry: Mapping[str, Any]) -> str:
    """Return what a proposal was made from, in a line: "owls.pdf, page 3, Hunting"."""
    match ancestry.get("kind"):
        case "document":
            page, heading = ancestry.get("page"), ancestry.get("heading")
            parts = [PurePath(ancestry["document"]).name, f"page {page}" if page else "", heading or ""]
            return ", ".join(part for part in parts if part)
        case "task":
            change = CHANGES.get(ancestry["change"], (ancestry["change"],))[0]
            return f"{change}, from task {ancestry['task'][:8]}: {shorten(ancestry['suggestion'], 80)}"
        case "generator":
            level = f", level {ancestry['level']}" if ancestry.get("level") is not None else ""
            return f"{ancestry['generator']}{level}, seed {ancestry['seed']}"
    return "unknown"


def checks_text(proposal: Proposal) -> str:
    """Return how a proposal was checked, in a line."""
    checks, kind = proposal.checks, proposal.ancestry.get("kind")
    if checks.get("edited"):
        return "Edited, and not checked since"
    if kind == "document":
        if proposal.confirmed is None:
            return "Not checked: the teacher gave no answer"
        answer = "Confirmed" if proposal.confirmed else "Not confirmed: answered differently"
        needs = needs_passage(checks)
        alone = {None: "", True: "; needs the passage", False: "; answered without the passage, too"}[needs]
        return f"{answer} with the passage{alone}"
    if kind == "task":
        votes = ", ".join(f"{shorten(answer, 30)} ({count})" for answer, count in checks["votes"][:3])
        said = f"{votes or 'no final answer'} in {counted(checks['answers'], 'answer')}"
        return f"Confirmed: {said}" if proposal.confirmed else f"No answer is agreed on: {said}"
    if proposal.confirmed is None:
        return "Not checked"
    return "Confirmed by its verifier" if proposal.confirmed else "Its verifier and the grader differ"
