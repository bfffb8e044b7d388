"""The Strategies page: instructions, versions, the preview, and pairing, measured or by hand."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from orca_desk.library import strategies
from orca_desk.library.database import Library
from orca_desk.library.pairings import current_pairings, set_pairings
from orca_desk.library.records import count_records
from orca_desk.library.runs import create_run, end_run, get_run
from orca_desk.library.settings import get_setting
from orca_desk.library.strategies import current_strategies, get_strategy, save_strategy, strategy_versions
from orca_desk.library.tasks import add_tasks
from orca_desk.method.evidence import Basis, Evidence
from orca_desk.method.pairing import Pairing
from orca_desk.method.records import Task
from orca_desk.method.strategies import revised
from orca_desk.steps.pair.request import ProbeRequest
from orca_desk.steps.pair.standing import CellState
from orca_desk.ui.app import desktop
from orca_desk.ui.pages.strategies.draft import drafts_from_json
from orca_desk.ui.pages.strategies.page import DRAFTS, StrategiesPage
from orca_desk.ui.pages.strategies.pairing_matrix import PairingMatrixModel
from orca_desk.ui.theme import Theme
from orca_desk.ui.window import Window

TASKS = [
    Task(family="facts", query="Name the capital of Egypt.", answer="Cairo"),
    Task(family="facts", query="Name the capital of Peru.", answer="Lima"),
    Task(family="sums", query="What is 2 + 3?", answer="5"),
]


@pytest.fixture
def page(library: Library, window: Window, qtbot: QtBot) -> StrategiesPage:
    add_tasks(library, TASKS)
    measured = (
        Evidence(family="facts", strategy="direct", n=10, correct=9, mean_tokens=3.0),
        Evidence(family="facts", strategy="step-by-step", n=10, correct=8, mean_tokens=20.0),
    )
    pairing = Pairing(family="facts", strategy="direct", evidence=measured, reason="9 of 10 right")
    set_pairings(library, [pairing], source="measured")
    page = window.show_page("strategies")
    with qtbot.waitActive(window):
        window.activateWindow()
    assert isinstance(page, StrategiesPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == 7 and page.pairing.model.rowCount() == 2)
    qtbot.waitUntil(lambda: page.editor.name.isHidden() and bool(page.editor.title.text()))
    return page


def cell(page: StrategiesPage, family: str, strategy: str) -> QModelIndex:
    model = page.pairing.model
    names = [one.name for one in model.content.strategies]
    return model.index(model.content.families.index(family), names.index(strategy))


def text(page: StrategiesPage, family: str, strategy: str) -> str:
    return str(cell(page, family, strategy).data())


def test_a_missing_teacher_is_reported_only_after_the_models_are_read(
    page: StrategiesPage, window: Window, qtbot: QtBot
) -> None:
    preview, models = page.preview, window.desk.models
    qtbot.waitUntil(lambda: preview.picker.selected() is not None and preview.task is not None)
    preview.close_viewer()
    found = models.found
    models.found, models.is_read = [], False
    preview.picker.clear()
    preview.show_task(preview.task)
    qtbot.waitUntil(lambda: preview.count.text() == "")
    models.is_read = True
    models.changed.emit()
    qtbot.waitUntil(lambda: preview.count.text().startswith("There is no teacher on this machine"))
    preview.show_task(None)
    models.found = found
    models.changed.emit()
    qtbot.waitUntil(lambda: preview.count.text() == "")


def test_the_seven_strategies_are_listed_with_their_families(page: StrategiesPage) -> None:
    entries = {entry.key: entry for entry in page.model.entries}
    assert len(entries) == 7 and entries["direct"].families == ("facts",)
    assert entries["direct"].used_by == "For facts" and entries["guess-and-check"].families == ()
    assert entries["direct"].title == "Direct answer" and entries["direct"].description


def test_an_edit_survives_a_look_at_others_and_is_saved_as_a_new_version(
    page: StrategiesPage, library: Library, qtbot: QtBot
) -> None:
    page.go({"strategy": "direct"})
    assert not page.editor.save.isEnabled()
    page.editor.instruction.setFocus()
    page.editor.instruction.selectAll()
    qtbot.keyClicks(page.editor.instruction, 'Say it. Write "Answer:".')
    assert page.editor.save.isEnabled() and page.editor.save.text() == "Save as version 2"
    page.go({"strategy": "step-by-step"})
    assert page.editor.title.text() == "Step by step" and not page.editor.save.isEnabled()
    assert page.model.entries[page.model.row_of("direct")].edited
    page.go({"strategy": "direct"})
    assert page.editor.instruction.toPlainText() == 'Say it. Write "Answer:".'
    qtbot.keyClick(page.editor.instruction, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: get_strategy(library, "direct").version == 2)
    assert get_strategy(library, "direct").instruction == 'Say it. Write "Answer:".'
    qtbot.waitUntil(lambda: page.editor.save.text() == "Save as version 3")
    assert not page.editor.save.isEnabled()


def test_unsaved_edits_survive_a_restart(
    page: StrategiesPage, window: Window, library: Library, theme: Theme, qtbot: QtBot
) -> None:
    page.go({"strategy": "direct"})
    page.editor.instruction.setPlainText("Say it.")
    page.new()
    page.editor.title.selectAll()
    qtbot.keyClicks(page.editor.title, "Mine")
    page.close_page()
    with desktop(library, theme) as second:
        second.show()
        again = second.show_page("strategies")
        assert isinstance(again, StrategiesPage)
        qtbot.waitUntil(lambda: again.model.rowCount() == 8)
        assert {entry.title for entry in again.model.entries if entry.edited} == {"Direct answer", "Mine"}
        again.go({"strategy": "direct"})
        assert again.editor.draft().instruction == "Say it."
        again.discard()
        again.new()
        assert again.model.rowCount() == 9
    assert get_strategy(library, "direct").instruction != "Say it."


def test_unsaved_edits_are_stored_while_the_window_is_open(
    page: StrategiesPage, library: Library, qtbot: QtBot
) -> None:
    page.go({"strategy": "direct"})
    page.editor.title.selectAll()
    qtbot.keyClicks(page.editor.title, "Mine")
    qtbot.waitUntil(lambda: get_setting(library, DRAFTS, {}).get("direct", {}).get("title") == "Mine")
    page.discard()
    qtbot.waitUntil(lambda: get_setting(library, DRAFTS) == {})


def test_nothing_can_be_edited_before_the_strategies_are_loaded(
    window: Window, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    with monkeypatch.context() as held:
        held.setattr(window.desk.background, "run", lambda *_, **__: None)
        page = window.show_page("strategies")
        assert isinstance(page, StrategiesPage)
        assert not page.editor.isEnabled()
        page.save()
        page.new()
        assert page.editor.isEnabled()
        page.discard()
        assert not page.editor.isEnabled()
    page.refresh(page.watches)
    qtbot.waitUntil(page.editor.isEnabled)
    assert page.editor.title.text() and not any(entry.edited for entry in page.model.entries)


def test_an_invalid_strategy_is_refused_beside_the_editor(
    page: StrategiesPage, library: Library, qtbot: QtBot
) -> None:
    page.go({"strategy": "direct"})
    page.editor.markers.setPlainText("")
    page.save()
    qtbot.waitUntil(page.notice.isVisible)
    assert "markers" in page.notice.text.text()
    assert get_strategy(library, "direct").version == 1
    page.discard()
    assert page.editor.markers.toPlainText() == "Answer"


def test_a_marker_with_a_comma_survives_the_editor(
    page: StrategiesPage, library: Library, qtbot: QtBot
) -> None:
    first = revised(get_strategy(library, "direct"), markers=("First, recall", "Answer"))
    save_strategy(library, first)
    page.refresh(frozenset({"strategies"}))
    page.go({"strategy": "direct"})
    qtbot.waitUntil(lambda: page.editor.markers.toPlainText() == "First, recall\nAnswer")
    assert not page.editor.save.isEnabled()
    page.editor.instruction.setPlainText('Begin lines with "First, recall:" and "Answer:".')
    page.save()
    qtbot.waitUntil(lambda: get_strategy(library, "direct").version == first.version + 1)
    assert get_strategy(library, "direct").markers == ("First, recall", "Answer")


def test_unsaved_markers_of_an_earlier_version_are_read() -> None:
    old = {
        "direct": {"name": "direct", "title": "T", "description": "", "markers": "A, B", "instruction": "I"}
    }
    assert drafts_from_json(old)["direct"].marker_list == ("A", "B")


def test_a_duplicate_becomes_a_strategy_of_its_own(
    page: StrategiesPage, library: Library, qtbot: QtBot
) -> None:
    page.go({"strategy": "guess-and-check"})
    page.duplicate()
    assert page.editor.name.isVisible() and page.editor.name.text() == "guess-and-check-2"
    page.editor.name.selectAll()
    qtbot.keyClicks(page.editor.name, "direct")
    page.save()
    qtbot.waitUntil(lambda: "already" in page.notice.text.text())
    page.editor.name.selectAll()
    qtbot.keyClicks(page.editor.name, "my-guess")
    page.editor.save.click()
    qtbot.waitUntil(lambda: page.model.row_of("my-guess") >= 0)
    assert not page.notice.isVisible() and page.editor.name.isHidden()
    assert get_strategy(library, "my-guess").markers == get_strategy(library, "guess-and-check").markers
    page.new()
    page.discard()
    assert page.model.rowCount() == 8 and not page.editor.name.isVisible()


def test_two_versions_are_compared_and_the_old_one_restored(
    page: StrategiesPage, library: Library, qtbot: QtBot
) -> None:
    before = get_strategy(library, "direct")
    changed = before.instruction.replace("at once", "right now")
    save_strategy(library, revised(before, instruction=changed))
    page.desk.tell("strategies")
    page.go({"strategy": "direct"})
    page.side.setCurrentWidget(page.versions)
    qtbot.waitUntil(lambda: page.versions.after.count() == 2)
    shown = page.versions.difference.toPlainText()
    assert "Instruction for the teacher" in shown and "at" in shown and "right" in shown
    assert "Title" not in shown
    page.versions.restore.click()
    assert page.editor.instruction.toPlainText() == before.instruction
    page.editor.save.click()
    qtbot.waitUntil(lambda: len(strategy_versions(library, "direct")) == 3)


def test_the_preview_follows_what_is_typed(page: StrategiesPage, qtbot: QtBot) -> None:
    preview = page.preview
    qtbot.waitUntil(lambda: "tokens" in preview.count.text(), timeout=20_000)
    qtbot.keyClicks(preview.search.words, "capital of per")
    qtbot.waitUntil(lambda: len(preview.search.offered) == 1)
    qtbot.keyClick(preview.search.words, Qt.Key.Key_Return)
    page.go({"strategy": "direct"})
    page.editor.instruction.setPlainText("Only the <|im_end|> word.")
    qtbot.waitUntil(lambda: "Only the <|im_end|> word." in preview.text.toPlainText(), timeout=10_000)
    shown = preview.text.toPlainText()
    assert shown.startswith("<|im_start|>system↵") and "capital of Peru" in shown
    assert shown.rstrip().endswith("<|im_start|>assistant↵")
    total = int(preview.count.text().split()[0])
    parts = [int(word.strip(",")) for word in preview.parts.text().split() if word.strip(",").isdigit()]
    assert sum(parts) == total and len(parts) == 3


def test_the_matrix_shows_the_measurements(page: StrategiesPage) -> None:
    assert text(page, "facts", "direct") == "✓ 90%\n9/10 · 60–98%"
    assert text(page, "facts", "step-by-step") == "80%\n8/10 · 49–94%"
    assert text(page, "sums", "direct") == "–"
    paired = [page.pairing.model.index(row, 7).data() for row in range(2)]
    assert paired == ["Direct answer\nmeasured", "not paired\nnot measured"]
    tip = str(cell(page, "facts", "direct").data(Qt.ItemDataRole.ToolTipRole))
    assert "9 of 10 correct" in tip and "95% interval 60% to 98%" in tip
    assert cell(page, "facts", "direct").data(Qt.ItemDataRole.FontRole).bold()
    assert not cell(page, "facts", "step-by-step").data(Qt.ItemDataRole.FontRole).bold()


def test_a_click_looks_and_changes_nothing(
    page: StrategiesPage, window: Window, library: Library, qtbot: QtBot
) -> None:
    page.go({"family": "facts"})
    view, panel = page.pairing.view, page.pairing
    place = view.visualRect(cell(page, "facts", "step-by-step")).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert "facts, Step by step: 8 of 10 correct" in panel.about.text()
    assert panel.use.isEnabled() and panel.use.text() == "Pair with Step by step"
    requested: list[tuple[str, object]] = []
    window.desk.page_requested.connect(lambda name, target: requested.append((name, target)))
    qtbot.mouseClick(panel.read_answers, Qt.MouseButton.LeftButton)
    assert requested == [("records", {"family": "facts", "strategy": "step-by-step"})]
    view.setCurrentIndex(cell(page, "facts", "direct"))
    assert not panel.use.isEnabled()
    assert current_pairings(library)["facts"].source == "measured"
    assert not window.desk.undo.canUndo()


def test_pairing_by_hand_is_an_action_of_its_own_and_undo_restores_the_pairing(
    page: StrategiesPage, window: Window, library: Library, qtbot: QtBot
) -> None:
    page.go({"family": "facts"})
    view = page.pairing.view
    view.setCurrentIndex(cell(page, "facts", "step-by-step"))
    qtbot.mouseClick(page.pairing.use, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: current_pairings(library)["facts"].source == "chosen")
    qtbot.waitUntil(lambda: text(page, "facts", "step-by-step").startswith("✓ 80%"))
    assert text(page, "facts", "direct").startswith("90%")
    qtbot.waitUntil(lambda: page.pairing.history.model.rowCount() == 2)
    qtbot.waitUntil(lambda: "Chosen by hand" in page.pairing.result.by_hand.text())
    assert (
        "had chosen Direct answer (9 of 10 correct); Step by step: 8 of 10"
        in page.pairing.result.by_hand.text()
    )
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: text(page, "facts", "direct").startswith("✓ 90%"))
    assert current_pairings(library)["facts"].source == "measured"
    view.setCurrentIndex(cell(page, "sums", "guess-and-check"))
    qtbot.keyClick(view, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: text(page, "sums", "guess-and-check") == "✓ –")
    window.desk.undo.undo()
    qtbot.waitUntil(lambda: "sums" not in current_pairings(library))


def test_measuring_fills_the_cells_as_answers_arrive(
    page: StrategiesPage, library: Library, qtbot: QtBot
) -> None:
    page.go({"family": "facts"})
    panel = page.pairing.measure
    qtbot.waitUntil(lambda: panel.picker.selected() is not None)
    panel.families.choose(["facts"])
    panel.strategies.choose(["direct", "step-by-step"])
    panel.options.per_family.setValue(20)
    qtbot.waitUntil(lambda: panel.answers.text().startswith("4 answers"))  # there are two tasks
    assert panel.families.text() == "1 of 2 families"
    panel.button.click()
    qtbot.waitUntil(lambda: panel.job is not None)
    first = panel.job
    assert panel.job_panel.isVisible()
    qtbot.waitUntil(lambda: first.is_over, timeout=60_000)
    assert panel.job.error is None and count_records(library) == 4
    qtbot.waitUntil(
        lambda: "of 2 correct" in str(cell(page, "facts", "direct").data(Qt.ItemDataRole.ToolTipRole))
    )
    assert page.notice.isVisible() and panel.button.isEnabled()
    assert current_pairings(library)["facts"].source == "measured"
    page.go({"resume": "probe-7"})
    qtbot.waitUntil(lambda: "no run probe-7" in page.notice.text.text())
    page.go({"resume": "probe-1"})
    qtbot.waitUntil(lambda: "probe-1 is already finished" in page.notice.text.text())
    request = panel.job.result and get_run(library, "probe-1").request
    other = create_run(library, "generate", {"of": "this"}, request)
    end_run(library, other.id, "cancelled", "")
    page.go({"resume": other.id})
    qtbot.waitUntil(lambda: "cannot be resumed here" in page.notice.text.text())
    assert panel.job.is_over
    panel.button.click()
    qtbot.waitUntil(lambda: panel.job is not first)
    qtbot.waitUntil(lambda: panel.job.is_over, timeout=60_000)
    assert panel.job.result.taught.known == 4 and not panel.job.result.taught.new


def test_only_tasks_with_a_reference_answer_are_counted(
    page: StrategiesPage, window: Window, library: Library, qtbot: QtBot
) -> None:
    add_tasks(library, [Task(family="open", query="Why?"), Task(family="facts", query="Who?")])
    add_tasks(library, [Task(family="bench", query="What is 1 + 1?", answer="2", split="heldout")])
    window.desk.tell("tasks")
    panel = page.pairing.measure
    qtbot.waitUntil(lambda: page.pairing.model.rowCount() == 4)
    assert panel.families.chosen() == ["facts", "sums"]
    qtbot.waitUntil(lambda: "21 answers" in panel.answers.text())  # 3 tasks under 7 strategies
    rows = page.pairing.model.content.families
    paired = {family: page.pairing.model.index(n, 7).data() for n, family in enumerate(rows)}
    assert paired["open"] == "not paired\nno reference answers"
    assert paired["bench"] == "not paired\nno task to measure on"
    panel.options.basis.setCurrentIndex(panel.options.basis.findData(Basis.AGREEMENT))
    assert panel.families.chosen() == ["facts", "open", "sums"]
    qtbot.waitUntil(lambda: "175 answers" in panel.answers.text())  # 5 of 5 tasks under 7 strategies


def test_all_or_none_of_the_families_are_chosen_at_once(page: StrategiesPage, qtbot: QtBot) -> None:
    families = page.pairing.measure.families
    families.none_of_them.click()
    assert families.chosen() == [] and families.text() == "0 of 2 families"
    families.all_of_them.click()
    assert families.chosen_or_all() is None and families.text() == "All families"


def test_an_empty_selection_is_reported(page: StrategiesPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.pairing.measure.picker.selected() is not None)
    page.pairing.measure.families.choose([])
    page.measure()
    assert page.pairing.measure.job is None and "Nothing is selected" in page.notice.text.text()


def test_the_models_follow_the_rules(page: StrategiesPage, window: Window, library: Library) -> None:
    failed = QAbstractItemModelTester.FailureReportingMode.Fatal
    testers = [
        QAbstractItemModelTester(model, failed)
        for model in (page.model, page.pairing.model, page.pairing.history.model)
    ]
    matrix = PairingMatrixModel(window.desk.theme)
    testers.append(QAbstractItemModelTester(matrix, failed))
    matrix.show(page.pairing.model.content)
    running = CellState(state="eliminated", correct=1, n=2, mean_tokens=3.0)
    matrix.show_standing({("facts", "direct"): running})
    matrix.repaint_running()
    direct = matrix.index(0, list(current_strategies(library)).index("direct"))
    assert matrix.data(direct) == "✓ 50% out\n1/2 · 9–91%"
    assert "clearly worse, so it gets no more answers" in matrix.sentence("facts", "direct")
    matrix.clear_running()
    page.new()
    page.discard()
    assert testers


def test_what_an_earlier_instruction_achieved_is_told_apart(
    page: StrategiesPage, window: Window, library: Library, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix, measured = page.pairing.model, cell(page, "facts", "direct")
    source = matrix.index(measured.row(), matrix.columnCount() - 1)
    assert text(page, "facts", "direct").startswith("✓ 90%\n") and source.data() == "Direct answer\nmeasured"
    assert measured.data(Qt.ItemDataRole.BackgroundRole) is not None
    monkeypatch.setattr(strategies, "now", lambda: "9999-01-01T00:00:00.000+00:00")
    save_strategy(library, replace(get_strategy(library, "direct"), instruction="Answer in Latin."))
    window.desk.tell("strategies")
    qtbot.waitUntil(lambda: text(page, "facts", "direct").startswith("✓ 90% (earlier)\n"))
    assert measured.data(Qt.ItemDataRole.BackgroundRole) is None
    assert "Measured with an earlier version of its instruction" in matrix.sentence("facts", "direct")
    assert source.data() == "Direct answer\nearlier version"
    assert "(earlier)" not in text(page, "facts", "step-by-step")


def test_a_measurement_that_never_began_is_started_by_its_request(page: StrategiesPage, qtbot: QtBot) -> None:
    panel = page.pairing.measure
    qtbot.waitUntil(lambda: panel.picker.selected() is not None)
    request = ProbeRequest(
        model=str(panel.picker.path), families=["facts"], strategies=["direct"], per_family=1
    ).to_json()
    page.go({"start": request})
    qtbot.waitUntil(lambda: panel.job is not None)
    assert panel.job.again == ("strategies", {"start": request})
    page.go({"start": request})
    assert "already being measured" in page.notice.text.text()
    qtbot.waitUntil(lambda: panel.job.is_over, timeout=60_000)
