"""Measuring on the Strategies page: what is offered, the plot of a family, bases apart, and the judge."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QToolTip
from pytestqt.qtbot import QtBot

from orca_desk.library.database import Library
from orca_desk.library.pairings import set_pairings
from orca_desk.library.runs import create_run
from orca_desk.library.tasks import add_tasks
from orca_desk.method.evidence import Basis, Evidence
from orca_desk.method.judging import DEFAULT_PROMPT, REQUEST
from orca_desk.method.pairing import Decision, decide
from orca_desk.method.records import Sampling, Task
from orca_desk.steps.pair.choice import choose_strategy
from orca_desk.steps.pair.request import ProbeRequest
from orca_desk.steps.pair.standing import Budget, CellState, ProbeStanding, Spent
from orca_desk.ui.pages.strategies.interval_plot import ROW, StrategyPlot
from orca_desk.ui.pages.strategies.judge_dialog import JudgeDialog
from orca_desk.ui.pages.strategies.page import StrategiesPage
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.window import Window

TASKS = [Task(family="sums", query=f"What is {n} + 1?", answer=str(n + 1)) for n in range(60)]


def measured(
    strategy: str, correct: int, tokens: float, basis: Basis = Basis.REFERENCE, first: int = 0
) -> Evidence:
    """Evidence of 40 tasks, of which `correct` are right from the `first` on."""
    outcomes = tuple((f"task {n:02}", float(first <= n < first + correct)) for n in range(40))
    return Evidence(
        family="sums",
        strategy=strategy,
        n=40,
        correct=correct,
        mean_tokens=tokens,
        outcomes=outcomes,
        basis=basis,
    )


def store(library: Library, *evidence: Evidence) -> Decision:
    decision = decide(evidence)["sums"]
    set_pairings(
        library,
        [decision.pairing] if decision.pairing else [],
        source="measured",
        undecided=[] if decision.pairing else [decision],
        details={"sums": decision.details},
    )
    return decision


@pytest.fixture
def page(library: Library, window: Window, qtbot: QtBot) -> StrategiesPage:
    add_tasks(library, TASKS)
    page = window.show_page("strategies")
    assert isinstance(page, StrategiesPage)
    page.tabs.setCurrentIndex(1)
    qtbot.waitUntil(lambda: page.pairing.model.rowCount() == 1)
    qtbot.waitUntil(lambda: page.pairing.measure.picker.selected() is not None)
    return page


def test_a_choice_is_shown_with_its_plot_and_held_out_score(
    page: StrategiesPage, window: Window, library: Library, qtbot: QtBot
) -> None:
    store(library, measured("direct", 4, 5), measured("step-by-step", 36, 50))
    window.desk.tell("pairings")
    result = page.pairing.result
    qtbot.waitUntil(lambda: result.heading.text() == "sums: Step by step")
    assert "36 of 40 correct, the best of 2 measured strategies." in result.reason.text()
    assert "90% correct" in result.held_out.text() and result.held_out.isVisible()
    assert [(row.title, row.mark, row.is_current) for row in result.plot.rows] == [
        ("Step by step", "chosen", True),
        ("Direct answer", "worse", False),
    ]
    assert result.plot.rows[1].figures == "4/40 · 5 tokens · worse"
    assert "-80 points" in result.plot.accessibleDescription()
    assert not result.more.isVisible() and not result.by_hand.isVisible()


def test_an_open_family_offers_just_the_tasks_that_would_settle_it(
    page: StrategiesPage, window: Window, library: Library, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = store(library, measured("direct", 18, 5), measured("step-by-step", 20, 50, first=10))
    assert decision.more_tasks and decision.more_tasks > 20
    window.desk.tell("pairings")
    result, panel = page.pairing.result, page.pairing.measure
    qtbot.waitUntil(lambda: "No choice" in result.reason.text())
    assert page.pairing.model.index(0, 7).data() == "not paired\nno choice yet"
    assert result.more.text() == "Measure 20 more tasks"  # of 60
    assert result.more_note.text() == "The family has no more than 20 more tasks."
    started: list[ProbeRequest] = []
    monkeypatch.setattr(panel, "start", started.append)
    qtbot.mouseClick(result.more, Qt.MouseButton.LeftButton)
    (request,) = started
    assert (request.families, request.strategies) == (["sums"], ["direct", "step-by-step"])
    assert (request.per_family, request.by) == (60, "reference")


def test_nothing_correct_is_no_evidence(
    page: StrategiesPage, window: Window, library: Library, qtbot: QtBot
) -> None:
    store(library, measured("direct", 0, 5), measured("step-by-step", 0, 50))
    window.desk.tell("pairings")
    result = page.pairing.result
    qtbot.waitUntil(lambda: "No evidence: 0 of 80 answers correct." in result.reason.text())
    assert page.pairing.model.index(0, 7).data() == "not paired\nno evidence"
    assert not result.more.isVisible()


def test_what_was_graded_in_another_way_is_in_a_table_of_its_own(
    page: StrategiesPage, window: Window, library: Library, qtbot: QtBot
) -> None:
    panel = page.pairing
    assert not panel.basis.isVisible()
    store(library, measured("direct", 4, 5), measured("step-by-step", 36, 50))
    store(library, measured("direct", 38, 5, Basis.JUDGE))
    window.desk.tell("pairings")
    qtbot.waitUntil(panel.basis.isVisible)
    direct = panel.model.index(0, 0)
    qtbot.waitUntil(lambda: str(direct.data()).endswith("4/40 · 4–23%"))
    panel.basis.setCurrentIndex(panel.basis.findData(Basis.JUDGE))
    panel.basis.activated.emit(panel.basis.currentIndex())
    qtbot.waitUntil(lambda: str(direct.data()).startswith("✓ 95%\n38/40"))
    assert "38 of 40 judged correct" in panel.model.sentence("sums", "direct")
    assert panel.model.index(0, 6).data() == "–"  # step by step was measured by references alone
    assert panel.model.index(0, 7).data() == "Direct answer\nby a judge"
    qtbot.waitUntil(lambda: "judge's opinion" in panel.result.legend.text())


def test_replacing_what_rests_on_more_is_asked_before(
    page: StrategiesPage, library: Library, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(library, measured("direct", 4, 5), measured("step-by-step", 36, 50))
    panel, begun = page.pairing.measure, []
    monkeypatch.setattr(panel, "_begin", begun.append)
    wanted = ProbeRequest(model=str(panel.picker.path), samples=3, by="agreement")

    def answer(button: str) -> MessageBox:
        panel.start(wanted)
        qtbot.waitUntil(lambda: any(one.isVisible() for one in panel.findChildren(MessageBox)))
        box = next(one for one in panel.findChildren(MessageBox) if one.isVisible())
        chosen = next(one for one in box.buttons() if one.text().replace("&", "") == button)
        qtbot.mouseClick(chosen, Qt.MouseButton.LeftButton)
        return box

    box = answer("Cancel")
    assert box.text() == "This measurement by agreement may replace 1 pairing that rests on firmer grounds."
    assert "sums has Step by step by reference answers." in box.hint()
    assert not begun
    answer("Measure and replace")
    assert begun == [replace(wanted, replace=True)]
    panel.start(replace(wanted, by="reference", samples=1))  # as good as what it replaces
    qtbot.waitUntil(lambda: len(begun) == 2)
    assert not begun[1].replace
    choose_strategy(library, "sums", "direct")
    wanted = replace(wanted, by="reference", samples=1)
    assert "sums has Direct answer by hand." in answer("Cancel").hint()


def test_a_running_measurement_shows_where_it_stands(page: StrategiesPage, qtbot: QtBot) -> None:
    cells = {
        ("sums", "direct"): CellState(state="open", correct=3, n=8, mean_tokens=5),
        ("sums", "step-by-step"): CellState(state="eliminated", correct=1, n=8, mean_tokens=50),
        ("sums", "guess-and-check"): CellState(state="open", correct=0, n=0, mean_tokens=0),
        ("sums", "explain-then-answer"): CellState(state="longer", correct=4, n=8, mean_tokens=60),
    }
    spent = Spent(answers=16, tokens=440, seconds=65)
    panel = page.pairing
    panel.measure.job_panel.show()
    panel.measure._receive(ProbeStanding(cells=cells, spent=spent, budget=Budget(answers=100, seconds=600)))
    names = [one.name for one in panel.model.content.strategies]

    def cell(strategy: str) -> str:
        return str(panel.model.index(0, names.index(strategy)).data())

    qtbot.waitUntil(lambda: cell("direct") == "38% open\n3/8 · 14–69%")
    assert cell("step-by-step").startswith("12% out\n1/8") and cell("guess-and-check") == "… open"
    assert cell("explain-then-answer").startswith("50% out\n4/8")
    assert "out: longer than another" in panel.model.sentence("sums", "explain-then-answer")
    assert panel.measure.standing.text() == (
        "0 families settled, 1 still open; 2 strategies out. Spent: 16 of 100 answers, 440 tokens, 1 min 5 s"
        " of 10 min 0 s."
    )


def test_the_options_become_the_request_and_come_back(page: StrategiesPage, qtbot: QtBot) -> None:
    options = page.pairing.measure.options
    usual = ProbeRequest(model="teacher.gguf")
    assert not options.judge_row.isVisible() and not options.temperature.isVisible()
    assert not options.amount.isVisible() and options.apply_to(usual).sampling.temperature == 0
    asked = replace(
        usual,
        per_family=30,
        samples=3,
        sampling=Sampling(temperature=0.5),
        by="judge",
        judge_prompt="Mine.",
        minutes=45.0,
    )
    options.show_request(asked)
    assert options.judge_row.isVisible() and options.temperature.isVisible() and options.amount.isVisible()
    assert options.judge_note.text() == "own prompt"
    qtbot.waitUntil(lambda: options.judge_path is not None)
    assert options.apply_to(usual) == replace(asked, judge=str(options.judge_path))
    options.limit.setCurrentIndex(options.limit.findData("tokens"))
    options.limit.activated.emit(options.limit.currentIndex())
    assert options.amount.value() == 100_000
    options.samples.setValue(1)
    changed = options.apply_to(usual)
    assert (changed.tokens, changed.minutes, changed.sampling.temperature) == (100_000, None, 0)
    options.basis.setCurrentIndex(options.basis.findData(Basis.AGREEMENT))
    by_agreement = options.apply_to(usual)
    assert (by_agreement.by, by_agreement.judge, by_agreement.judge_prompt) == ("agreement", "", "")


def test_the_last_request_is_offered_again(library: Library, window: Window, qtbot: QtBot) -> None:
    request = ProbeRequest(model="gone.gguf", per_family=7, by="agreement", answers=90)
    create_run(library, "probe", {}, request.to_json())
    page = window.show_page("strategies")
    assert isinstance(page, StrategiesPage)
    options = page.pairing.measure.options
    assert (options.per_family.value(), options.graded_by, options.amount.value()) == (
        7,
        Basis.AGREEMENT,
        90,
    )


def test_a_request_that_a_newer_version_stored_is_left_alone(
    library: Library, window: Window, qtbot: QtBot
) -> None:
    newer = {**ProbeRequest(model="t.gguf").to_json(), "by": "oracle"}
    create_run(library, "probe", {}, newer)
    page = window.show_page("strategies")
    assert isinstance(page, StrategiesPage)
    assert page.pairing.measure.options.graded_by == Basis.REFERENCE
    page.go({"start": newer})
    qtbot.waitUntil(lambda: "Another version of Orca Desk" in page.notice.text.text())


def test_the_judges_prompt_is_edited_beside_what_the_judge_reads(page: StrategiesPage, qtbot: QtBot) -> None:
    options = page.pairing.measure.options
    options.basis.setCurrentIndex(options.basis.findData(Basis.JUDGE))
    qtbot.waitUntil(lambda: options.judge_path is not None)
    qtbot.mouseClick(options.prompt, Qt.MouseButton.LeftButton)
    dialog = next(one for one in options.findChildren(JudgeDialog) if one.isVisible())
    assert not dialog.restore.isEnabled()
    dialog.prompt.setPlainText("")
    assert not dialog.use.isEnabled()
    dialog.prompt.setPlainText("Judge like a teacher.")
    qtbot.waitUntil(lambda: "Judge like a teacher." in dialog.preview.toPlainText(), timeout=20_000)
    assert REQUEST in dialog.preview.toPlainText() and "tokens" in dialog.count.text()
    qtbot.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    assert options.judge_note.text() == "own prompt"
    options.edit_prompt()
    again = next(one for one in options.findChildren(JudgeDialog) if one.isVisible())
    assert again.prompt.toPlainText() == "Judge like a teacher."
    qtbot.mouseClick(again.restore, Qt.MouseButton.LeftButton)
    assert again.prompt.toPlainText() == DEFAULT_PROMPT
    qtbot.mouseClick(again.use, Qt.MouseButton.LeftButton)
    assert options.judge_note.text() == ""


def test_the_plot_tells_a_rows_sentence(
    page: StrategiesPage, window: Window, library: Library, qtbot: QtBot
) -> None:
    store(library, measured("direct", 30, 5), measured("step-by-step", 31, 50), measured("mine", 4, 9))
    window.desk.tell("pairings")
    plot = page.pairing.result.plot
    qtbot.waitUntil(lambda: len(plot.rows) == 3)
    assert {row.mark for row in plot.rows} >= {"worse"}
    assert isinstance(plot, StrategyPlot) and plot.height() > 3 * ROW
    for choice in ("dark", "light"):
        window.desk.theme.choose(choice)
        assert not plot.grab().isNull()
    QToolTip.hideText()
    place = QPointF(20, ROW / 2)
    plot.mouseMoveEvent(
        QMouseEvent(
            QMouseEvent.Type.MouseMove,
            place,
            QPointF(plot.mapToGlobal(QPoint(20, 10))),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )
    assert "31 of 40 correct" in QToolTip.text()
    QToolTip.hideText()
