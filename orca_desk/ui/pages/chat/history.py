"""The chats of the library, at the left: search, open, rename, delete."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
)

from orca_desk.library.chats import Chat, list_chats, rename_chat
from orca_desk.library.deleting.kinds import Kind
from orca_desk.method.hidden_characters import visible
from orca_desk.steps.tidy.deletion import delete, plan_deletion, restore
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.save_file import ask_for_file
from orca_desk.ui.widgets.search_line import SearchLine
from orca_desk.ui.widgets.text import label

SHOWN = 500
TYPING_MS = 200
Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()


class ChatListModel(QAbstractListModel):
    """Chats by title, newest first. `renamed` carries a chat's id and its new title."""

    renamed = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.chats: list[Chat] = []

    def set_chats(self, chats: Sequence[Chat]) -> None:
        """Show these chats. Does nothing if they are already shown."""
        if list(chats) != self.chats:
            self.beginResetModel()
            self.chats = list(chats)
            self.endResetModel()

    def rowCount(self, parent: Index = NOWHERE) -> int:  # noqa: N802 - Qt's name
        """Return how many chats there are."""
        return 0 if parent.isValid() else len(self.chats)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a chat's title."""
        if not index.isValid() or index.row() >= len(self.chats):
            return None
        chat = self.chats[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return visible(chat.title) if role == Qt.ItemDataRole.DisplayRole else chat.title
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return datetime.fromisoformat(chat.created_at).astimezone().strftime("%c")
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        """Emit `renamed`."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid() or not str(value).strip():
            return False
        self.renamed.emit(self.chats[index.row()].id, str(value).strip())
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Allow editing a title."""
        return (
            super().flags(index) | Qt.ItemFlag.ItemIsEditable if index.isValid() else Qt.ItemFlag.NoItemFlags
        )


class ChatHistory(QFrame):
    """The list with its search. Enter opens, F2 renames, Delete deletes."""

    opened = Signal(str)
    exporting = Signal(str, Path)  # a chat's id, and the file that the user chose

    def __init__(self, desk: Desk, forget: Callable[[str], None]) -> None:
        """`forget` gets the id of a chat about to be deleted. Any thread may call it."""
        super().__init__()
        self._desk, self._forget = desk, forget
        self._current = ""
        self.setMinimumWidth(16 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, GRID, 0)
        layout.setSpacing(GRID)
        self.search = SearchLine(desk.theme, "Search chats", "Search chats", asks=True)
        layout.addWidget(self.search)
        self.model = ChatListModel()
        self.model.setParent(self)
        self.list = _List()
        self.search.below = self.list
        self.list.setAccessibleName("Chats")
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(OneLine(self.list))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        layout.addWidget(self.list, 1)
        self.nothing = label(tone="muted", size="caption", wrap=True)
        layout.addWidget(self.nothing)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(self.reload)
        self.search.textChanged.connect(self._typing.start)
        self.search.returnPressed.connect(self._open_first)
        self.list.clicked.connect(self._open)
        self.list.chosen.connect(self._open)
        self.list.deleted.connect(self._delete)
        self.list.customContextMenuRequested.connect(self._menu)
        self.model.renamed.connect(self._rename)

    def reload(self) -> None:
        """Read the list from the library."""
        library, text = self._desk.library, self.search.text().strip()
        self._desk.background.run(
            self, lambda: list_chats(library, text, limit=SHOWN), self._show, only_newest="chats"
        )

    def set_current(self, chat_id: str) -> None:
        """Select the chat on screen, or none if the id is empty."""
        self._current = chat_id
        for row, chat in enumerate(self.model.chats):
            if chat.id == chat_id:
                self.list.setCurrentIndex(self.model.index(row))
                return
        self.list.clearSelection()
        self.list.setCurrentIndex(NOWHERE)

    def export(self, chat_id: str) -> None:
        """Ask for a file for a chat; `exporting` then carries it."""
        ask_for_file(
            self.window(),
            self._desk,
            title="Export chat",
            name=f"{chat_id}.md",
            kinds="Markdown (*.md);;Web page (*.html);;JSON (*.json)",
            then=lambda path: self.exporting.emit(chat_id, path),
        )

    def _show(self, chats: list[Chat]) -> None:
        self.model.set_chats(chats)
        self.set_current(self._current)
        words = "No chats match." if self.search.text() else "Your chats are saved here."
        self.nothing.setText("" if chats else words)
        self.nothing.setVisible(not chats)

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(self.model.chats[index.row()].id)

    def _open_first(self) -> None:
        if self.model.chats:
            self.opened.emit(self.model.chats[0].id)

    def _rename(self, chat_id: str, title: str) -> None:
        library = self._desk.library
        self._desk.do(
            "rename a chat",
            lambda: rename_chat(library, chat_id, title),
            lambda before: rename_chat(library, chat_id, before),
            "chats",
        )

    def _delete(self, index: QModelIndex) -> None:
        library, chat_id = self._desk.library, self.model.chats[index.row()].id

        def work() -> int:
            self._forget(chat_id)  # here too, for the redo
            return delete(library, plan_deletion(library, Kind.CHAT, [chat_id]))

        self._forget(chat_id)
        self._desk.do(
            "delete a chat",
            work,
            lambda entry: restore(library, entry),
            "chats",
            then=lambda _: self._desk.say("Chat deleted. Press Ctrl+Z to undo."),
        )

    def _menu(self, place: QPoint) -> None:
        index = self.list.indexAt(place)
        if not index.isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Open", lambda: self._open(index))
        menu.addAction("Rename", lambda: self.list.edit(index))
        menu.addAction("Export…", lambda: self.export(self.model.chats[index.row()].id))
        menu.addAction("Delete", lambda: self._delete(index))
        menu.popup(self.list.viewport().mapToGlobal(place))


class OneLine(QStyledItemDelegate):
    """Draws rows on one line, cut to the width of the list."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """Return the height of a row and no width."""
        return QSize(0, super().sizeHint(option, index).height() + GRID)


class _List(QListView):
    """A list whose Enter opens and whose Delete deletes."""

    chosen = Signal(QModelIndex)
    deleted = Signal(QModelIndex)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Open or delete; leave all other keys to the list."""
        index = self.currentIndex()
        if index.isValid() and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(index)
        elif index.isValid() and event.key() == Qt.Key.Key_Delete:
            self.deleted.emit(index)
        else:
            super().keyPressEvent(event)
