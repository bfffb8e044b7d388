"""The tables of an experiment's report as text: the same for HTML and for Markdown."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from orca_desk.steps.evaluate.scoring import OVERALL
from orca_desk.steps.experiment.plan import MessageKind
from orca_desk.steps.experiment.results import (
    ContrastResult,
    ContrastSet,
    ExperimentResults,
    ShareResult,
)
from orca_desk.steps.experiment.wording import (
    ARM_MEANINGS,
    ARM_NAMES,
    MESSAGE_NAMES,
    UNDER,
    contrast_name,
)
from orca_desk.student.settings import TrainSettings

UNCLEAR = "no clear difference"


@dataclass(frozen=True, kw_only=True)
class ReportCell:
    """A cell of a table: its text, a smaller second line, and the role of its colour, if any."""

    text: str
    more: str = ""
    role: str = ""


@dataclass(frozen=True, kw_only=True)
class ReportTable:
    """A table; the first column names its rows. `title` is for tables that are folded away."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[ReportCell, ...], ...]
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class ReportFacts:
    """What a report says beside the results: names of what was used, and versions."""

    base: str
    snapshot: str
    created_at: str
    versions: Mapping[str, str]


def report_tables(found: ExperimentResults, facts: ReportFacts) -> dict[str, Any]:
    """Return all tables of a report by name; those without a row are None, or an empty list."""
    has_families = found.shares and len(found.families) > 1
    return {
        "shares": _share_table(found),
        "contrasts": _contrast_table(
            found.of_set(ContrastSet.ARMS), "Differences between arms, over all tasks."
        ),
        "messages": _contrast_table(
            found.of_set(ContrastSet.MESSAGES), "The same students, under two messages, over all tasks."
        ),
        "families": [_family_table(found, message) for message in found.plan.messages]
        if has_families
        else [],
        "family_contrasts": _contrast_table(
            found.of_set(ContrastSet.FAMILIES),
            "Differences between arms, by family.",
            title="Differences by family",
        ),
        "lost": lost_table(found),
        "arms": _arm_table(found),
        "settings": _settings_table(found, facts),
    }


def _share_table(found: ExperimentResults) -> ReportTable | None:
    messages = found.plan.messages
    rows = tuple(
        (
            ReportCell(text=ARM_NAMES[arm], more=ARM_MEANINGS[arm]),
            *(_share_cell(found.share(arm, message)) for message in messages),
        )
        for arm in found.plan.arms
        if arm not in found.absent
    )
    return ReportTable(
        caption="Share of correct answers with its 95% interval; below it the mean answer length, and the "
        "share of answers that follow the paired strategy.",
        heads=("Arm", *(MESSAGE_NAMES[message] for message in messages)),
        rows=rows,
    )


def _share_cell(one: ShareResult | None) -> ReportCell:
    if one is None:
        return ReportCell(text="-")
    share = one.share
    follows = "" if one.adherence is None else f", {one.adherence:.0%} follow"
    return ReportCell(
        text=f"{share.share:.1%} ({share.low * 100:.1f} to {share.high * 100:.1f})",
        more=f"{one.mean_tokens:.0f} tokens{follows}",
    )


def _family_table(found: ExperimentResults, message: MessageKind) -> ReportTable:
    families = [*found.families, OVERALL]
    rows = []
    for arm in found.plan.arms:
        known = [found.share(arm, message, family) for family in families]
        if any(known):
            cells = [
                ReportCell(
                    text=f"{one.share.share:.0%} ({one.share.low * 100:.0f}-{one.share.high * 100:.0f})"
                )
                if one
                else ReportCell(text="-")
                for one in known
            ]
            rows.append((ReportCell(text=ARM_NAMES[arm]), *cells))
    counts = [f"{family} ({found.families.get(family, found.tasks):,})" for family in families]
    return ReportTable(
        title=f"Under {UNDER[message]}",
        caption=f"Share of correct answers under {UNDER[message]}, with its 95% interval, by family (tasks).",
        heads=("Arm", *counts),
        rows=tuple(rows),
    )


def _contrast_table(contrasts: Sequence[ContrastResult], caption: str, title: str = "") -> ReportTable | None:
    if not contrasts:
        return None
    by_family = any(one.family != OVERALL for one in contrasts)
    rows = []
    for one in contrasts:
        found = one.difference
        rows.append(
            (
                ReportCell(text=contrast_name(one)),
                *([ReportCell(text=one.family)] if by_family else []),
                ReportCell(text=f"{found.difference * 100:+.1f}"),
                ReportCell(text=f"{found.low * 100:+.1f} to {found.high * 100:+.1f}"),
                ReportCell(text=p_text(found.p)),
                ReportCell(text=p_text(one.p)),
                ReportCell(text=one.finding, role="" if one.finding == UNCLEAR else one.finding),
            )
        )
    heads = ("Difference", *(("Family",) if by_family else ()), "Points", "95% interval", "p", "Corrected p")
    return ReportTable(
        title=title,
        caption=f"{caption} P-values are corrected for {len(contrasts):,} comparisons.",
        heads=(*heads, "Finding"),
        rows=tuple(rows),
    )


def p_text(p: float) -> str:
    """Return a p-value with as many digits as tell on which side of 0.05 it is."""
    if p < 0.001:
        return "< 0.001"
    return f"{p:.5f}" if f"{p:.3f}" == "0.050" else f"{p:.3f}"


def lost_table(found: ExperimentResults) -> ReportTable | None:
    """Return what the students of each arm lost; None where it was not measured."""
    known = [(one.arm, one.lost) for one in found.arms if one.lost is not None]
    if not known:
        return None
    rows = tuple(
        (
            ReportCell(text=ARM_NAMES[arm]),
            ReportCell(text=f"{lost.base:.1%}"),
            ReportCell(text=f"{lost.student:.1%}"),
            ReportCell(text=f"{lost.nats:.3f}"),
            ReportCell(text=f"{lost.changed:.0%}"),
            ReportCell(text=f"{lost.ratio:.2f}"),
            ReportCell(text=", ".join(lost.large) or "no", role="worse" if lost.large else ""),
        )
        for arm, lost in known
    )
    lost = known[0][1]
    assert lost is not None
    return ReportTable(
        caption=f"{lost.questions:,} general questions under {UNDER[lost.message]}.",
        heads=(
            "Arm",
            "Base correct",
            "Student correct",
            "KL (nats per token)",
            "Likeliest token changed",
            "Length ratio",
            "Large",
        ),
        rows=rows,
    )


def _arm_table(found: ExperimentResults) -> ReportTable:
    rows = tuple(
        (
            ReportCell(text=ARM_NAMES[one.arm], more=ARM_MEANINGS[one.arm]),
            ReportCell(text=MESSAGE_NAMES[one.message]),
            ReportCell(text=_number(one.records)),
            ReportCell(text=_number(one.rewritten)),
            ReportCell(text=_number(one.steps)),
            ReportCell(text=_number(one.tokens)),
            ReportCell(text=_number(one.trained_tokens)),
            ReportCell(text=f"{one.seeds:,}"),
        )
        for one in found.arms
        if one.records is not None
    )
    return ReportTable(
        caption="Steps and tokens are means over the seeds. Tokens are those of one epoch, trained ones "
        "those of the answers.",
        heads=(
            "Arm",
            "Trained under",
            "Records",
            "Rewritten",
            "Steps",
            "Tokens",
            "Trained tokens",
            "Students",
        ),
        rows=rows,
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _settings_table(found: ExperimentResults, facts: ReportFacts) -> ReportTable:
    plan = found.plan
    chosen: dict[str, Any] = {
        "Base": facts.base,
        "Snapshot": facts.snapshot,
        "Student's system message": found.instruction or "(empty)",
        "Seeds": ", ".join(map(str, plan.seeds)),
        "Families": "all" if plan.families is None else ", ".join(plan.families),
        "Held-out tasks per family": "all" if plan.per_family is None else f"{plan.per_family:,}",
        "Records per arm": "all" if plan.records is None else f"at most {plan.records:,}",
        "Longest answer": f"{plan.sampling.max_tokens:,} tokens",
        "Temperature": f"{plan.sampling.temperature:g}",
        "Time": f"{found.seconds:,.0f} s",
    }
    trained = {
        f"Training: {entry.name.replace('_', ' ')}": getattr(plan.settings, entry.name)
        for entry in fields(TrainSettings)
        if entry.name != "seed"
    }
    rows = {**chosen, **trained, **facts.versions}
    return ReportTable(
        caption="Batch tokens are those of the erased arm; the others' follow from their records' length.",
        heads=("Setting", "Value"),
        rows=tuple((ReportCell(text=name), ReportCell(text=_value(value))) for name, value in rows.items()),
    )


def _value(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
