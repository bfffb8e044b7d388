"""The handbook in a window of its own: chapters and search on the left, the text on the right."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QModelIndex, QSignalBlocker, QSize, Qt, QUrl
from PySide6.QtGui import (
    QAction,
    QFont,
    QGuiApplication,
    QKeySequence,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from orca_desk.handbook import INDEX, Section, chapter, chapters, search, slug
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.browser import DIALECT, Browser
from orca_desk.ui.widgets.entry_list import Entry, EntryModel, entry_list
from orca_desk.ui.widgets.text import button, label

SIZE = 1080, 760  # px; the screen may allow less
LIST = 34 * GRID  # px
Place = tuple[str, str]  # a chapter's name, and a heading in it or ""


class Handbook(QDialog):
    """Shows one chapter at a time. Links lead on, Back leads back; search covers all chapters."""

    def __init__(self, window: QWidget, desk: Desk) -> None:
        super().__init__(window, Qt.WindowType.Window)
        self._theme = desk.theme
        self._before: list[Place] = []
        self.place: Place = (INDEX, "")
        self.setObjectName("handbook")
        self.resize(QSize(*SIZE).boundedTo(QGuiApplication.primaryScreen().availableSize()))
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search the handbook")
        self.search.setAccessibleName("Search the handbook")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._list)
        self.search.returnPressed.connect(self._run_first)
        self.model = EntryModel()
        self.list = entry_list(self.model, self._theme, "Chapters")
        self.list.clicked.connect(self._run)
        self.list.activated.connect(self._run)
        self.nothing = label("No chapter has all these words.", tone="muted", wrap=True)
        self.text = ChapterText()
        self.text.setAccessibleName("Chapter")
        self.text.anchorClicked.connect(self._follow)
        self.back = button("Back", self.go_back, tip="Back to what you read before (Alt+Left)")
        self.back.setAutoDefault(False)  # Enter in the search line opens what was found
        self._lay_out()
        self._act("Ctrl+F", self.search.setFocus)
        self._act("Alt+Left", self.go_back)
        for keys, steps in ((("Ctrl++", "Ctrl+="), 1), (("Ctrl+-",), -1)):  # those of the View menu
            for key in keys:
                self._act(key, partial(self._step_text_size, desk, steps))
        self._act("Ctrl+0", lambda: desk.choose_text_size(100))
        desk.theme.changed.connect(self._again)
        self._list()
        self.show_place(INDEX)
        self.search.setFocus()

    def show_place(self, name: str, heading: str = "") -> None:
        """Show a chapter, from `heading` on if the chapter has it; an unknown name shows the index."""
        place = (name, heading) if chapter(name) else (INDEX, "")
        if place != self.place:
            self._before.append(self.place)
        self._show(*place)

    def come_forward(self) -> None:
        """Show the window, or bring it to the front."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def go_back(self) -> None:
        """Show what was read before."""
        if self._before:
            self._show(*self._before.pop())

    def _show(self, name: str, heading: str) -> None:
        found = chapter(name)
        assert found is not None
        self.place = (name, heading)
        self.text.show_chapter(found.text)
        self.text.scroll_to(heading)
        self.setWindowTitle(f"{found.title} – Handbook – Orca Desk")
        self.back.setEnabled(bool(self._before))
        self._mark()

    def _list(self) -> None:
        """List the chapters, or, while something is typed, the sections that have all its words."""
        typed = self.search.text().strip()
        if typed:
            entries = [self._found(one) for one in search(typed)]
        else:
            entries = [Entry(title=one.title, run=partial(self.show_place, one.name)) for one in chapters()]
        self.model.show(entries)
        self.list.setVisible(bool(entries))
        self.nothing.setVisible(not entries)
        self._mark()

    def _found(self, section: Section) -> Entry:
        name, heading = section.chapter.name, section.heading
        return Entry(
            title=heading,
            detail=section.chapter.title if heading != section.chapter.title else "",
            run=lambda: self.show_place(name, heading),
        )

    def _mark(self) -> None:
        """Select the chapter that is shown, in the list of all chapters."""
        if self.search.text().strip():
            return
        row = next(row for row, one in enumerate(chapters()) if one.name == self.place[0])
        with QSignalBlocker(self.list):
            self.list.setCurrentIndex(self.model.index(row))

    def _run(self, index: QModelIndex) -> None:
        entry = self.model.entries[index.row()]
        if entry.run:
            entry.run()

    def _run_first(self) -> None:
        """Show what the search found first."""
        if self.search.text().strip() and self.model.entries:
            self._run(self.model.index(0))

    def _follow(self, url: QUrl) -> None:
        """Show the chapter that a link names, "tasks.md#import"; ask before an address outside."""
        if url.scheme():
            return  # Browser asks
        name = url.path().removesuffix(".md") or self.place[0]
        self.show_place(name, url.fragment())

    def _again(self) -> None:
        """Show the chapter in the colours of another theme."""
        at = self.text.verticalScrollBar().value()
        self._show(*self.place)
        self.text.verticalScrollBar().setValue(at)

    def _step_text_size(self, desk: Desk, steps: int) -> None:
        desk.choose_text_size(desk.theme.step_text_size(steps))

    def _act(self, key: str, run: Callable[[], Any]) -> None:
        action = QAction(self)
        action.setShortcut(QKeySequence(key))
        action.triggered.connect(run)
        self.addAction(action)

    def _lay_out(self) -> None:
        left, right = QWidget(), QWidget()
        left.setMinimumWidth(LIST // 2)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for one in (self.search, self.nothing):
            column.addWidget(one)
        column.addWidget(self.list, 1)
        column.addStretch(0)
        beside = QVBoxLayout(right)
        beside.setContentsMargins(GRID, 0, 0, 0)
        beside.setSpacing(GRID)
        buttons = QHBoxLayout()
        buttons.addWidget(self.back)
        buttons.addStretch(1)
        beside.addLayout(buttons)
        beside.addWidget(self.text, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(left)
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        split.setSizes([LIST, SIZE[0] - LIST])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        outer.addWidget(split)


class ChapterText(Browser):
    """Shows a chapter. It is the app's own text: unlike what models write, all of its Markdown counts."""

    def show_chapter(self, markdown: str) -> None:
        """Show a chapter from its beginning."""
        self.document().setMarkdown(markdown, DIALECT)
        self._space_out()
        self._set_code_apart()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def scroll_to(self, heading: str) -> None:
        """Scroll to a heading, given as it is written or as an anchor; an unknown one changes nothing."""
        block = self.document().begin()
        while heading and block.isValid():
            if block.blockFormat().headingLevel() and slug(block.text()) == slug(heading):
                top = self.document().documentLayout().blockBoundingRect(block).top()
                self.verticalScrollBar().setValue(int(top))
                return
            block = block.next()

    def _space_out(self) -> None:
        """Give headings and paragraphs the room that makes a long text readable."""
        block = self.document().begin()
        while block.isValid():
            look = QTextBlockFormat()
            level = block.blockFormat().headingLevel()
            look.setLineHeight(125, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            look.setTopMargin({0: 0, 1: 0}.get(level, 2 * GRID))
            look.setBottomMargin(GRID // 2 if block.textList() else GRID)
            cursor = QTextCursor(block)
            cursor.mergeBlockFormat(look)
            if level:
                self._set_heading(block, level)
            block = block.next()

    def _set_heading(self, block: QTextBlock, level: int) -> None:
        letters = QTextCharFormat()
        letters.setFontPointSize(self.font().pointSizeF() * {1: 1.6, 2: 1.25}.get(level, 1.05))
        letters.setFontWeight(QFont.Weight.DemiBold)
        cursor = QTextCursor(block)
        cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
        cursor.mergeCharFormat(letters)
