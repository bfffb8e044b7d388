"""Widgets that several pages share."""

import shutil
import threading
from pathlib import Path

import pytest
from examples import at_most
from hypothesis import HealthCheck, example, given
from hypothesis import settings as configure
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtWidgets import QLabel, QStyle, QStyleOptionButton, QStyleOptionTab, QTabBar
from pytestqt.qtbot import QtBot

from orca_desk.errors import UserError
from orca_desk.method.records import Sampling
from orca_desk.models.model_file import ModelFile
from orca_desk.paths import bundled_models
from orca_desk.processes.progress import Update
from orca_desk.student.settings import TrainSettings
from orca_desk.ui.theme import Theme
from orca_desk.ui.widgets.elided_button import ElidedButton
from orca_desk.ui.widgets.job_panel import JobPanel
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.model_picker import ModelPicker
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.settings_form import SettingsForm
from orca_desk.ui.widgets.text import label, safe_tip
from orca_desk.ui.window import Window
from orca_desk.ui.words.progress import describe, duration


@pytest.mark.parametrize("kind", (TrainSettings, Sampling))
def test_a_form_returns_the_settings_that_it_shows(kind: type, qtbot: QtBot) -> None:
    form = SettingsForm(kind, skip=("stop",))
    qtbot.addWidget(form)
    assert form.value() == kind()


@configure(at_most(30), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rate=st.floats(1e-9, 1.0),
    rank=st.integers(1, 1024),
    best=st.booleans(),
    schedule=st.sampled_from(["linear"]),
)
def test_a_form_returns_any_settings(rate: float, rank: int, best: bool, schedule: str, qtbot: QtBot) -> None:
    given_settings = TrainSettings(learning_rate=rate, rank=rank, keep_best=best, schedule=schedule)
    form = SettingsForm(TrainSettings, given_settings)
    qtbot.addWidget(form)
    assert form.value() == given_settings


def test_a_form_names_the_invalid_field(qtbot: QtBot) -> None:
    form = SettingsForm(TrainSettings)
    qtbot.addWidget(form)
    form.control("learning_rate").setText("fast")
    with pytest.raises(UserError, match="Learning rate: 'fast' is not a number"):
        form.value()
    form.control("learning_rate").setText("7")
    with pytest.raises(UserError, match=r"Learning rate: 7 is not possible\. It must be from"):
        form.value()


def test_an_invalid_field_is_marked_with_the_reason_beside_it(window: Window, qtbot: QtBot) -> None:
    form = SettingsForm(TrainSettings)
    area = scrolled(form)
    area.resize(600, 120)  # far too low for the form
    qtbot.addWidget(area)
    area.show()
    form.control("dtype").setCurrentText("float32")
    form.control("weight_decay").setText("hot")  # hidden so far, and below the visible part
    with pytest.raises(UserError, match="Weight decay: 'hot' is not a number"):
        form.value()
    form.reveal_problem()
    marked = [name for name in form._controls if form.control(name).property("invalid")]
    told = [words for words in form.findChildren(QLabel) if "is not a number" in words.text()]
    assert marked == ["weight_decay"] and len(told) == 1
    qtbot.waitUntil(lambda: form.control("weight_decay").visibleRegion().boundingRect().height() > 8)
    assert told[0].y() > form.control("weight_decay").y()
    form.control("weight_decay").setText("0.1")
    form.value()
    assert not told[0].isVisible() and not form.control("weight_decay").property("invalid")


def test_a_form_shows_few_settings_first_and_all_on_demand(window: Window, qtbot: QtBot) -> None:
    form = SettingsForm(TrainSettings)
    qtbot.addWidget(form)
    form.show()
    assert form.control("rank").isVisible() and not form.control("alpha").isVisible()
    form.show_all(True)
    assert form.control("alpha").isVisible()
    assert "alpha / rank" in form.control("alpha").toolTip()


def test_a_job_panel_follows_pauses_and_stops(window: Window, qtbot: QtBot) -> None:
    gate, paused, panel = threading.Event(), threading.Event(), JobPanel(window.desk)
    qtbot.addWidget(panel)

    def work(tools: object) -> None:
        tools.progress(Update(stage="counting", done=1, total=4, unit="sheep", rate=0.5))  # type: ignore[attr-defined]
        paused.wait(5)
        tools.progress(Update(stage="counting", done=2, total=4, unit="sheep", rate=0.5))  # type: ignore[attr-defined]
        gate.wait(5)

    job = window.desk.jobs.start("Count sheep", "count", work)
    panel.follow(job)
    qtbot.waitUntil(lambda: panel.count.text() == "25% · counting: 1 of 4 sheep, 0.50 sheep/s, 6 s left")
    assert panel.bar.value() == 250
    qtbot.mouseClick(panel.pause, Qt.MouseButton.LeftButton)
    paused.set()
    qtbot.waitUntil(lambda: panel.bar.value() == 500)
    assert (panel.pause.text(), panel.count.text()) == ("Resume", "Paused")
    qtbot.mouseClick(panel.pause, Qt.MouseButton.LeftButton)
    assert "sheep" in panel.count.text()
    with qtbot.waitSignal(panel.over):
        qtbot.mouseClick(panel.stop, Qt.MouseButton.LeftButton)
        gate.set()
    assert not panel.isVisible()


def test_a_panel_that_follows_another_job_ignores_the_first(window: Window, qtbot: QtBot) -> None:
    gate, panel = threading.Event(), JobPanel(window.desk)
    qtbot.addWidget(panel)
    first = window.desk.jobs.start("First", "x", lambda tools: gate.wait(5), heavy=False)
    panel.follow(first)
    second = window.desk.jobs.start("Second", "x", lambda tools: gate.wait(5), heavy=False)
    panel.follow(second)
    first.stop()
    assert panel.title.text() == "Second" and panel.count.text() != "Stopping; finished work is saved"
    gate.set()
    qtbot.waitUntil(lambda: not window.desk.jobs.unfinished)


def test_progress_and_times_in_words() -> None:
    assert describe(Update(stage="loading")) == "loading"
    assert describe(Update(stage="", done=3, unit="tasks")) == "3 tasks"
    assert [duration(seconds) for seconds in (9.4, 200, 7500)] == ["9 s", "3 min 20 s", "2 h 5 min"]


def test_a_notice_shows_a_known_error_with_its_remedy(window: Window, qtbot: QtBot) -> None:
    notice = Notice(window.desk)
    qtbot.addWidget(notice)
    notice.show_error(UserError("<b>The file</b> is empty.", "Choose another."))
    assert notice.text.text() == "<b>The file</b> is empty."
    assert notice.text.textFormat() == notice.hint.textFormat() == Qt.TextFormat.PlainText
    qtbot.mouseClick(notice.dismiss, Qt.MouseButton.LeftButton)
    assert not notice.isVisible()


def test_a_focused_tab_has_as_much_room_for_its_text(theme: Theme, qtbot: QtBot) -> None:
    tabs = QTabBar()
    qtbot.addWidget(tabs)
    theme.apply_to(tabs)
    tabs.addTab("Set up")
    option, focus = QStyleOptionTab(), QStyle.StateFlag.State_HasFocus
    tabs.initStyleOption(option, 0)
    rooms = []
    for state in (option.state & ~focus, option.state | focus):
        option.state = state
        rooms.append(tabs.style().subElementRect(QStyle.SubElement.SE_TabBarTabText, option, tabs))
    assert rooms[0] == rooms[1]


def test_labels_show_text_verbatim(qtbot: QtBot) -> None:
    shown = label("<img src='file:///etc/hostname'>")
    qtbot.addWidget(shown)
    assert shown.textFormat() == Qt.TextFormat.PlainText


def test_a_picker_offers_the_bundled_models_and_keeps_the_choice(window: Window, qtbot: QtBot) -> None:
    picker = ModelPicker(window.desk, "gguf", prefer="mini-teacher")
    qtbot.addWidget(picker)
    qtbot.waitUntil(lambda: picker.selected() is not None, timeout=5000)
    assert picker.selected().path == bundled_models() / "mini-teacher" / "mini-teacher.gguf"
    chosen: list[ModelFile] = []
    picker.chosen.connect(chosen.append)
    student = bundled_models() / "mini-student" / "mini-student.gguf"
    picker.choose(student)
    assert [one.path for one in chosen] == [student]
    with qtbot.waitSignal(window.desk.models.changed):
        window.desk.tell("models")
    assert picker.selected().path == student


def test_a_choice_by_hand_wins_over_an_earlier_one_by_the_program(window: Window, qtbot: QtBot) -> None:
    picker = ModelPicker(window.desk, "gguf")
    qtbot.addWidget(picker)
    qtbot.waitUntil(lambda: picker.count() >= 2, timeout=5000)
    teacher = bundled_models() / "mini-teacher" / "mini-teacher.gguf"
    student = bundled_models() / "mini-student" / "mini-student.gguf"
    picker.choose(teacher)
    picker.setFocus()
    qtbot.keyClick(picker, Qt.Key.Key_Down if picker.currentIndex() == 0 else Qt.Key.Key_Up)
    assert picker.selected().path == student
    with qtbot.waitSignal(window.desk.models.changed):
        window.desk.tell("models")
    assert picker.selected().path == student


def test_a_missing_model_is_named_and_no_other_takes_its_place(
    window: Window, qtbot: QtBot, tmp_path: Path
) -> None:
    picker = ModelPicker(window.desk, "gguf", prefer="mini-teacher")
    qtbot.addWidget(picker)
    qtbot.waitUntil(lambda: picker.selected() is not None, timeout=5000)
    student = bundled_models() / "mini-student" / "mini-student.gguf"
    gone = tmp_path / "gone.gguf"
    with qtbot.waitSignal(window.desk.models.changed):
        picker.choose(gone)
    assert picker.currentText() == "gone.gguf  ·  not found"
    assert picker.selected() is None and picker.path == gone
    shutil.copy(student, gone)
    with qtbot.waitSignal(window.desk.models.changed):
        window.desk.models.read()
    assert picker.selected().path == gone


def test_a_model_that_no_folder_lists_is_found(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    picker = ModelPicker(window.desk, "gguf")
    qtbot.addWidget(picker)
    qtbot.waitUntil(lambda: picker.selected() is not None, timeout=5000)
    elsewhere = tmp_path / "mine.Q4_1.gguf"
    shutil.copy(bundled_models() / "mini-student" / "mini-student.gguf", elsewhere)
    picker.choose(elsewhere)
    qtbot.waitUntil(lambda: picker.selected() is not None, timeout=5000)
    assert picker.selected().path == elsewhere
    assert picker.currentText().startswith("mine.Q4_1  ·  ")


@given(text=st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1))
@example(text="can't & won't")
@example(text="<img src='file:///etc/passwd'> &lt;b&gt;")
@example(text="two\nlines  and spaces")
def test_a_tip_shows_a_text_verbatim(text: str) -> None:
    assert GuiQt.mightBeRichText(safe_tip(text))
    assert QTextDocumentFragment.fromHtml(safe_tip(text)).toPlainText() == text
    assert safe_tip("") == ""


def test_a_button_cuts_only_a_text_that_has_too_little_room(theme: Theme, qtbot: QtBot) -> None:
    made = ElidedButton("Where is ball 0?")
    qtbot.addWidget(made)

    def shown() -> str:
        option = QStyleOptionButton()
        made.initStyleOption(option)
        return str(option.text)

    made.show()
    made.setFixedWidth(made.sizeHint().width())
    assert shown() == "Where is ball 0?"
    made.setFixedWidth(made.sizeHint().width() - 20)
    assert shown().endswith("…")
