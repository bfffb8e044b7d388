"""Home: the numbers of the library, what is next, and the guided demo: run, stopped, resumed, finished."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from demo_double import small_demo
from library_doubles import make_chat
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from orca_desk.inventory import bundled
from orca_desk.library.database import Library
from orca_desk.library.evaluations import Answered, Question, add_answers, create_evaluation
from orca_desk.library.runs import create_run, end_run
from orca_desk.library.tasks import add_tasks, count_tasks
from orca_desk.method.records import Task
from orca_desk.processes.progress import JobControl, Overall, Update
from orca_desk.steps.demo import status
from orca_desk.steps.demo import walk as demo
from orca_desk.steps.demo.result import write_result
from orca_desk.steps.demo.stages import StageDone
from orca_desk.steps.demo.state import demo_state, mark_started, result_file
from orca_desk.steps.demo.walk import DemoModels
from orca_desk.ui.jobs import Tools
from orca_desk.ui.pages.home import page as home_page
from orca_desk.ui.pages.home.figures import short_number
from orca_desk.ui.pages.home.page import PAGE_OF, HomePage
from orca_desk.ui.pages.home.result import ResultView
from orca_desk.ui.pages.home.run import demo_work
from orca_desk.ui.pages.home.table import STRATEGY, DemoResultTable
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.window import Window

LEFT = Qt.MouseButton.LeftButton
with_samples = pytest.mark.parametrize("library", [True], indirect=True)


@pytest.fixture
def library(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Library]:
    """A new library; with the sample tasks where the test asks for them."""
    with Library.open(tmp_path / "library", samples=getattr(request, "param", False)) as opened:
        yield opened


@pytest.fixture
def home(window: Window, qtbot: QtBot) -> HomePage:
    """The page, once it has read the library."""
    page = window.show_page("home")
    assert isinstance(page, HomePage)
    qtbot.waitUntil(lambda: page.status is not None)
    return page


def button_with(view: QWidget, text: str) -> QPushButton:
    (found,) = (one for one in view.findChildren(QPushButton) if one.text() == text)
    return found


def alternatives(home: HomePage) -> list[str]:
    """What the card of the next step offers beside its primary button."""
    buttons = home.next.findChildren(QPushButton)
    return [one.text() for one in buttons if one is not home.next.button and one.isVisible()]


def finish(library: Library) -> None:
    """Leave the result of a demo in the library."""
    write_result(library, small_demo(library.folder))


def test_the_numbers_follow_the_library(home: HomePage, library: Library, qtbot: QtBot) -> None:
    collect = home.flow.cards["collect"]
    assert (collect.figures.value, collect.figures.state) == ("0", "next")
    assert home.next.button.text() == "Import tasks…"
    add_tasks(library, [Task(family="sums", query=f"{n} + 1?", answer=str(n + 1)) for n in range(3)])
    home.desk.tell("tasks")
    qtbot.waitUntil(lambda: collect.figures.value == "3")
    assert collect.figures.state == "done"
    assert home.flow.cards["pair"].figures.state == "next"
    assert {home.flow.cards[step].figures.state for step in ("instruct", "erase", "train", "test")} == {
        "waiting"
    }
    assert "Pair" in home.next.sentence.text()
    assert "Done" in collect.accessibleDescription() and "3 tasks" in collect.accessibleDescription()


def test_each_card_opens_its_page_by_mouse_and_keyboard(home: HomePage, window: Window, qtbot: QtBot) -> None:
    for step, card in home.flow.cards.items():
        window.show_page("home")
        qtbot.mouseClick(card, LEFT)
        assert window.page is window.pages[PAGE_OF[step]]
    window.show_page("home")
    home.flow.cards["collect"].setFocus()
    qtbot.keyClick(home.flow.cards["collect"], Qt.Key.Key_Right)
    assert QApplication.focusWidget() is home.flow.cards["pair"]
    qtbot.keyClick(home.flow.cards["pair"], Qt.Key.Key_Return)
    assert window.page is window.pages["strategies"]


def test_the_cards_adapt_to_the_width(home: HomePage, window: Window, qtbot: QtBot) -> None:
    cards = list(home.flow.cards.values())
    for width, columns in ((1400, 6), (1100, 3)):
        window.resize(width, 800)
        qtbot.waitUntil(lambda columns=columns: home.flow.columns == columns)
        assert len({card.geometry().top() for card in cards}) == 6 // columns
        assert home.flow.heightForWidth(home.flow.width()) <= home.flow.height()
        assert not any(a.geometry().intersects(b.geometry()) for a in cards for b in cards if a is not b)


def test_the_demo_does_not_run_among_the_users_own_work(
    home: HomePage, library: Library, qtbot: QtBot
) -> None:
    add_tasks(library, [Task(family="mine", query="Why?")])
    home.desk.tell("tasks")
    qtbot.waitUntil(lambda: home.again.isVisible())
    home.demo_commands[0].trigger()
    qtbot.waitUntil(lambda: home.notice.isVisible())
    assert "your own work" in home.notice.text.text()
    assert home.notice.action.text() == "Open a demo library"
    assert not home.desk.jobs.all


@with_samples
def test_a_new_library_offers_the_demo_with_a_real_model_too(
    home: HomePage, window: Window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[DemoModels] = []

    def demo_double(library: Library, models: DemoModels, **_: Any) -> Any:
        mark_started(library, models.name)
        started.append(models)
        if len(started) == 1:
            return None  # it was stopped
        found = small_demo(tmp_path)
        write_result(library, found)
        return replace(found, student=models.name)

    monkeypatch.setattr(demo, "demo", demo_double)
    monkeypatch.setattr(bundled, "real_student", lambda: tmp_path / "real.gguf")
    monkeypatch.setattr(status, "real_student", lambda: tmp_path / "real.gguf")
    home.refresh(home.watches)
    qtbot.waitUntil(lambda: len(alternatives(home)) == 2)
    assert home.next.button.text() == "Run the demo"
    qtbot.mouseClick(button_with(home.next, "Run it with a real model, about 20 minutes"), LEFT)
    qtbot.waitUntil(lambda: home.next.isVisible() and home.next.button.text() == "Resume the demo")
    assert "real model" in home.next.sentence.text()
    home.go({"resume": "probe-1"})
    qtbot.waitUntil(lambda: set(home.results) == {"mini", "real"})
    assert [(one.name, one.student) for one in started] == [("real", tmp_path / "real.gguf")] * 2
    headings = {student: view.heading.text() for student, view in home.results.items()}
    assert headings == {
        "mini": "What the demo found with the mini student",
        "real": "What the demo found with a real model, SmolLM2-135M-Instruct",
    }
    assert not alternatives(home)


def test_an_empty_library_asks_where_the_samples_may_go(
    home: HomePage, window: Window, library: Library, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def demo_double(library: Library, models: DemoModels, **_: Any) -> Any:
        mark_started(library, models.name)

    opened: list[Path] = []
    monkeypatch.setenv("ORCA_DESK_LIBRARY", str(library.folder.with_name("default")))
    monkeypatch.setattr(demo, "demo", demo_double)
    monkeypatch.setattr(home_page, "open_library_window", opened.append)
    qtbot.waitUntil(lambda: home.next.button.text() == "Import tasks…")  # a library that the user made

    def answer(text: str) -> None:
        qtbot.mouseClick(button_with(home.next, "Run the demo…"), LEFT)
        qtbot.waitUntil(lambda: bool(window.findChildren(MessageBox)))
        (box,) = window.findChildren(MessageBox)
        assert "this library is empty" in box.text() and "2,661 sample tasks" in box.hint()
        (button,) = [one for one in box.buttons() if one.text().replace("&", "") == text]
        qtbot.mouseClick(button, LEFT)
        qtbot.waitUntil(lambda: not window.findChildren(MessageBox))

    answer("Use a demo library")
    qtbot.waitUntil(lambda: len(opened) == 1)
    with Library.open(opened[0]) as made:
        assert count_tasks(made) == 2661
    answer("Cancel")
    assert not home.desk.jobs.all
    answer("Add them and run")
    qtbot.waitUntil(lambda: [one.title for one in home.desk.jobs.all] == ["The demo"])
    qtbot.waitUntil(lambda: home.desk.jobs.all[0].is_over)


def test_the_library_of_the_first_start_offers_the_demo_first(
    home: HomePage, library: Library, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCA_DESK_LIBRARY", str(library.folder))
    home.desk.tell("tasks")
    qtbot.waitUntil(lambda: home.next.button.text() == "Run the demo")
    qtbot.waitUntil(lambda: "Use my own tasks…" in alternatives(home))


@with_samples
def test_without_the_real_student_its_demo_says_how_to_add_it(
    home: HomePage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "real_student", lambda: None)
    monkeypatch.setattr(status, "real_student", lambda: None)
    home.refresh(home.watches)
    qtbot.waitUntil(lambda: alternatives(home) == ["Use my own tasks…"])
    home.action("Run the demo with a real model").trigger()
    qtbot.waitUntil(lambda: home.notice.isVisible())
    assert "not installed" in home.notice.text.text()
    assert "orca_desk.install" in home.notice.hint.text()
    assert not home.desk.jobs.all


@with_samples
@pytest.mark.timeout(240)
def test_the_demo_is_run_stopped_and_resumed(
    home: HomePage, library: Library, window: Window, qtbot: QtBot
) -> None:
    assert home.next.button.text() == "Run the demo"
    qtbot.mouseClick(home.next.button, LEFT)
    qtbot.waitUntil(lambda: home.run.isVisible())
    assert not home.next.isVisible() and not any(one.isEnabled() for one in home.demo_commands)
    instruct = home.flow.cards["instruct"]
    qtbot.waitUntil(lambda: instruct.figures.value != "0", timeout=120_000)
    states = [card.figures.state for card in home.flow.cards.values()]
    assert states.count("running") == 1 and "next" not in states
    assert set(states[states.index("running") + 1 :]) == {"waiting"}
    qtbot.waitUntil(lambda: home.run.live.answer.text() != "", timeout=60_000)

    qtbot.mouseClick(home.run.panel.stop, LEFT)
    job = home.run.job
    assert job is not None
    qtbot.waitUntil(lambda: job.is_over, timeout=60_000)
    assert job.state == "stopped"
    qtbot.waitUntil(lambda: home.next.isVisible() and home.next.button.text() == "Resume the demo")
    assert not home.run.isVisible()
    assert demo_state(library) == "started"

    kept = int(instruct.figures.value.replace(",", ""))
    home.go({"resume": "probe-1"})
    qtbot.waitUntil(lambda: int(instruct.figures.value.replace(",", "")) > kept, timeout=120_000)
    window.desk.jobs.stop_all()
    qtbot.waitUntil(lambda: not window.desk.jobs.unfinished, timeout=60_000)


def test_a_paused_demo_has_no_time_left(home: HomePage, window: Window, qtbot: QtBot) -> None:
    overall = Overall(step=2, steps=8, share=0.24, seconds_left=120)

    def work(tools: Tools) -> None:
        changed = threading.Event()
        tools.control.listen(changed.set)
        tools.progress(Update(stage="asking the teacher", done=1, total=4, overall=overall))
        while not tools.control.stopped and changed.wait(20):
            changed.clear()

    job = window.desk.jobs.start("The demo", "demo", work)
    home.run.follow(job)
    qtbot.waitUntil(lambda: home.run.overall.text() == "Step 2 of 8, about 24%, 2 min left")
    job.pause()
    assert home.run.overall.text() == "Step 2 of 8, about 24%"
    job.resume()
    assert home.run.overall.text().endswith("2 min left")
    job.stop()
    qtbot.waitUntil(lambda: job.is_over)


@with_samples
def test_a_paused_demo_says_so(
    home: HomePage, window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waiting_demo(library: Library, models: DemoModels, *, control: JobControl, **_: Any) -> None:
        changed = threading.Event()
        control.listen(changed.set)
        while not control.stopped and changed.wait(20):
            changed.clear()

    monkeypatch.setattr(demo, "demo", waiting_demo)
    home.go({"do": "demo"})
    qtbot.waitUntil(lambda: home.flow.cards["pair"].figures.state == "running")
    job = home.run.job
    assert job is not None
    job.pause()
    card = home.flow.cards["pair"]
    assert card.figures.state == "paused" and card.accessibleDescription().startswith("Paused.")
    words = [one.accessibleName() for one in home.run.findChildren(QLabel)]
    assert "Paused" in words and "Running" not in words
    job.resume()
    assert card.figures.state == "running"
    assert "Running" in [one.accessibleName() for one in home.run.findChildren(QLabel)]
    job.stop()
    qtbot.waitUntil(lambda: job.is_over)


def test_progress_ends_with_the_step_that_made_it(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def short_demo(
        library: Library, models: DemoModels, *, on_stage: Any, progress: Any, control: Any
    ) -> None:
        progress(Update(stage="asking the teacher", done=793, total=793))
        on_stage(StageDone(name="generate", outcome="", seconds=1.0))

    monkeypatch.setattr(demo, "demo", short_demo)
    shown: list[Update] = []
    demo_work(library)(Tools(shown.append, JobControl(), lambda event: None))
    assert shown[-1] == Update(stage="")


@with_samples
def test_a_finished_demo_is_shown_after_a_restart(library: Library, window: Window, qtbot: QtBot) -> None:
    finish(library)
    page = window.show_page("home")
    assert isinstance(page, HomePage)
    page.refresh(page.watches)
    qtbot.waitUntil(lambda: "mini" in page.results and page.results["mini"].isVisible())
    view = page.results["mini"]
    assert view.height() > 0.9 * view.sizeHint().height()  # from the first time that it is painted
    assert isinstance(view, ResultView)
    rows = [
        [view.model.index(row, column).data() for column in range(view.model.columnCount())]
        for row in range(view.model.rowCount())
    ]
    assert rows[0][:5] == ["belief", "step-by-step", "30% (11–60)", "12", "90% (60–98)"]
    assert rows[-1][0] == "Overall"
    assert "Training gained +70.0 points" in view.sentence.text()
    assert "90% of 20 held-out tasks" in view.sentence.text()
    assert [one.name for one in view.plot.series] == ["base", "tuned", "teacher"]
    assert page.next.button.text() != "Run the demo"
    pages = {
        "Read the records": "records",
        "See the training": "training",
        "Read the answers": "evaluate",
        "Chat with the student": "chat",
    }
    for text, name in pages.items():
        window.show_page("home")
        qtbot.mouseClick(button_with(view, text), LEFT)
        assert window.page is window.pages[name]


def test_a_table_that_was_narrow_fits_its_columns_again(window: Window, tmp_path: Path, qtbot: QtBot) -> None:
    view = ResultView(window.desk)
    qtbot.addWidget(view)
    found = small_demo(tmp_path)
    view.show_result(
        replace(found, pairings=dict.fromkeys(found.pairings, "a-strategy-with-a-long-name")), None
    )
    table = view.table
    view.resize(700, 900)
    view.show()
    qtbot.waitUntil(lambda: table.isColumnHidden(STRATEGY) and table.columnWidth(0) > 110)  # stretched
    view.resize(1000, 900)
    qtbot.waitUntil(lambda: not table.isColumnHidden(STRATEGY))
    assert table.columnWidth(0) < 100  # px


def test_a_damaged_result_is_reported_and_harms_nothing(
    library: Library, window: Window, qtbot: QtBot
) -> None:
    result_file(library.folder).write_text("{", encoding="utf-8")
    page = window.show_page("home")
    assert isinstance(page, HomePage)
    page.refresh(page.watches)
    qtbot.waitUntil(lambda: page.notice.isVisible())
    assert "cannot be read" in page.notice.text.text()
    assert page.status is not None and not page.status.finished


def test_the_result_table_follows_qts_rules(theme: Theme, tmp_path: Path, qapp: QApplication) -> None:
    model = DemoResultTable(theme)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show_result(small_demo(tmp_path))
    model.show_result(small_demo(tmp_path))
    assert model.rowCount() == 3 and tester is not None


def test_numbers_fit_on_a_card() -> None:
    assert [short_number(n) for n in (0, 2661, 999_999, 1_270_000)] == ["0", "2,661", "999,999", "1.27 M"]


def evaluated(library: Library, name: str, marks: str, adapter: Path | None = None) -> str:
    """A finished evaluation: "1" is correct, "0" incorrect, "-" could not be asked."""
    tasks = [f"task {number}" for number in range(len(marks))]
    made = create_evaluation(
        library,
        model=Path("/models/student.gguf"),
        adapter=adapter,
        system_kind="cautious",
        system="",
        questions=[Question(task_id=task, family="own") for task in tasks],
        settings={"questions": "those", "name": name},
        name=name,
    )
    answers = [
        Answered(
            task_id=task,
            response="so",
            correct=mark == "1",
            reason="so",
            recognised=None,
            completion_tokens=3,
            finish_reason="stop",
        )
        for task, mark in zip(tasks, marks, strict=True)
        if mark != "-"
    ]
    add_answers(library, made.id, answers)
    end_run(library, made.id, "done", "")
    return made.id


def test_a_library_of_ones_own_shows_its_own_results(
    home: HomePage, library: Library, window: Window, qtbot: QtBot
) -> None:
    add_tasks(library, [Task(family="own", query="Why?", answer="so", split="heldout")])
    evaluated(library, "base", "0" * 20)
    evaluated(library, "tuned", "1" * 18 + "--", Path("/adapters/adapter.gguf"))
    window.desk.tell("evaluations", "tasks")
    qtbot.waitUntil(lambda: home.own is not None and home.own.isVisible())
    view = home.own
    assert view is not None
    assert [stat.share.text() for stat in view.stats] == ["0%", "90%"]
    assert view.stats[1].interval.text() == "70 to 97% · 18 of 20 correct"
    assert view.sentence.text().startswith("Training gained +90.0 points (")
    assert "on the 20 tasks that these evaluations share" in view.sentence.text()
    assert view.notes.text() == "tuned: 2 tasks could not be asked and count as incorrect."
    opened: list[tuple[str, object]] = []
    window.desk.page_requested.connect(lambda page, target: opened.append((page, target)))
    qtbot.mouseClick(button_with(view, "Open the results"), LEFT)
    assert opened == [("evaluate", {"evaluation": "evaluate-2"})]
    assert home.flow.cards["test"].figures.detail == "tuned student, 20 tasks (70 to 97%)"


def test_recent_work_is_a_click_away(home: HomePage, window: Window, library: Library, qtbot: QtBot) -> None:
    assert home.recent is None
    run = create_run(library, "generate", {})
    end_run(library, run.id, "done", "")
    window.desk.tell("runs")
    qtbot.waitUntil(lambda: home.recent is not None)
    chat = make_chat(library, title="Is 17 prime?", model=Path("a.gguf"))
    window.desk.tell("chats")
    model, table = home.recent.model, home.recent.table
    qtbot.waitUntil(lambda: [one.id for one in model.rows] == [chat.id, run.id])
    assert model.data(model.index(1, 0)) == f"Teacher answers  ·  {run.id}"
    assert model.data(model.index(1, 1)) == "Done" and model.data(model.index(0, 1)) == ""
    for row, page in ((1, "jobs"), (0, "chat")):
        window.show_page("home")
        place = table.visualRect(model.index(row, 0)).center()
        qtbot.mouseClick(table.viewport(), LEFT, pos=place)
        assert window.page is window.pages[page]
