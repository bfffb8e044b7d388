"""The Strategies page: the ways of answering, and which family is answered in which way."""

import contextlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtWidgets import QListView, QSplitter, QTabWidget, QWidget

from orca_desk.errors import UserError
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
from orca_desk.ui.page import Page
from orca_desk.ui.pages.strategies.editor import Draft, StrategyEditor
from orca_desk.ui.pages.strategies.listing import Entry, StrategyDelegate, StrategyListModel
from orca_desk.ui.pages.strategies.pairing_panel import PairingPanel
from orca_desk.ui.pages.strategies.prompt_preview import PromptPreview
from orca_desk.ui.pages.strategies.versions import StrategyVersions
from orca_desk.ui.stopping import add_stop
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import button

DRAFTS = "strategies.drafts"  # library setting: what is edited and not saved
KEEP_AFTER_MS = 1000  # after the last key
NEW = "new:"  # what the key of a draft of a new strategy starts with; no name holds a colon


class StrategiesPage(Page):
    """Strategies at the left, one in the editor, what the teacher is sent at the right; pairings beside."""

    name = "strategies"
    title = "Strategies"
    about = "Ways of answering, each with the instruction that the teacher gets and the student never sees."
    watches = frozenset({"strategies", "pairings", "tasks"})

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._strategies: dict[str, Strategy] = {}
        self._families: dict[str, tuple[str, ...]] = {}
        self._kept = get_setting(desk.library, DRAFTS, {})
        self._drafts = _restored(self._kept)  # what is edited and not saved, by the entry's key
        self._key = ""
        self._wanted = ""
        self._new = max((int(key[len(NEW) :]) for key in self._drafts if key.startswith(NEW)), default=0)
        self._saver = QTimer(self)  # a process that is killed closes no page
        self._saver.setSingleShot(True)
        self._saver.setInterval(KEEP_AFTER_MS)
        self._saver.timeout.connect(self._keep_drafts)
        self.tabs = QTabWidget()
        self.tabs.addTab(self._editing(), "Instructions")
        self.pairing = PairingPanel(desk, self.notice)
        self.tabs.addTab(self.pairing, "Pairing with families")
        self.body.addWidget(self.tabs, 1)
        self.add = button("New strategy", self.new)
        self.header.addWidget(self.add, 0, Qt.AlignmentFlag.AlignTop)
        self.command("&Save strategy", self.save, key="Ctrl+S", image="save")
        self.command("&New strategy", self.new, key="Ctrl+Shift+N", image="plus")
        self.command("&Duplicate strategy", self.duplicate, key="Ctrl+D", image="copy-plus")
        self.command("Another task in the &preview", self.preview.search.another, image="shuffle")
        self.command("&Measure strategies", self.measure, key="Ctrl+Return", image="flask-conical")
        add_stop(self, lambda: self.pairing.measure.job)
        self.keep("columns", self.columns)
        self.keep("pairing", self.pairing.splitter)
        self.keep("history", self.pairing.history.view.horizontalHeader())

    def refresh(self, changes: frozenset[str]) -> None:
        """Read the strategies and pairings anew."""
        library = self.desk.library
        self.desk.background.run(self, lambda: _read(library), self._show, only_newest="strategies")
        self.pairing.read()

    def go(self, target: Mapping[str, Any]) -> None:
        """Show a strategy, or a family's row in the matrix."""
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

    def first_focus(self) -> QWidget:
        """Begin in the list, or in the matrix."""
        return self.pairing.view if self.tabs.currentWidget() is self.pairing else self.list

    def close_page(self) -> None:
        """End the worker of the preview; keep what is not saved for the next start."""
        self.preview.close_viewer()
        self._saver.stop()
        self._keep_drafts()

    def measure(self) -> None:
        """Show the pairings and measure them."""
        self.tabs.setCurrentIndex(1)
        self.pairing.measure.measure()

    def new(self) -> None:
        """Begin a strategy of the user's own."""
        self._begin(Draft(title="My strategy"))

    def duplicate(self) -> None:
        """Begin one from the one that is shown."""
        draft = self.editor.draft()
        if not self._key.startswith(NEW) and self._key:
            title = f"{draft.title} (my own)"
            self._begin(
                Draft(
                    name=self._free_name(draft.name),
                    title=title,
                    description=draft.description,
                    markers=draft.markers,
                    instruction=draft.instruction,
                )
            )

    def save(self) -> None:
        """Save what is in the editor as the next version, or as a new strategy."""
        key, draft, library = self._key, self.editor.draft(), self.desk.library
        if key not in self._drafts:
            return
        self.notice.hide()
        try:
            if key.startswith(NEW):
                saved = add_strategy(library, draft.as_new())
            else:
                saved = save_strategy(library, draft.apply_to(self._strategies[key]))
        except UserError as error:
            self.notice.show_error(error)
            return
        del self._drafts[key]
        self._key = self._wanted = saved.name
        self.desk.say(f"{saved.title} is saved as version {saved.version}.", "good")
        self.desk.tell("strategies")

    def discard(self) -> None:
        """Forget what is not saved of the one that is shown."""
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
        self.editor = StrategyEditor()
        self.editor.setEnabled(False)  # until there is something to edit
        self.editor.edited.connect(self._edited)
        self.editor.save_wanted.connect(self.save)
        self.editor.discard_wanted.connect(self.discard)
        self.editor.duplicate_wanted.connect(self.duplicate)
        self.preview = PromptPreview(self.desk)
        self.versions = StrategyVersions(theme, bring_back=self._bring_back)
        self.side = QTabWidget()
        self.side.addTab(self.preview, "What the teacher is sent")
        self.side.addTab(self.versions, "Versions")
        self.columns = QSplitter()
        self.columns.setHandleWidth(2 * GRID)
        for widget, stretch in ((self.list, 0), (self.editor, 1), (self.side, 1)):
            self.columns.addWidget(widget)
            self.columns.setStretchFactor(self.columns.count() - 1, stretch)
        self.columns.setChildrenCollapsible(False)
        self.columns.setSizes([30 * GRID, 50 * GRID, 50 * GRID])
        self.columns.setContentsMargins(0, GRID + GRID // 2, 0, 0)
        return self.columns

    def _show(self, found: tuple[dict[str, Strategy], dict[str, tuple[str, ...]]]) -> None:
        self._strategies, self._families = found
        self._fill_list()
        wanted, self._wanted = self._wanted or self._key, ""
        self._open(wanted if self.model.row_of(wanted) >= 0 else next(iter(self._strategies), ""))

    def _keep_drafts(self) -> None:
        drafts = {key: asdict(draft) for key, draft in self._drafts.items()}
        if drafts != self._kept and self.desk.library.problem is None:
            self._kept = drafts
            set_setting(self.desk.library, DRAFTS, drafts)

    def _fill_list(self) -> None:
        """List the strategies and the drafts, which have changed or may have: they are kept in a moment."""
        self._saver.start()
        drafts = [
            Entry(
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
            Entry(
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
        """Show an entry in the editor, with what is not saved of it; without a key it waits for the list."""
        self.editor.setEnabled(bool(key))
        if not key:
            return
        self._key = key
        self._select(key)
        strategy = self._strategies.get(key)
        draft = self._drafts.get(key) or (Draft.of(strategy) if strategy else Draft())
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
            return "Yours alone. The name tells it apart for good; everything else can be changed later."
        families = ", ".join(self._families.get(strategy.name, ())) or "no family yet"
        return f"{strategy.name}, version {strategy.version}. For {families}."

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
        if strategy is not None and draft == Draft.of(strategy):
            self._drafts.pop(self._key, None)
        else:
            self._drafts[self._key] = draft
        self._fill_list()
        self._show_state()
        self.preview.show_instruction(draft.instruction, self._families.get(self._key, ()))

    def _bring_back(self, version: Strategy) -> None:
        self._drafts[version.name] = Draft.of(version)
        self._fill_list()
        self._open(version.name)

    def _begin(self, draft: Draft) -> None:
        self._new += 1
        key = f"{NEW}{self._new}"
        self._drafts[key] = draft
        self.tabs.setCurrentIndex(0)
        self._fill_list()
        self._open(key)
        self.editor.name.setFocus()
        self.editor.name.selectAll()

    def _free_name(self, name: str) -> str:
        """Return a name like `name` that no strategy has."""
        taken = self._strategies.keys() | {draft.name for draft in self._drafts.values()}
        number = 2
        while f"{name}-{number}" in taken:
            number += 1
        return f"{name}-{number}"


def _restored(kept: Any) -> dict[str, Draft]:
    """Return the drafts that a closed window has left."""
    drafts: dict[str, Draft] = {}
    with contextlib.suppress(AttributeError, TypeError):  # another version wrote them: they are let go
        drafts = {key: Draft(**values) for key, values in kept.items() if key}
    return drafts


def _read(library: Library) -> tuple[dict[str, Strategy], dict[str, tuple[str, ...]]]:
    """Return the strategies by name, and the families that are paired with each."""
    families: dict[str, tuple[str, ...]] = {}
    for family, pairing in current_pairings(library).items():
        families[pairing.strategy] = (*families.get(pairing.strategy, ()), family)
    return current_strategies(library), families
