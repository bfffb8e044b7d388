"""The palette, the list of keys and the tour: by keyboard alone, and never in the way."""

from collections import Counter

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QCursor, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QDialog, QLineEdit, QSpinBox, QWidget
from pytestqt.qtbot import QtBot
from window_actions import all_actions

from orca_desk.handbook import chapters, sections
from orca_desk.library.lookup import Found
from orca_desk.library.notes import rename, set_note
from orca_desk.library.runs import create_run
from orca_desk.library.tasks import add_tasks, count_tasks
from orca_desk.method.records import Task
from orca_desk.paths import bundled_models
from orca_desk.ui.commands import menu_actions, plain
from orca_desk.ui.fuzzy import score
from orca_desk.ui.pages.settings.page import SettingsPage
from orca_desk.ui.pages.strategies.pairing_measure import MeasureBar
from orca_desk.ui.pages.tasks.page import TasksPage
from orca_desk.ui.palette import Palette
from orca_desk.ui.palette_entries import all_entries, load_pages
from orca_desk.ui.preferences import TOUR_SEEN
from orca_desk.ui.register import NAMES, page_class
from orca_desk.ui.shortcuts import ShortcutList
from orca_desk.ui.theme import grown
from orca_desk.ui.tour import Tour
from orca_desk.ui.widgets.entry_list import ROW
from orca_desk.ui.widgets.overlay import Overlay
from orca_desk.ui.window import Window
from orca_desk.ui.words.setting_names import SETTING_NAMES


def opened(window: Window, kind: type[Overlay]) -> Overlay:
    found = [one for one in window.findChildren(kind) if one.isVisible()]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def palette(window: Window, qtbot: QtBot) -> Palette:
    """The palette on the Jobs page."""
    window.show_page("jobs")
    window.show_palette()
    made = opened(window, Palette)
    assert isinstance(made, Palette)
    return made


def titles(palette: Palette) -> list[str]:
    return [entry.title for entry in palette.model.entries]


@pytest.mark.parametrize("typed", ["new chat", "NEW", "chat new", "nch", "ne ch", "nechat", "ew ch", ""])
def test_letters_find_a_text(typed: str) -> None:
    assert score(typed, "New chat") is not None


@pytest.mark.parametrize("typed", ["nx", "chatt", "new file", "ntt"])
def test_other_letters_do_not(typed: str) -> None:
    assert score(typed, "New chat") is None


def test_the_nearest_text_comes_first() -> None:
    texts = ["Keyboard shortcuts", "Go to Teacher", "Take the tour", "Use as teacher"]
    assert max(texts, key=lambda text: score("teacher", text) or 0) == "Go to Teacher"
    assert max(texts, key=lambda text: score("ks", text) or 0) == "Keyboard shortcuts"


def test_every_action_and_page_is_there_with_its_key(palette: Palette, window: Window) -> None:
    there = titles(palette)
    for action in all_actions(window):
        text = action.text().replace("&", "")
        if action.isEnabled() and text != "Command palette…":
            assert text in there or f"Go to {text}" in there, text
    keys = {entry.title: entry.keys for entry in palette.model.entries}
    assert keys["Go to Tasks"] == ("Ctrl+2",) and keys["Go to Settings"] == ("Ctrl+,",)


def test_typing_and_enter_runs_a_command(palette: Palette, window: Window, qtbot: QtBot) -> None:
    qtbot.keyClicks(QApplication.focusWidget(), "go models")
    assert titles(palette)[0] == "Go to Models"
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert window.page is window.pages["models"]
    qtbot.waitUntil(lambda: not window.findChildren(Palette))


def test_the_arrow_keys_move_the_selection(palette: Palette, qtbot: QtBot) -> None:
    assert palette.list.currentIndex().row() == 0
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    assert palette.list.currentIndex().row() == 1
    qtbot.keyClick(palette.search, Qt.Key.Key_Up)
    qtbot.keyClick(palette.search, Qt.Key.Key_Up)
    assert palette.list.currentIndex().row() == len(palette.model.entries) - 1
    qtbot.keyClicks(palette.search, "zzzz")
    assert palette.model.entries == [] and palette.nothing.isVisible()
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)  # nothing to run
    assert palette.isVisible()


def test_only_a_moving_pointer_selects(palette: Palette, qtbot: QtBot) -> None:
    spot = palette.list.visualRect(palette.model.index(3)).center()
    QCursor.setPos(palette.list.viewport().mapToGlobal(spot))
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    point_at(palette, spot)  # the list came under it
    assert palette.list.currentIndex().row() == 1
    point_at(palette, spot + QPoint(1, 0))
    assert palette.list.currentIndex().row() == 3


def point_at(palette: Palette, spot: QPoint) -> None:
    """Let the list hear that the pointer is there."""
    view, none = palette.list.viewport(), Qt.MouseButton.NoButton
    place, keys = QPointF(view.mapToGlobal(spot)), Qt.KeyboardModifier.NoModifier
    there = QMouseEvent(QEvent.Type.MouseMove, QPointF(spot), place, none, none, keys)
    QApplication.sendEvent(view, there)


def test_library_content_is_found(palette: Palette, window: Window, qtbot: QtBot) -> None:
    add_tasks(window.desk.library, [Task(family="belief", query="Where does <b>John</b> look for the kite?")])
    asked: list[tuple[str, dict[str, str]]] = []
    window.desk.page_requested.disconnect()
    window.desk.page_requested.connect(lambda name, target: asked.append((name, target)))
    qtbot.keyClicks(palette.search, "ki")
    assert "Where does <b>John</b> look for the kite?" not in titles(palette)
    qtbot.keyClicks(palette.search, "te joh")
    qtbot.waitUntil(lambda: titles(palette) == ["Where does <b>John</b> look for the kite?"])
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    (found,) = asked
    assert found[0] == "tasks" and list(found[1]) == ["task"]


def test_escape_closes_and_gives_the_focus_back(window: Window, qtbot: QtBot) -> None:
    page = window.show_page("models")
    line = page.findChild(QLineEdit)
    assert line is not None
    window.activateWindow()
    line.setFocus()
    window.show_palette()
    assert QApplication.focusWidget() is opened(window, Palette).findChild(QLineEdit)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert QApplication.focusWidget() is line
    qtbot.waitUntil(lambda: not window.findChildren(Palette))


def test_a_click_beside_it_closes(palette: Palette, window: Window, qtbot: QtBot) -> None:
    QTest.mouseClick(palette, Qt.MouseButton.LeftButton, pos=palette.card.geometry().center())
    assert palette.isVisible()
    QTest.mouseClick(palette, Qt.MouseButton.LeftButton, pos=palette.rect().bottomLeft())
    qtbot.waitUntil(lambda: not window.findChildren(Palette))


def test_the_shortcuts_of_the_window_do_not_work_while_it_is_open(
    palette: Palette, window: Window, qtbot: QtBot
) -> None:
    qtbot.keyClick(palette.search, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert window.page is window.pages["jobs"] and palette.isVisible()
    qtbot.keyClick(palette.search, Qt.Key.Key_Tab)
    assert palette.isAncestorOf(QApplication.focusWidget())


def test_one_overlay_at_a_time_and_it_follows_the_window(
    palette: Palette, window: Window, qtbot: QtBot
) -> None:
    window.resize(1000, 640)
    qtbot.waitUntil(lambda: palette.size() == window.size())
    assert palette.rect().contains(palette.card.geometry())
    window.show_shortcuts()
    qtbot.waitUntil(lambda: not window.findChildren(Palette))
    assert opened(window, ShortcutList)


def test_the_model_of_the_palette_keeps_to_the_rules_of_qt(palette: Palette, qtmodeltester: object) -> None:
    qtmodeltester.check(palette.model)  # type: ignore[attr-defined]


def test_the_keys_of_all_pages_are_listed_and_searched(window: Window, qtbot: QtBot) -> None:
    window.show_shortcuts()
    keys = opened(window, ShortcutList)
    assert isinstance(keys, ShortcutList)
    groups = keys.groups()
    assert {"File", "View", "Help", "Everywhere", "Models", "Jobs"} <= set(groups)
    assert ("Refresh", ("F5",)) in groups["Models"]
    assert ("Select or deselect an evaluation or a family", ("Space",)) in groups["Evaluate"]
    qtbot.keyClicks(keys.search, "f5")
    assert all("F5" in entry.keys for entry in keys.model.entries if not entry.is_heading)
    assert keys.model.entries[0].is_heading
    assert set(window.pages) == {"home"}  # no page is made for it
    qtbot.keyClick(keys.search, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(ShortcutList))
    for name in NAMES:
        page = window.show_page(name)
        for action in page.commands:
            if action.shortcut().toString():
                assert plain(action.text()) in [text for text, _ in groups[page.title]]


def test_every_command_is_found_from_everywhere(palette: Palette, window: Window, qtbot: QtBot) -> None:
    for typed, title, page in (
        ("export rec", "Export records…", "Records"),
        ("freeze", "Freeze a snapshot…", "Training"),
        ("measure", "Measure strategies", "Strategies"),
        ("add a file", "Add a file…", "Models"),
        ("back up", "Back up the library…", "Settings"),
        ("threads", "Running models", "Settings"),
        ("new library", "New library…", "File"),
    ):
        palette.search.clear()
        qtbot.keyClicks(palette.search, typed)
        assert title in titles(palette)[:2], typed
        assert palette.model.entries[titles(palette).index(title)].detail.startswith(page), typed
    assert set(window.pages) == {"home", "jobs"}  # no page is made for it


def test_the_palette_lists_every_command_of_every_page_once(palette: Palette) -> None:
    listed = [(entry.title, entry.detail.split("  ·  ")[0]) for entry in palette.model.entries]
    for name in NAMES:
        kind = page_class(name)
        for command in kind.offers:
            if command.key != "Esc":
                assert listed.count((plain(command.text), kind.title)) == 1, command.text


def test_what_the_menus_of_rows_do_is_found_with_its_key(window: Window) -> None:
    window.show_shortcuts()
    keys = opened(window, ShortcutList)
    assert isinstance(keys, ShortcutList)
    assert ("Rename trainings…", ("F2",)) in keys.groups()["Training"]
    assert ("Delete jobs", ("Del",)) in keys.groups()["Jobs"]
    window.show_palette()
    palette = opened(window, Palette)
    assert isinstance(palette, Palette)
    palette.search.setText("delete snapshots")
    entry = palette.model.entries[0]
    assert (entry.title, entry.keys) == ("Delete snapshots", ("Del",))
    assert entry.run is not None
    entry.run()
    assert window.page is not None and window.page.name == "training"
    assert window.status.message.text() == "Select one, then press Del, or right-click it."


def test_a_command_of_another_page_opens_the_page_and_runs(
    palette: Palette, window: Window, qtbot: QtBot
) -> None:
    qtbot.keyClicks(palette.search, "families and")
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert window.page is window.pages["tasks"]
    qtbot.waitUntil(lambda: window.findChild(QDialog) is not None)
    dialog = window.findChild(QDialog)
    assert dialog is not None and "amilies" in dialog.windowTitle()
    dialog.close()


def test_a_command_of_another_page_waits_until_the_page_has_read_what_it_works_on(
    palette: Palette, window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Measuring from elsewhere said that nothing was selected: the page did not know its families yet."""
    add_tasks(window.desk.library, [Task(family="belief", query="Where is the kite?", answer="there")])
    qtbot.waitUntil(lambda: window.desk.models.is_read)
    started: list[object] = []
    monkeypatch.setattr(MeasureBar, "start", lambda self, request: started.append(request))
    qtbot.keyClicks(palette.search, "measure")
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(started), timeout=30_000)
    assert window.page is not None and window.page.notice.isHidden()


def test_a_command_that_cannot_run_says_so(palette: Palette, window: Window, qtbot: QtBot) -> None:
    said: list[str] = []
    window.desk.noticed.connect(lambda text, _: said.append(text))
    (entry,) = [one for one in palette.model.entries if (one.title, one.detail) == ("Export…", "Tasks")]
    assert entry.run is not None
    entry.run()
    qtbot.waitUntil(lambda: bool(said))
    assert said == ["“Export…” has nothing to work on at the moment."]  # the library has no tasks


def test_a_command_on_a_selection_only_opens_its_page(palette: Palette, window: Window, qtbot: QtBot) -> None:
    add_tasks(window.desk.library, [Task(family="belief", query="Where is the kite?")])
    qtbot.keyClicks(palette.search, "delete")
    (entry,) = [one for one in palette.model.entries if one.title == "Delete"]
    assert entry.detail == "Tasks  ·  opens the page"
    assert entry.run is not None
    entry.run()
    assert window.page is window.pages["tasks"]
    assert window.desk.undo.count() == 0 and count_tasks(window.desk.library) == 1


def test_records_are_not_kept_before_the_user_sees_which(palette: Palette) -> None:
    (entry,) = [one for one in palette.model.entries if one.title == "Keep all listed that are correct"]
    assert entry.detail == "Records  ·  opens the page"


def test_a_family_opens_its_tasks(palette: Palette, window: Window, qtbot: QtBot) -> None:
    add_tasks(window.desk.library, [Task(family="geography", query="Where is Rome?")])
    qtbot.keyClicks(palette.search, "geogr")
    qtbot.waitUntil(lambda: titles(palette) == ["geography"])
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    page = window.page
    assert isinstance(page, TasksPage) and page.filters.value().family == "geography"


def test_models_are_found(window: Window, qtbot: QtBot) -> None:
    window.show_palette()
    palette = opened(window, Palette)
    assert isinstance(palette, Palette)
    qtbot.waitUntil(lambda: window.desk.models.is_read)
    qtbot.keyClicks(palette.search, "mini-teacher")
    (found,) = [entry for entry in palette.model.entries if entry.detail.startswith("Model")]
    assert "mini-teacher" in found.detail


def test_every_line_of_the_palette_is_there_once(palette: Palette) -> None:
    lines = [(entry.title, entry.detail) for entry in palette.model.entries]
    assert len(set(lines)) == len(lines)


def test_every_command_and_action_is_found_by_its_name(palette: Palette, window: Window) -> None:
    wanted = [
        (plain(command.text), page_class(name).title)
        for name in NAMES
        for command in page_class(name).offers
        if command.key != "Esc"
    ]
    wanted += [
        (plain(action.text()), " › ".join(menus))
        for action, menus in menu_actions(window.menuBar())
        if action.isEnabled() and menus[0] in ("File", "Edit", "Help") and action.text() != "Command palette…"
    ]
    for title, place in wanted:
        if title == "&Command palette…" or (title, place) == ("Command palette…", "Help"):
            continue
        palette.search.setText(title)
        best = [entry for entry in palette.model.entries if entry.title == title]
        assert place in {entry.detail.split("  ·  ")[0] for entry in best}, (title, place)
        assert palette.model.entries[0].title == title, (title, palette.model.entries[0].title)


def test_every_setting_is_found_and_shown(palette: Palette, window: Window, qtbot: QtBot) -> None:
    page = window.make_page("settings")
    assert isinstance(page, SettingsPage)
    found = {(section, name) for name, (section, _) in SETTING_NAMES.items()}
    controls = (QComboBox, QSpinBox, QLineEdit, QCheckBox)
    for card in page.cards:
        section = card.accessibleName()
        for one in card.findChildren(QWidget):
            if isinstance(one, controls) and not isinstance(one.parent(), QComboBox | QSpinBox):
                name = one.text() if isinstance(one, QCheckBox) else one.accessibleName()
                assert (section, name) in found, (section, name)
    assert {section for section, _ in found} <= set(page.sections)
    window.activateWindow()
    for typed, name in (("top-k", "Top k"), ("suspend", "Keep the computer awake"), ("dark mode", "Theme")):
        palette.search.setText(typed)
        entry = palette.model.entries[0]
        assert entry.title == name and entry.run is not None
    palette.search.setText("caffeine")
    palette._run(palette.list.currentIndex())
    qtbot.waitUntil(page.jobs.awake.hasFocus)


def test_chapters_of_the_handbook_are_found_by_title_and_heading(palette: Palette, window: Window) -> None:
    asked: list[str] = []
    window.desk.help_requested.connect(asked.append)
    for chapter in chapters():
        palette.search.setText(f"handbook: {chapter.title}")
        entry = palette.model.entries[0]
        assert entry.title == f"Handbook: {chapter.title}" and entry.run is not None
        entry.run()
    assert asked == [chapter.name for chapter in chapters()]
    palette.search.setText(sections(chapters()[1])[-1].heading)
    assert any(entry.title == f"Handbook: {chapters()[1].title}" for entry in palette.model.entries)


def test_the_list_is_as_high_as_its_lines_at_any_size_of_text(palette: Palette, window: Window) -> None:
    window.desk.choose_text_size(150)
    palette.search.setText("go to tasks")
    assert titles(palette) == ["Go to Tasks"]
    assert palette.list.height() == grown(ROW) + 8
    palette.search.setText("go to")
    assert palette.list.height() >= 7 * grown(ROW)


def test_a_short_name_in_another_script_is_found(palette: Palette, window: Window, qtbot: QtBot) -> None:
    add_tasks(window.desk.library, [Task(family="数学", query="2 + 2?", answer="4")])
    palette.search.setText("数学")
    qtbot.waitUntil(lambda: "数学" in titles(palette))


def test_no_line_is_there_twice_and_no_command_is_missing(window: Window) -> None:
    load_pages()
    entries = all_entries(window, window.desk, window.page, window.show_page, loaded=NAMES)
    # commands and tabs of several pages may have one name: the page stands beside it
    lines = Counter((one.title, one.detail.partition("  ·  ")[0]) for one in entries)
    assert [line for line, times in lines.items() if times > 1] == []
    titles = {one.title: one for one in entries}
    assert Counter(one.title for one in entries)["About Orca Desk"] == 1
    for name in NAMES:
        for command in page_class(name).offers:
            if "Esc" not in command.keys:
                assert plain(command.text) in titles


def test_a_name_of_one_letter_is_found_first(palette: Palette, window: Window, qtbot: QtBot) -> None:
    add_tasks(window.desk.library, [Task(family="q", query="2 + 2?", answer="4")])
    palette.search.setText("q")
    qtbot.waitUntil(lambda: titles(palette)[0] == "q")


def test_what_was_used_last_comes_first(palette: Palette, window: Window, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.search, "keyboard sh")
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    qtbot.keyClick(opened(window, ShortcutList), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(Overlay))
    window.show_palette()
    again = opened(window, Palette)
    assert isinstance(again, Palette)
    assert titles(again)[0] == "Keyboard shortcuts" and titles(again).count("Keyboard shortcuts") == 1
    again.search.setText("go to home")  # a better match counts more
    assert titles(again)[0] == "Go to Home"


def test_what_arrives_later_does_not_take_the_selection_away(palette: Palette, qtbot: QtBot) -> None:
    palette.search.setText("export")
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    chosen = palette._selected()
    palette._arrived([Found(kind="family", id="export", title="export", detail="")])
    assert titles(palette)[0] == "export" and palette._selected() == chosen


def test_trainings_experiments_and_names_that_the_user_gave_are_found(
    palette: Palette, window: Window, qtbot: QtBot
) -> None:
    library = window.desk.library
    create_run(library, "experiment", {})
    rename(library, "run", create_run(library, "train", {}).id, "for the talk")
    set_note(library, "run", create_run(library, "generate", {}).id, "with the large teacher")
    set_note(
        library, "model", str(bundled_models() / "mini-teacher" / "mini-teacher.gguf"), "Its mini mistakes"
    )
    for typed, kind, title in (
        ("experim", "experiment", "experiment-1"),
        ("the talk", "training", "train-1  (for the talk)"),
        ("large teacher", "run", "generate-1"),
        ("its mini mist", "Model", "mini-teacher"),
    ):
        palette.search.setText(typed)
        qtbot.waitUntil(
            lambda kind=kind, title=title: any(
                entry.title == title and entry.detail.startswith(kind) for entry in palette.model.entries
            )
        )
    assert palette.model.entries[0].detail == "Model  ·  mini-teacher.gguf  ·  Its mini mistakes"
    palette.search.setText("mini")
    qtbot.waitUntil(lambda: any("Its mini" in one.detail for one in palette._found))
    assert titles(palette).count("mini-teacher") == 1, "by its name and by its note"


def test_a_setting_is_shown(palette: Palette, window: Window, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.search, "appearance")
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    page = window.page
    assert isinstance(page, SettingsPage)
    window.activateWindow()
    qtbot.waitUntil(lambda: page.appearance.isAncestorOf(window.focusWidget()))


def test_one_key_means_one_thing_on_all_pages() -> None:
    words = {"Pause": "Ctrl+Shift+P", "Export": "Ctrl+Shift+E", "Search": "Ctrl+F", "Add": "Ctrl+Shift+N"}
    others = {  # beside the page's own, which has the key
        *("Export the plot…", "Export a snapshot's records…"),
        *("Add a file…", "Add a folder…", "Add the sample tasks"),
    }
    for name in NAMES:
        for command in page_class(name).offers:
            text = plain(command.text)
            for word, key in words.items():
                if text.startswith(word) and text not in others:
                    assert key in command.keys, (name, text)


def test_the_tour_has_at_most_four_steps_and_points_at_visible_parts(window: Window, qtbot: QtBot) -> None:
    window.show_tour()
    tour = opened(window, Tour)
    assert isinstance(tour, Tour) and len(tour.steps) <= 4
    place = tour.next.mapTo(window, QPoint(0, 0)), tour.next.size()
    for step in range(len(tour.steps)):
        assert tour.step == step
        assert window.rect().contains(tour.target().adjusted(8, 8, -8, -8)) and not tour.target().isEmpty()
        assert tour.rect().contains(tour.card.geometry())
        assert not tour.card.geometry().intersects(tour.target().adjusted(6, 6, -6, -6))
        if step < len(tour.steps) - 1:  # beside the sidebar
            assert tour.card.x() > tour.target().right()
        assert tour.text.height() >= tour.text.heightForWidth(tour.text.width())
        QApplication.processEvents()
        assert (tour.next.mapTo(window, QPoint(0, 0)), tour.next.size()) == place  # under the pointer
        qtbot.keyClick(tour.next, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.findChildren(Tour))
    assert window.desk.preferences.value(TOUR_SEEN)


def test_the_tour_begins_once_and_escape_skips_it(window: Window, qtbot: QtBot) -> None:
    assert window.begin_tour_once()
    qtbot.waitUntil(lambda: bool(window.findChildren(Tour)))
    qtbot.keyClick(opened(window, Tour), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.findChildren(Tour))
    assert not window.begin_tour_once()
