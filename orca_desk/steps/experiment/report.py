"""An experiment's report: one HTML file that needs no network, and Markdown. Both say the same.

They name no path of this machine, as a report is shared. All text is escaped: names of families, models and
snapshots are data.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from orca_desk.about import versions
from orca_desk.counting import counted
from orca_desk.library.database import Library
from orca_desk.library.snapshots import get_snapshot
from orca_desk.paths import resources
from orca_desk.steps.experiment.plots import contrast_plot, share_plot
from orca_desk.steps.experiment.report_tables import (
    ReportCell,
    ReportFacts,
    ReportTable,
    report_tables,
)
from orca_desk.steps.experiment.results import ExperimentResults
from orca_desk.steps.experiment.wording import conclusion, notes

Colours = Mapping[str, Mapping[Any, str]]  # of the themes "light" and "dark", by role
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#~$])")

SHARES_NOTE = (
    "Each dot is a share with its 95% interval over tasks and seeds; small dots below it are single seeds. "
    "Grey is the base."
)
CONTRASTS_NOTE = (
    "A filled dot is a clear difference: its p-value, corrected for all comparisons of this table, is below "
    "0.05. A hollow one is no clear difference. To the right, the first of the two is better."
)
ARMS_NOTE = (
    "All arms have the same records in the same order, the same epochs, and batches of about as many "
    "records, so that they take about as many steps. The number of trained tokens differs, as it must."
)
LOST_NOTE = (
    "Against the base, on general questions that are in no training: correct answers, the divergence of the "
    "next token's distribution from the base's on everyday requests, and the length of answers. These are "
    "means over the seeds, without intervals: a loss here is a reason to look at the evaluation itself."
)
METHOD = (
    "Every student answers the same held-out tasks under every system message, greedily, and each answer is "
    "graded against its task's reference. A wrong strategy is one other than the task's own, chosen by the "
    "task's id. What a student could not be asked counts as incorrect.",
    "Intervals are 95% intervals over tasks and seeds, both taken as samples: the variance of a mean is that "
    "of the crossed random-effects model, (MS tasks + MS seeds - MS rest) / (tasks x seeds), with "
    "Satterthwaite's degrees of freedom, which is also the two-way cluster-robust variance (Cameron, Gelbach "
    "and Miller 2011; Miller, arXiv 2411.00640). Shares have Wilson's interval at the matching number of "
    "independent answers; differences, which are paired by task and seed, join the two by MOVER (Zou and "
    "Donner 2008). With one seed they are Newcombe's paired intervals and McNemar's exact p-values, over "
    "tasks alone.",
    "P-values are corrected by Holm's method (1979) within each table: all overall differences between arms "
    "together, those by family together, and those between messages together. The corrected value alone "
    "decides whether a difference is called clear; the interval, which is not corrected, tells its size.",
)


def report_facts(library: Library, found: ExperimentResults) -> ReportFacts:
    """Return what the report of an experiment says beside its results."""
    snapshot = get_snapshot(library, found.plan.snapshot)
    return ReportFacts(
        base=found.plan.base.name,
        snapshot=f"{snapshot.name} ({snapshot.id[:12]})",
        created_at=found.ended_at[:16].replace("T", " "),
        versions=versions(),
    )


def html_report(found: ExperimentResults, facts: ReportFacts, colours: Colours) -> str:
    """Return the report as one HTML file; `colours` are those of both themes."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # no window waits for it

    environment = Environment(
        loader=FileSystemLoader(resources() / "report"), autoescape=True, undefined=StrictUndefined
    )
    panels = [plot for message in found.plan.messages if (plot := share_plot(found, message))]
    return environment.get_template("experiment.html").render(
        title=_title(found),
        subtitle=_subtitle(found, facts),
        colours=colours,
        conclusion=conclusion(found),
        notes=notes(found),
        panels=panels,
        panels_note=SHARES_NOTE,
        differences=contrast_plot(found),
        differences_note=CONTRASTS_NOTE,
        lost_note=LOST_NOTE,
        arms_note=ARMS_NOTE,
        method=METHOD,
        tables=report_tables(found, facts),
    )


def markdown_report(found: ExperimentResults, facts: ReportFacts) -> str:
    """Return the report as Markdown."""
    tables = report_tables(found, facts)
    parts = [
        f"# {_escaped(_title(found))}",
        _escaped(_subtitle(found, facts)),
        _escaped(conclusion(found)),
        "\n".join(f"- {_escaped(note)}" for note in notes(found)),
    ]
    sections: list[tuple[str, str, Sequence[ReportTable]]] = [
        ("Held-out tasks answered correctly", "", _some(tables["shares"])),
        ("What differs", CONTRASTS_NOTE.partition(" To the right")[0], _some(tables["contrasts"])),
        ("What the system message changes", "", _some(tables["messages"])),
        ("What the students lost", LOST_NOTE, _some(tables["lost"])),
        ("By family", "", [*tables["families"], *_some(tables["family_contrasts"])]),
        ("What the students were trained on", ARMS_NOTE, [tables["arms"]]),
        ("How it was computed", "\n\n".join(METHOD), []),
        ("Settings", "", [tables["settings"]]),
    ]
    for heading, text, made in sections:
        if made or heading.startswith("How"):
            parts += [f"## {heading}", _escaped(text), *map(_markdown_table, made)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _some(table: ReportTable | None) -> list[ReportTable]:
    return [] if table is None else [table]


def _title(found: ExperimentResults) -> str:
    return f"Does erasing the prompt help? Experiment {found.run.rpartition('-')[2]}"


def _subtitle(found: ExperimentResults, facts: ReportFacts) -> str:
    seeds = len(found.plan.seeds)
    return (
        f"{facts.base}, snapshot {facts.snapshot}, {counted(found.tasks, 'held-out task')}, "
        f"{counted(seeds, 'seed')}; {facts.created_at} UTC; Orca Desk "
        f"{facts.versions['Orca Desk']}"
    )


def _markdown_table(table: ReportTable) -> str:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |"

    rows = [line([_cell(cell) for cell in row]) for row in table.rows]
    marks = line(["---", *["---:"] * (len(table.heads) - 1)])
    body = "\n".join([line([_escaped(head) for head in table.heads]), marks, *rows])
    return f"{_escaped(table.caption)}\n\n{body}"


def _cell(cell: ReportCell) -> str:
    more = f"<br>{_escaped(cell.more)}" if cell.more else ""
    return f"{_escaped(cell.text)}{more}"


def _escaped(text: str) -> str:
    """Return text of any origin so that Markdown shows it as it is, on one line per paragraph."""
    lines = text.split("\n\n")
    return "\n\n".join(_MARKDOWN.sub(r"\\\1", " ".join(line.split())) for line in lines)
