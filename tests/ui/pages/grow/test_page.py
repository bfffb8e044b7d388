"""The Grow page: proposals are made, reviewed by keyboard, edited, accepted, and everything can be undone."""

from collections.abc import Sequence
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from orca_desk.errors import UserError
from orca_desk.library.proposals import add_proposals
from orca_desk.library.runs import get_run
from orca_desk.library.tasks import list_tasks
from orca_desk.method.proposals import Proposal
from orca_desk.method.records import Task
from orca_desk.processes.progress import JobControl
from orca_desk.steps.grow import procedural
from orca_desk.steps.grow.generators import Generator, InstalledGenerators
from orca_desk.steps.grow.procedural import ProceduralRequest
from orca_desk.ui.pages.grow import generators
from orca_desk.ui.window import Window

GCD = Generator(
    name="gcd",
    category="arithmetic",
    description="Divides.",
    levels=(1, 2),
    question="What divides 4 and 6?",
    answer="2",
    grading="reference",
)
PATH = Generator(
    name="shortest_path",
    category="graphs",
    description="Finds a way.",
    levels=(),
    question="Which way?",
    answer="up",
    grading="none",
)


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = InstalledGenerators(version="1", generators=(GCD, PATH))
    monkeypatch.setattr(generators, "list_generators", lambda: found)


def proposal(number: int) -> Proposal:
    return Proposal(
        task=Task(family="gcd", query=f"What divides {number} and 12?", answer="1"),
        ancestry={"kind": "generator", "generator": "gcd", "level": 1, "seed": number},
        checks={"verifier": True},
        confirmed=number < 3,
    )


def opened(window: Window, qtbot: QtBot, proposals: Sequence[Proposal] = ()) -> Any:
    if proposals:
        add_proposals(window.desk.library, "grow-procedural-1", proposals)
    page = window.show_page("grow")
    qtbot.waitUntil(lambda: len(page.proposals.model.rows) == len(proposals), timeout=20_000)
    return page


def rows(page: Any) -> list[str]:
    return [one.proposal.task.query for one in page.proposals.model.rows]


def test_proposals_are_decided_by_keyboard_and_taken_back(window: Window, qtbot: QtBot) -> None:
    page = opened(window, qtbot, [proposal(number) for number in range(1, 4)])
    view = page.proposals
    qtbot.waitUntil(lambda: "What divides 1 and 12?" in view.detail.toPlainText(), timeout=20_000)
    assert "Confirmed by its verifier" in view.detail.toPlainText()
    view.table.setFocus()
    qtbot.keyClick(view.table, Qt.Key.Key_Y)
    qtbot.waitUntil(lambda: len(rows(page)) == 2, timeout=20_000)
    assert [task.query for task in list_tasks(window.desk.library).items] == ["What divides 1 and 12?"]
    qtbot.keyClick(view.table, Qt.Key.Key_N)
    qtbot.waitUntil(lambda: rows(page) == ["What divides 3 and 12?"], timeout=20_000)
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: len(rows(page)) == 2, timeout=20_000)
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: len(rows(page)) == 3, timeout=20_000)
    assert not list_tasks(window.desk.library).items


def test_all_that_match_are_accepted(window: Window, qtbot: QtBot) -> None:
    page = opened(window, qtbot, [proposal(number) for number in range(1, 4)])
    page.proposals.confirmed.setChecked(True)
    qtbot.waitUntil(lambda: page.proposals.all_button.text() == "Accept all 2", timeout=20_000)
    page.proposals.all_button.click()
    qtbot.waitUntil(lambda: not rows(page), timeout=20_000)
    assert len(list_tasks(window.desk.library).items) == 2
    page.proposals.state.setCurrentText("Accepted")
    qtbot.waitUntil(lambda: len(rows(page)) == 2, timeout=20_000)


def test_a_proposal_is_edited_before_it_is_accepted(window: Window, qtbot: QtBot) -> None:
    page = opened(window, qtbot, [proposal(1)])
    qtbot.waitUntil(page.proposals.edit_button.isEnabled, timeout=20_000)
    page.proposals.edit_button.click()
    editor = page.proposals.editor
    save = editor.save_button
    editor.query.setPlainText(" ")
    assert not save.isEnabled()
    editor.query.setPlainText("What divides 1 and 13?")
    save.click()
    qtbot.waitUntil(lambda: rows(page) == ["What divides 1 and 13?"], timeout=20_000)


def test_generators_are_chosen_and_make_proposals(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def worker(name: str, job: object, *, requests: Any, on_events: Any, **_: object) -> bool:
        for request in requests:
            first = request["start"]
            made = [
                {"place": n, "question": f"What divides {n}?", "answer": "1", "verified": True}
                for n in range(first, first + request["count"])
            ]
            on_events([{"event": "made", "rows": made}])
        return True

    monkeypatch.setattr(procedural, "run_worker", worker)
    page = opened(window, qtbot)
    form = page.forms["grow-procedural"]
    qtbot.waitUntil(lambda: form.table.model().rowCount() == 2, timeout=20_000)
    with pytest.raises(UserError, match="No generator"):
        form.value()
    form.search.setText("short")
    assert form.table.model().rowCount() == 1
    form.table.selectRow(0)
    assert "get no reference answer" in form.sample.toPlainText()
    asked = ProceduralRequest(generators=("gcd",), levels=(1,), count=2, heldout=0.0, seed=5)
    form.set_value(asked)
    assert form.value() == asked
    page.start_button.click()
    qtbot.waitUntil(lambda: len(rows(page)) == 2, timeout=20_000)
    qtbot.waitUntil(lambda: page.notice.isVisible(), timeout=20_000)
    assert "2 proposals from 1 generator" in page.notice.text.text()


def test_an_interrupted_run_goes_on_from_the_jobs_page(
    window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = window.desk.library
    asked: list[int] = []
    control = JobControl()

    def worker(name: str, job: object, *, requests: Any, on_events: Any, **_: object) -> bool:
        place = next(iter(requests))["start"]
        asked.append(place)
        row = {"place": place, "question": f"What divides {place}?", "answer": "1", "verified": True}
        on_events([{"event": "made", "rows": [row]}])
        return not control.stopped

    monkeypatch.setattr(procedural, "run_worker", worker)
    control.stop()
    wanted = ProceduralRequest(generators=("gcd",), count=2, heldout=0.0, seed=5)
    stopped = wanted.grow(library, control=control)
    assert not stopped.finished
    control = JobControl()
    jobs: Any = window.show_page("jobs")
    qtbot.waitUntil(lambda: jobs.detail.resume_button.isVisible(), timeout=20_000)
    jobs.detail.resume_button.click()
    qtbot.waitUntil(lambda: get_run(library, stopped.run).status == "done", timeout=20_000)
    assert asked == [0, 1]
    grow: Any = window.show_page("grow")
    qtbot.waitUntil(lambda: rows(grow) == ["What divides 0?", "What divides 1?"], timeout=20_000)
    assert grow.forms["grow-procedural"].value() == wanted


def test_a_missing_teacher_is_told_before_anything_is_made(window: Window, qtbot: QtBot) -> None:
    page = opened(window, qtbot)
    form = page.forms["grow-like"]
    page.tabs.setCurrentIndex(2)
    qtbot.waitUntil(lambda: window.desk.models.is_read, timeout=20_000)
    form.picker.clear()
    page.start_button.click()
    assert page.notice.text.text() == "There is no teacher on this machine."
    assert page.job is None


def test_missing_generators_are_told(window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> InstalledGenerators:
        raise UserError("The generators are not installed.", "Install them.")

    monkeypatch.setattr(generators, "list_generators", fail)
    page = opened(window, qtbot)
    form = page.forms["grow-procedural"]
    qtbot.waitUntil(form.notice.isVisible, timeout=20_000)
    assert not form.source.text()
