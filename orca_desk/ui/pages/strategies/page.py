"""The Strategies page: edit the strategies, and pair families of tasks with them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QModelIndex, QTimer
from PySide6.QtWidgets import QLineEdit, QListView, QTabWidget, QWidget

from orca_desk.library.database import Library
from orca_desk.library.pairings import current_pairings
from orca_desk.library.settings import get_setting, set_setting
from orca_desk.library.strategies import (
    add_strategy,
    current_strategies,
    save_strategy,
    strategy_versions,
    version_times,
)
from orca_desk.method.strategies import Strategy
from orca_desk.ui.desk import Desk
from orca_desk.ui.page import SEARCH, Command, Page
from orca_desk.ui.pages.strategies.draft import StrategyDraft, drafts_from_json, drafts_to_json
from orca_desk.ui.pages.strategies.editor import StrategyEditor
from orca_desk.ui.pages.strategies.listing import StrategyDelegate, StrategyEntry, StrategyListModel
from orca_desk.ui.pages.strategies.pairing_panel import PairingPanel
from orca_desk.ui.pages.strategies.prompt_preview import PromptPreview
from orca_desk.ui.pages.strategies.versions import StrategyVersions
from orca_desk.ui.stopping import stop_command
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.widgets.panes import Panes
from orca_desk.ui.widgets.row_menus import list_menu
from orca_desk.ui.widgets.text import button

DRAFTS = "strategies.drafts"  # the library setting that holds unsaved edits
SAVE_DRAFTS_MS = 1000  # after the last key
NEW = "new:"  # prefix of the keys of new strategies; names have no colon


class StrategiesPage(Page):
    """One tab with the list, the editor and the prompt preview; another with the pairings."""

    name = "strategies"
    title = "Strategies"
    widest = WIDE_PANES
    about = "Ways of answering. The teacher gets their instructions; the student never sees them."
    watches = frozenset({"strategies", "pairings", "tasks"})
    offers = (
        Command("&Save strategy", lambda page: page.save(), key="Ctrl+S", image="save"),
        SEARCH,
        Command("&New strategy", lambda page: page.new(), key="Ctrl+Shift+N", image="plus"),
        Command(
            "&Duplicate strategy",
            lambda page: page.duplicate(),
            key="Ctrl+D",
            image="copy-plus",
            on_selection=True,
        ),
        Command("Another task in the &preview", lambda page: page.preview.search.another(), image="shuffle"),
        Command("&Measure strategies", lambda page: page.measure(), key="Ctrl+Return", image="flask-conical"),
        Command(
            "Pair the &family with the selected strategy",
            lambda page: page.pairing.pair(),
            image="route",
            on_selection=True,
        ),
        stop_command(lambda page: page.pairing.measure.job),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._strategies: dict[str, Strategy] = {}
        self._families: dict[str, tuple[str, ...]] = {}
        self._stored_drafts = get_setting(desk.library, DRAFTS, {})
        self._drafts = drafts_from_json(self._stored_drafts)  # unsaved edits, by the entry's key
        self._saving: set[str] = set()  # keys of the drafts being saved
        self._key = ""
        self._wanted = ""
        self._new = max((int(key[len(NEW) :]) for key in self._drafts if key.startswith(NEW)), default=0)
        self._saver = QTimer(self)  # so that a killed process loses one second of typing at most
        self._saver.setSingleShot(True)
        self._saver.setInterval(SAVE_DRAFTS_MS)
        self._saver.timeout.connect(self._store_drafts)
        self.tabs = QTabWidget()
        self.tabs.addTab(self._editing(), "Instructions")
        self.pairing = PairingPanel(desk, self.notice)
        self.tabs.addTab(self.pairing, "Pairing with families")
        self.body.addWidget(self.tabs, 1)
        self.add = button("New strategy", self.new)
        self.header.addWidget(self.add)
        self.keep("columns", self.columns)
        self.keep("pairing", self.pairing.splitter)
        self.keep("history", self.pairing.history.view)

    def refresh(self, changes: frozenset[str]) -> None:
        """Read the strategies and pairings."""
        library = self.desk.library
        self.desk.background.run(self, lambda: _read(library), self._show, only_newest="strategies")
        self.pairing.read()

    def go(self, target: Mapping[str, Any]) -> None:
        """Show a {"strategy": name} or a {"family": name}; resume or start a measurement."""
        if "strategy" in target:
            self.tabs.setCurrentIndex(0)
            self._wanted = target["strategy"]
            self._select(self._wanted)
        if "family" in target:
            self.tabs.setCurrentIndex(1)
            self.pairing.show_family(target["family"])
        if "resume" in target:
            self.tabs.setCurrentIndex(1)
            self.pairing.measure.resume(target["resume"])
        if "start" in target:
            self.tabs.setCurrentIndex(1)
            self.pairing.measure.start_stored(target["start"])

    def search_field(self) -> QLineEdit:
        """See Page: that of the tasks in the preview of the prompt."""
        return self.preview.search.words

    def first_focus(self) -> QWidget:
        """Focus the list, or the matrix."""
        return self.pairing.view if self.tabs.currentWidget() is self.pairing else self.list

    def close_page(self) -> None:
        """End the preview's worker, and store unsaved edits for the next start."""
        self.preview.close_viewer()
        self._saver.stop()
        self._store_drafts()

    def measure(self) -> None:
        """Show the pairings and measure them."""
        self.tabs.setCurrentIndex(1)
        self.pairing.measure.measure()

    def new(self) -> None:
        """Start a new strategy."""
        self._begin(StrategyDraft(title="My strategy"))

    def duplicate(self) -> None:
        """Start a new strategy as a copy of the current one."""
        draft = self.editor.draft()
        if not self._key.startswith(NEW) and self._key:
            title = f"{draft.title} (copy)"
            self._begin(replace(draft, name=self._free_name(draft.name), title=title))

    def save(self) -> None:
        """Save the editor's content as the next version, or as a new strategy."""
        key, draft, library = self._key, self.editor.draft(), self.desk.library
        if key not in self._drafts or key in self._saving:
            return
        self.notice.hide()
        before = self._strategies.get(key)

        def work() -> Strategy:
            if before is None:
                return add_strategy(library, draft.as_new())
            return save_strategy(library, draft.apply_to(before))

        self._saving.add(key)
        self.desk.write(
            work,
            "strategies",
            then=lambda saved: self._saved(key, draft, saved),
            failed=lambda error: self._save_failed(key, error),
        )

    def _saved(self, key: str, draft: StrategyDraft, saved: Strategy) -> None:
        """Drop a saved draft, unless the user has edited it further in the meantime."""
        self._saving.discard(key)
        newest = self._drafts.pop(key, draft)
        if newest != draft:
            self._drafts[saved.name] = newest
        if self._key == key:
            self._key = self._wanted = saved.name
        self.desk.say(f"Saved {saved.title} as version {saved.version}.", "good")

    def _save_failed(self, key: str, error: Exception) -> None:
        self._saving.discard(key)
        self.notice.show_error(error)

    def discard(self) -> None:
        """Discard the unsaved edits of the current strategy."""
        is_new = self._key.startswith(NEW)
        self._drafts.pop(self._key, None)
        if is_new:
            self._key = ""
        self._fill_list()
        self._open(self._key or next(iter(self._strategies), ""))

    def _editing(self) -> QWidget:
        theme = self.desk.theme
        self.model = StrategyListModel()
        self.list = QListView()
        self.list.setModel(self.model)
        self.delegate = StrategyDelegate(theme)
        self.list.setItemDelegate(self.delegate)
        self.list.setAccessibleName("Strategies")
        self.list.setMinimumWidth(22 * GRID)
        self.list.selectionModel().currentChanged.connect(self._chosen)
        list_menu(self.list, self.selection_actions)
        self.editor = StrategyEditor()
        self.editor.setEnabled(False)  # until a strategy is loaded
        self.editor.edited.connect(self._edited)
        self.editor.save_wanted.connect(self.save)
        self.editor.discard_wanted.connect(self.discard)
        self.editor.duplicate_wanted.connect(self.duplicate)
        self.preview = PromptPreview(self.desk)
        self.versions = StrategyVersions(theme, restore=self._restore)
        self.side = QTabWidget()
        self.side.addTab(self.preview, "Teacher's prompt")
        self.side.addTab(self.versions, "Versions")
        self.columns = Panes()
        self.columns.setHandleWidth(2 * GRID)
        for widget, stretch in ((self.list, 0), (self.editor, 1), (self.side, 1)):
            self.columns.addWidget(widget)
            self.columns.setStretchFactor(self.columns.count() - 1, stretch)
        self.columns.setSizes([30 * GRID, 50 * GRID, 50 * GRID])
        self.columns.setContentsMargins(0, GRID + GRID // 2, 0, 0)
        return self.columns

    def _show(self, found: tuple[dict[str, Strategy], dict[str, tuple[str, ...]]]) -> None:
        self._strategies, self._families = found
        self._fill_list()
        wanted, self._wanted = self._wanted or self._key, ""
        self._open(wanted if self.model.row_of(wanted) >= 0 else next(iter(self._strategies), ""))

    def _store_drafts(self) -> None:
        drafts = drafts_to_json(self._drafts)
        if drafts != self._stored_drafts and self.desk.library.problem is None:
            self._stored_drafts = drafts
            self.desk.write(lambda: set_setting(self.desk.library, DRAFTS, drafts))

    def _fill_list(self) -> None:
        """List the strategies and drafts, and store the drafts soon."""
        self._saver.start()
        drafts = [
            StrategyEntry(
                key=key,
                title=draft.title or "New strategy",
                description=draft.description,
                families=(),
                edited=True,
            )
            for key, draft in self._drafts.items()
            if key.startswith(NEW)
        ]
        saved = [
            StrategyEntry(
                key=name,
                title=strategy.title,
                description=strategy.description,
                families=self._families.get(name, ()),
                edited=name in self._drafts,
            )
            for name, strategy in self._strategies.items()
        ]
        self.model.show([*saved, *drafts])
        self._select(self._key)

    def _select(self, key: str) -> None:
        row = self.model.row_of(key)
        if row >= 0 and self.list.currentIndex().row() != row:
            self.list.setCurrentIndex(self.model.index(row))

    def _chosen(self, index: QModelIndex, before: QModelIndex) -> None:
        if index.isValid():
            self._open(self.model.entries[index.row()].key)

    def _open(self, key: str) -> None:
        """Show an entry with its unsaved edits in the editor, or disable the editor for \"\"."""
        self.editor.setEnabled(bool(key))
        if not key:
            return
        self._key = key
        self._select(key)
        strategy = self._strategies.get(key)
        draft = self._drafts.get(key) or (StrategyDraft.of(strategy) if strategy else StrategyDraft())
        if draft != self.editor.draft() or self.editor.heading.text() != self._heading(strategy):
            self.editor.show_draft(
                draft, heading=self._heading(strategy), about=self._about(strategy), is_new=strategy is None
            )
        self.editor.about.setText(self._about(strategy))
        self._show_state()
        self.preview.show_instruction(draft.instruction, self._families.get(key, ()))
        self._show_versions(key if strategy else "")

    def _heading(self, strategy: Strategy | None) -> str:
        return strategy.title if strategy else "New strategy"

    def _about(self, strategy: Strategy | None) -> str:
        if strategy is None:
            return "Exists only in this library. The name can't be changed later."
        families = ", ".join(self._families.get(strategy.name, ()))
        use = f"used for {families}" if families else "not used by any family yet"
        return f"{strategy.name}, version {strategy.version}, {use}."

    def _show_state(self) -> None:
        strategy = self._strategies.get(self._key)
        save = f"Save as version {strategy.version + 1}" if strategy else "Save as version 1"
        self.editor.show_state(edited=self._key in self._drafts, save=save, is_new=strategy is None)

    def _show_versions(self, name: str) -> None:
        library = self.desk.library
        self.desk.background.run(
            self,
            lambda: (strategy_versions(library, name), version_times(library, name)),
            lambda found: self.versions.show_versions(*found),
            only_newest="versions",
        )

    def _edited(self) -> None:
        draft, strategy = self.editor.draft(), self._strategies.get(self._key)
        if strategy is not None and draft == StrategyDraft.of(strategy):
            self._drafts.pop(self._key, None)
        else:
            self._drafts[self._key] = draft
        self._fill_list()
        self._show_state()
        self.preview.show_instruction(draft.instruction, self._families.get(self._key, ()))

    def _restore(self, version: Strategy) -> None:
        self._drafts[version.name] = StrategyDraft.of(version)
        self._fill_list()
        self._open(version.name)

    def _begin(self, draft: StrategyDraft) -> None:
        self._new += 1
        key = f"{NEW}{self._new}"
        self._drafts[key] = draft
        self.tabs.setCurrentIndex(0)
        self._fill_list()
        self._open(key)
        self.editor.name.setFocus()
        self.editor.name.selectAll()

    def _free_name(self, name: str) -> str:
        """Return an unused name that begins with `name`."""
        taken = self._strategies.keys() | {draft.name for draft in self._drafts.values()}
        number = 2
        while f"{name}-{number}" in taken:
            number += 1
        return f"{name}-{number}"


def _read(library: Library) -> tuple[dict[str, Strategy], dict[str, tuple[str, ...]]]:
    """Return the strategies by name, and the families paired with each."""
    families: dict[str, tuple[str, ...]] = {}
    for family, pairing in current_pairings(library).items():
        families[pairing.strategy] = (*families.get(pairing.strategy, ()), family)
    return current_strategies(library), families
