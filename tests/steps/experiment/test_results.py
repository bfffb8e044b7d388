"""What an experiment found: its tables, its paragraph, and its report."""

import random
import re
from html.parser import HTMLParser

import pytest
from doubles import open_small
from experiments import store_experiment

from orca_desk.errors import UserError
from orca_desk.library.families import rename_family
from orca_desk.library.runs import create_run
from orca_desk.method.arms import Arm
from orca_desk.method.statistics import holm
from orca_desk.steps.experiment.plan import MessageKind
from orca_desk.steps.experiment.plots import contrast_plot, share_plot
from orca_desk.steps.experiment.report import html_report, markdown_report, report_facts
from orca_desk.steps.experiment.results import ContrastSet, results
from orca_desk.steps.experiment.state import Cell, store_cell
from orca_desk.steps.experiment.wording import conclusion, notes, points
from orca_desk.ui.words.roles import COLOURS

pytest.importorskip("scipy")


@pytest.fixture
def library(tmp_path):
    with open_small(tmp_path / "library") as library:
        yield library


def mostly_erased(arm, seed, message, task):
    """Erased students are right unless they are told a wrong strategy; the others by the task alone."""
    if arm is Arm.ERASED:
        return message is not MessageKind.WRONG
    return int(task.id, 16) % 2 == 0


def test_shares_and_differences_are_of_the_same_tasks(library):
    found = results(library, store_experiment(library, mostly_erased))
    assert (found.tasks, found.edited, dict(found.families)) == (16, 0, {"belief": 8, "sums": 8})
    erased = found.share(Arm.ERASED, MessageKind.NONE)
    assert erased is not None
    assert (erased.share.share, erased.by_seed, erased.share.seeds) == (1.0, (1.0, 1.0, 1.0), 3)
    assert (erased.mean_tokens, erased.adherence, erased.cut) == (10, 1.0, 0)
    base = found.share(Arm.BASE, MessageKind.NONE)
    assert base is not None
    overall = found.of_set(ContrastSet.ARMS)
    assert [(one.first.arm, one.second.arm) for one in overall] == (
        [(Arm.ERASED, Arm.BASE)] * 4 + [(Arm.ERASED, Arm.NOT_ERASED)] * 5  # and each under its own message
    )
    first = overall[0]
    assert first.difference.difference == pytest.approx(1 - base.share.share)
    assert first.finding == "better"
    assert next(one for one in overall if one.first.message is MessageKind.WRONG).finding == "worse"


def test_p_values_are_corrected_within_their_set(library):
    chance = random.Random(3)
    found = results(library, store_experiment(library, lambda *_: chance.random() < 0.6))
    for kind in ContrastSet:
        of_set = found.of_set(kind)
        assert [one.p for one in of_set] == holm([one.difference.p for one in of_set])
    assert len(found.of_set(ContrastSet.FAMILIES)) == 2 * len(found.of_set(ContrastSet.ARMS))
    assert len(found.of_set(ContrastSet.MESSAGES)) == 3 * 2


def test_the_paragraph_says_what_is_supported_and_what_is_not(library):
    found = results(library, store_experiment(library, mostly_erased))
    text = conclusion(found)
    assert text.startswith("Training on the erased records helped under no system message, +")
    assert "it hurt under a wrong strategy, -" in text
    assert "only 16 held-out tasks in 2 families and 3 seeds" in text
    for one in found.of_set(ContrastSet.ARMS)[:4]:
        assert points(one.difference) in text
    assert notes(found) == []


def test_what_is_the_same_under_every_message_is_told_once(library):
    found = results(library, store_experiment(library, lambda arm, *_: arm is Arm.ERASED))
    assert conclusion(found).startswith(
        "Training on the erased records helped under every system message, from +100.0 points ("
    )


def test_where_nothing_differs_no_difference_is_claimed(library):
    found = results(library, store_experiment(library, lambda *_: True, seeds=(4,)))
    text = conclusion(found)
    assert " helped" not in text
    assert " hurt" not in text
    assert "made no clear difference" in text
    assert "could have been missed" in text
    assert "from one training of each arm" in text


def test_an_unfinished_experiment_has_a_table_so_far(library):
    run = store_experiment(library, mostly_erased, finished=False)
    store_cell(library, run, Cell(arm=Arm.ERASED, seed=3, failure="It changes nothing."))
    found = results(library, run)
    assert not found.finished
    assert notes(found)[0].startswith("Not finished: 30 of 30")
    assert notes(found)[-1] == "Erased: a seed has no student. It changes nothing."
    empty = results(library, create_run(library, "experiment", found.plan.to_json()).id)
    assert (empty.shares, empty.contrasts, empty.tasks) == ((), (), 0)
    assert conclusion(empty) == "There are no results yet."
    facts = report_facts(library, empty)
    assert "no results yet" in html_report(empty, facts, COLOURS)
    assert "no results yet" in markdown_report(empty, facts)
    with pytest.raises(UserError, match="no run"):
        results(library, "experiment-99")


class Page(HTMLParser):
    """Collects the texts and the tags of a page, and fails on tags that are not closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in ("meta", "line", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_report_is_one_file_that_needs_no_network(library):
    found = results(library, store_experiment(library, mostly_erased))
    html = html_report(found, report_facts(library, found), COLOURS)
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "base"} & set(page.tags)
    assert not re.search(r"(?:src|href)=|url\(|@import|https?:", html)
    assert page.tags.count("svg") == 5
    assert conclusion(found) in page.text
    assert f"{COLOURS['dark']['background']}" in html
    assert str(library.folder) not in html


def test_names_in_a_report_are_text(library):
    run = store_experiment(library, mostly_erased)
    rename_family(library, "sums", "<b>|a_b*")
    found = results(library, run)
    facts = report_facts(library, found)
    assert "<b>|a_b*" in Page(html_report(found, facts, COLOURS)).text
    assert r"\<b\>\|a\_b\*" in markdown_report(found, facts)


def test_markdown_tables_have_a_cell_for_every_head(library):
    found = results(library, store_experiment(library, mostly_erased))
    text = markdown_report(found, report_facts(library, found))
    for block in text.split("\n\n"):
        if block.startswith("|"):
            widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.strip().splitlines()}
            assert len(widths) == 1
    assert text.count("\n## ") == 7


def test_plots_lie_within_their_axes(library):
    chance = random.Random(3)
    found = results(library, store_experiment(library, lambda *_: chance.random() < 0.6))
    plots = [share_plot(found, message) for message in found.plan.messages] + [contrast_plot(found)]
    for plot in plots:
        assert plot is not None
        for row in plot.rows:
            assert plot.left <= row.low <= row.at <= row.high <= plot.right
            assert 0 < row.y < plot.height
        assert [at for at, _ in plot.lines] == sorted(at for at, _ in plot.lines)
    assert len(plots[0].rows) == 3
    assert len(plots[0].rows[1].marks) == 3
