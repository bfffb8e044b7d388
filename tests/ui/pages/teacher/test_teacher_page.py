"""The Teacher page: settings, the preview of five, a run with its records, stopping and resuming."""

import json
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot
from tiny_models import TinyShape, make_tiny

from orca_desk.inventory.quantise import smaller_copy
from orca_desk.library.database import Library
from orca_desk.library.pairings import set_pairings
from orca_desk.library.records import RecordFilter, count_records, list_records
from orca_desk.library.runs import get_run
from orca_desk.library.settings import get_setting
from orca_desk.library.strategies import get_strategy
from orca_desk.library.tasks import add_tasks
from orca_desk.method.pairing import Pairing
from orca_desk.method.records import Sampling, Task
from orca_desk.models.fits import Fit, teaching_fit
from orca_desk.models.identify import identify
from orca_desk.models.remedies import Remedy
from orca_desk.steps.defaults import chosen_teacher
from orca_desk.steps.instruct.request import GenerateRequest
from orca_desk.steps.teaching import Arrival, Ask, Taught
from orca_desk.ui.app import desktop
from orca_desk.ui.pages.strategies.page import StrategiesPage
from orca_desk.ui.pages.teacher.arrivals import MOST_ROWS, ArrivalsModel, rows_of
from orca_desk.ui.pages.teacher.outcome import run_notice
from orca_desk.ui.pages.teacher.page import CHOSEN, TeacherPage
from orca_desk.ui.pages.teacher.run import NOTHING
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.browser import Browser
from orca_desk.ui.widgets.fit_bar import FitBar
from orca_desk.ui.widgets.message_box import MessageBox
from orca_desk.ui.window import Window

PLACES = {"Egypt": "Cairo", "Peru": "Lima", "France": "Paris", "Kenya": "Nairobi", "India": "Delhi"}
TASKS = [
    Task(family="facts", query=f"Name the capital of {land}.", answer=city, tags=(f"with-{land[0].lower()}",))
    for land, city in PLACES.items()
] + [
    Task(family="sums", query=f"What is {n} + {n}?", answer=str(2 * n)) for n in range(20)
] + [
    Task(family="facts", query="Name the capital of Chile.", answer="Santiago", split="heldout")
]  # fmt: skip


@pytest.fixture
def page(library: Library, window: Window, qtbot: QtBot) -> TeacherPage:
    add_tasks(library, TASKS)
    set_pairings(
        library, [Pairing(family="facts", strategy="direct", evidence=(), reason="x")], source="chosen"
    )
    return shown(window, qtbot)


def shown(window: Window, qtbot: QtBot) -> TeacherPage:
    page = window.show_page("teacher")
    assert isinstance(page, TeacherPage)
    with qtbot.waitActive(window):
        window.activateWindow()
    qtbot.waitUntil(lambda: page.form.family.count() == 3 and page.form.picker.selected() is not None)
    page.form.sampling.control("max_tokens").setValue(24)
    return page


def counted(page: TeacherPage, qtbot: QtBot, count: str, known: str) -> None:
    qtbot.waitUntil(lambda: page.form.count.text() == count and known in page.form.known.text())


def facts_alone(page: TeacherPage, qtbot: QtBot) -> None:
    page.form.family.setCurrentIndex(page.form.family.findData("facts"))
    counted(page, qtbot, "5 tasks", "0 already answered")


def answer_to_esc(page: TeacherPage, qtbot: QtBot, text: str) -> None:
    """Press Esc, and a button of the question that comes."""
    page.window().activateWindow()  # offscreen, nobody else does when a dialog has closed
    qtbot.waitUntil(page.isActiveWindow)
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    box = page.findChild(MessageBox)
    assert box is not None and "is saved" in box.hint()
    qtbot.mouseClick(next(one for one in box.buttons() if one.text() == text), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.findChild(MessageBox) is None)


def run_to_its_end(page: TeacherPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.job is None, timeout=60_000)


def test_families_without_a_strategy_are_named_on_one_line(
    page: TeacherPage, library: Library, qtbot: QtBot
) -> None:
    add_tasks(library, [Task(family="a\nname " * 50, query="What then?")])
    page.desk.tell("tasks")
    qtbot.waitUntil(lambda: "a name a name" in page.form.unpaired.text())
    assert len(page.form.unpaired.text()) < 200


def test_the_tasks_are_counted_as_they_are_chosen(page: TeacherPage, qtbot: QtBot) -> None:
    counted(page, qtbot, "25 tasks", "0 already answered")
    assert page.form.unpaired.isVisible() and "sums" in page.form.unpaired.text()
    facts_alone(page, qtbot)
    assert not page.form.unpaired.isVisible()
    qtbot.keyClicks(page.form.text, "peru")
    counted(page, qtbot, "1 task", "1 to go")
    page.form.text.clear()
    page.form.limit.setValue(3)
    page.form.samples.setValue(2)
    counted(page, qtbot, "3 tasks, 6 answers", "6 to go")
    assert "A preview gives a better estimate" in page.form.time.text()
    page.form.tag.setCurrentIndex(page.form.tag.findData("with-e"))
    counted(page, qtbot, "1 task, 2 answers", "2 to go")


def test_families_without_a_strategy_lead_to_their_pairing(
    page: TeacherPage, window: Window, qtbot: QtBot
) -> None:
    counted(page, qtbot, "25 tasks", "0 already answered")
    page.start_button.click()
    run_to_its_end(page, qtbot)
    assert page.notice.isVisible() and "sums" in page.notice.text.text()
    page.form.pair.click()
    assert window.page is window.pages["strategies"]


def test_the_page_shows_whether_the_teacher_fits(page: TeacherPage, window: Window, qtbot: QtBot) -> None:
    assert "takes about" in page.form.fit.sentence.text() and "key/value cache" in page.form.fit.parts.text()
    model = page.form.picker.selected()
    assert model is not None
    roomy = teaching_fit(model, available=2**40)
    assert teaching_fit(model, batch=1, available=2**40).needed < roomy.needed
    assert teaching_fit(model, batch=255, context=10**9, available=2**40).needed < 2 * roomy.needed
    bar = FitBar(window.desk.theme)
    qtbot.addWidget(bar)
    bar.show_fit(Fit(purpose="serving", model="m", parts=(("weights", 90), ("cache", 60)), available=100))
    bar.show()
    assert not bar.grab().isNull() and bar.sentence.property("tone") == "bad"


def test_a_click_makes_the_teacher_fit(
    page: TeacherPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = page.form.picker.selected()
    assert model is not None
    fixed = sum(size for part, size in teaching_fit(model, available=2**40).parts if part != "cache")
    monkeypatch.setattr("orca_desk.models.fits.free_memory", lambda: int(fixed / 0.85))
    page.form.batch.setValue(200)
    qtbot.waitUntil(lambda: page.form.fit.remedy.isVisibleTo(page))
    qtbot.mouseClick(page.form.fit.remedy, Qt.MouseButton.LeftButton)
    assert not page.form.fit.remedy.isVisibleTo(page)
    assert page.form.batch.value() < 200 and page.form.engine.isVisibleTo(page)


def test_a_click_makes_a_smaller_copy_of_a_teacher_that_is_too_large(
    page: TeacherPage, library: Library, qtbot: QtBot, tmp_path: Path
) -> None:
    shape = TinyShape(width=256, heads=4, kv_heads=4, ffn=512)
    large = make_tiny(tmp_path / "large", shape=shape, dtype="f16").gguf
    page.form.picker.adopt(large)
    qtbot.waitUntil(lambda: (chosen := page.form.picker.selected()) is not None and chosen.path == large)
    fit = teaching_fit(identify(large), available=0)
    page.form.fit.show_fit(fit, Remedy(changes={"quantisation": "q4_k_m"}, fit=fit))
    assert page.form.fit.remedy.text() == "Make a copy in Q4_K_M"
    qtbot.mouseClick(page.form.fit.remedy, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: (chosen := page.form.picker.selected()) is not None and chosen.quantisation == "Q4_K_M",
        timeout=60_000,
    )
    assert page.form.picker.path == smaller_copy(library, identify(large), "q4_k_m")


def test_five_are_previewed_and_not_saved(page: TeacherPage, library: Library, qtbot: QtBot) -> None:
    facts_alone(page, qtbot)
    page.preview_button.click()
    assert page.job is not None and not page.start_button.isEnabled() and page.job_panel.isVisible()
    run_to_its_end(page, qtbot)
    view = page.preview_view
    assert len(view.cards) == 5 and "of 5 usable for training" in view.summary.text()
    qtbot.waitUntil(lambda: "All 5 will take about" in view.summary.text())
    names = " ".join(card.accessibleName() for card in view.cards)
    assert "Direct answer" in names and "tokens in" in names
    shown = [one.accessibleName() for one in view.cards[0].findChildren(Browser)]
    assert shown == ["The question", "The answer"]
    assert count_records(library) == 0
    page.preview_button.click()
    assert not view.cards
    run_to_its_end(page, qtbot)
    assert len(view.cards) == 5


def test_a_run_shows_its_records_and_opens_them(
    page: TeacherPage, window: Window, library: Library, qtbot: QtBot
) -> None:
    facts_alone(page, qtbot)
    page.form.text.setFocus()
    qtbot.keyClick(page.form.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert page.job is not None
    run_to_its_end(page, qtbot)
    view = page.run_view
    assert count_records(library) == view.model.rowCount() == 5
    stored = list_records(library, RecordFilter(correct=True)).items
    assert view.usable.text() == str(len(stored)) and view.rejected.text() == str(5 - len(stored))
    assert view.failed.text() == "0"
    assert page.notice.isVisible() and "new records" in page.notice.text.text()
    newest = list_records(library).items[-1].record
    first = view.model.row(view.model.index(0, 0))
    assert (first.record, first.family) == (newest.id, "facts")
    asked = []
    window.desk.page_requested.connect(lambda name, target: asked.append((name, target)))
    view.table.doubleClicked.emit(view.model.index(0, 0))
    assert asked[-1] == ("records", {"record": newest.id})
    counted(page, qtbot, "5 tasks", "5 already answered")


def test_a_preview_says_that_it_is_waiting(page: TeacherPage, qtbot: QtBot) -> None:
    over = Event()
    page.desk.jobs.start("Busy", "other", lambda tools: over.wait(60))
    facts_alone(page, qtbot)
    page.preview()
    assert page.preview_view.summary.text() == "Waiting for another job"
    over.set()
    qtbot.waitUntil(lambda: page.preview_view.summary.text() == "The teacher is loading…")
    page.job.stop()
    run_to_its_end(page, qtbot)


def test_a_run_without_new_records_warns(page: TeacherPage, qtbot: QtBot) -> None:
    facts_alone(page, qtbot)
    page.start()
    run_to_its_end(page, qtbot)
    page.start()
    run_to_its_end(page, qtbot)
    assert "No new records. All 5" in page.notice.text.text()


def test_a_run_is_stopped_and_resumed(page: TeacherPage, library: Library, qtbot: QtBot) -> None:
    page.form.strategy.setCurrentIndex(page.form.strategy.findData("step-by-step"))
    add_tasks(library, [Task(family="sums", query=f"What is {n} + {n + 1}?") for n in range(50)])
    page.desk.tell("tasks")
    page.form.batch.setValue(1)
    page.form.threads.setValue(1)  # two that wait for each other are slow where others work too
    page.form.batch.setValue(1)
    page.form.threads.setValue(1)  # two that wait for each other are slow where others work too
    counted(page, qtbot, "75 tasks", "75 to go")
    page.start()
    qtbot.waitUntil(lambda: page.run_view.counts.new > 0, timeout=60_000)
    page.job_panel.pause.click()
    assert page.job is not None and page.job.state == "pausing"
    page.job_panel.pause.click()
    answer_to_esc(page, qtbot, "Keep running")
    assert page.job is not None and page.job.state == "running"
    answer_to_esc(page, qtbot, "Stop")
    run_to_its_end(page, qtbot)
    done = count_records(library)
    assert 0 < done < 75 and "Stopped" in page.notice.text.text()
    request = get_run(library, "generate-1").request
    assert request is not None and request["strategy"] == "step-by-step"
    page.form.strategy.setCurrentIndex(0)
    page.go({"resume": "generate-9"})
    qtbot.waitUntil(lambda: "no run generate-9" in page.notice.text.text())
    assert page.job is None
    page.go({"resume": "generate-1"})
    qtbot.waitUntil(lambda: page.job is not None)
    run_to_its_end(page, qtbot)
    assert count_records(library) == count_records(library, RecordFilter(run="generate-1")) == 75


def test_an_invalid_setting_is_reported_before_anything_starts(page: TeacherPage, qtbot: QtBot) -> None:
    page.form.sampling.control("temperature").setText("warm")
    qtbot.waitUntil(lambda: "warm" in page.form.count.text())
    page.start()
    assert page.job is None and "warm" in page.notice.text.text()
    page.form.sampling.control("temperature").setText("0")
    facts_alone(page, qtbot)
    page.form.samples.setValue(3)
    page.start()
    run_to_its_end(page, qtbot)
    assert "temperature 0" in page.notice.text.text()


def test_votes_end_early_only_where_an_answer_can_be_spared(page: TeacherPage) -> None:
    form = page.form
    form.samples.setValue(2)
    form.stop_early.setChecked(True)
    assert not form.stop_early.isEnabled() and not form.value().stop_early
    form.samples.setValue(5)
    assert form.stop_early.isEnabled() and form.value().stop_early
    form.set_value(form.value())
    assert form.value().stop_early


def test_settings_come_back_after_a_restart(library: Library, theme: Theme, qtbot: QtBot) -> None:
    add_tasks(library, TASKS)
    with desktop(library, theme) as first:
        first.show()
        page = shown(first, qtbot)
        page.form.family.setCurrentIndex(page.form.family.findData("sums"))
        page.form.context.setValue(700)
        qtbot.waitUntil(lambda: (get_setting(library, CHOSEN) or {}).get("context") == 700)
    with desktop(library, theme) as second:
        second.show()
        page = second.show_page("teacher")
        qtbot.waitUntil(lambda: page.form.picker.selected() is not None and page.form.family.count() == 3)
        chosen = page.form.value()
    assert (chosen.family, chosen.context, chosen.sampling.max_tokens) == ("sums", 700, 24)


def test_a_library_without_tasks_says_so(window: Window, qtbot: QtBot) -> None:
    page = window.show_page("teacher")
    qtbot.waitUntil(lambda: page.right.currentIndex() == 1)
    assert not page.start_button.isEnabled()


def test_the_table_holds_a_maximum_of_rows_and_follows_the_rules(window: Window, library: Library) -> None:
    model = ArrivalsModel(window.desk.theme)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    asked = Ask(task=TASKS[0], strategy=get_strategy(library, "direct"))
    failed = rows_of(
        Arrival(
            run="generate-1", records=(), rejected={}, failed=((asked, "too <b>long</b>"),), counts=NOTHING
        )
    )
    for count in (3, MOST_ROWS - 5, 40, 3 * MOST_ROWS):
        model.add(failed * count)
    assert model.rowCount() == MOST_ROWS and tester
    assert model.index(0, 0).data() == "failed" and model.index(0, 3).data() == "too <b>long</b>"
    model.clear()
    assert model.rowCount() == 0


def test_failures_are_shown_with_their_reason(page: TeacherPage, library: Library, qtbot: QtBot) -> None:
    add_tasks(library, [Task(family="facts", query="box " * (2000 + n), tags=("long",)) for n in range(6)])
    page.desk.tell("tasks")
    qtbot.waitUntil(lambda: page.form.tag.findData("long") > 0)
    page.form.tag.setCurrentIndex(page.form.tag.findData("long"))
    counted(page, qtbot, "6 tasks", "6 to go")
    page.preview()
    run_to_its_end(page, qtbot)
    assert page.preview_view.summary.text() == "None of 5 tasks could be answered."
    page.start()
    run_to_its_end(page, qtbot)
    assert "any of the 6 tasks" in page.notice.text.text()
    view = page.run_view
    assert view.failed.text() == "6" and "tokens of context" in view.reasons.text()
    assert view.reasons.text().count("(6)") == 1, "reasons that differ in their numbers alone are one"
    opened = []
    view.opened.connect(opened.append)
    view.table.doubleClicked.emit(view.model.index(0, 0))
    assert not opened and count_records(library) == 0


def test_a_request_is_stored_in_full() -> None:
    start = GenerateRequest(
        model="m.gguf", family="a", limit=5, sampling=Sampling(temperature=0.5, seed=3), batch=4
    )
    assert GenerateRequest.from_json(json.loads(json.dumps(start.to_json()))) == start


@pytest.mark.parametrize(
    ("usable", "ungraded", "text", "kind"),
    [
        (9, 9, "9 of 9 new records not graded.", "warn"),
        (9, 2, "2 of 9 new records not graded.", "warn"),
        (9, 0, "9 of 9 new records usable for training.", "good"),
        (1, 0, "1 of 1 new record usable for training.", "good"),
    ],
)
def test_ungraded_answers_are_never_green(usable: int, ungraded: int, text: str, kind: str) -> None:
    made = Taught(
        usable=usable, ungraded=ungraded, rejected={}, failed={}, tokens=9, asked=9, known=0, seconds=1.0,
        finished=True,
    )  # fmt: skip
    notice = run_notice(made)
    assert (notice.text, notice.kind) == (text, kind)
    assert ("Nobody has checked" in notice.hint) == bool(ungraded)


def test_open_questions_are_counted_as_not_graded(page: TeacherPage, library: Library, qtbot: QtBot) -> None:
    add_tasks(library, [Task(family="facts", query="Why is the sky blue?", tags=("open",))])
    page.desk.tell("tasks")
    qtbot.waitUntil(lambda: page.form.tag.findData("open") >= 0)
    page.form.tag.setCurrentIndex(page.form.tag.findData("open"))
    page.start()
    qtbot.waitUntil(lambda: page.job is None, timeout=60_000)
    shown = page.run_view
    if shown.counts.usable:  # what the small teacher says about the sky may be cut off
        assert (shown.usable.text(), shown.ungraded.text()) == ("0", "1")
        assert shown.ungraded.property("tone") == "warn"
    assert shown.counts.ungraded == shown.counts.usable


def test_the_teacher_is_the_same_on_every_page(
    page: TeacherPage, window: Window, library: Library, theme: Theme, qtbot: QtBot
) -> None:
    strategies = window.show_page("strategies")
    assert isinstance(strategies, StrategiesPage)
    there = strategies.pairing.measure.picker
    qtbot.waitUntil(lambda: there.selected() is not None)
    assert there.path == page.form.picker.path
    other = next(n for n in range(there.count()) if n != there.currentIndex())
    there.setCurrentIndex(other)
    there.activated.emit(other)  # as a click in the list does
    qtbot.waitUntil(lambda: page.form.picker.path == there.path)
    assert page.form.value().model == str(there.path)
    assert strategies.preview.picker.path == there.path
    with desktop(library, theme) as second:
        again = second.show_page("teacher")
        assert isinstance(again, TeacherPage)
        qtbot.waitUntil(lambda: again.form.picker.selected() is not None)
        assert again.form.picker.path == there.path


def test_a_teacher_whose_file_is_gone_is_said_and_not_replaced(
    page: TeacherPage, library: Library, tmp_path: Path, qtbot: QtBot
) -> None:
    page.go({"model": str(tmp_path / "gone.gguf")})
    qtbot.waitUntil(lambda: chosen_teacher(library) == tmp_path / "gone.gguf")
    assert page.form.picker.selected() is None
    facts_alone(page, qtbot)
    page.start()
    assert page.job is None
    assert page.notice.text.text() == f"The teacher was not found: {tmp_path / 'gone.gguf'}"


def test_a_run_that_never_began_is_started_by_its_request(page: TeacherPage, qtbot: QtBot) -> None:
    facts_alone(page, qtbot)
    request = page.form.value().to_json()
    page.form.family.setCurrentIndex(0)
    page.go({"start": request})
    assert page.job is not None and page.job.again == ("teacher", {"start": request})
    page.go({"start": request})
    assert "already running" in page.notice.text.text()
    run_to_its_end(page, qtbot)
    assert page.form.family.currentData() == "facts"
