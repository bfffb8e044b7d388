"""The system message above the conversation: which one, its text, and those that the user saved."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QMenu,
    QPlainTextEdit,
    QToolButton,
    QVBoxLayout,
)

from orca_desk.errors import UserError
from orca_desk.method.erasure import CAUTIOUS, EMPTY
from orca_desk.method.strategies import Strategy
from orca_desk.steps.chat.system_messages import (
    LISTED,
    STORE,
    delete_message,
    rename_message,
    save_message,
    saved_messages,
)
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, icon_size
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.asking import AskingDialog, LineDialog, refuse_in
from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.text import label

OWN = "own"
SAVED = "saved "  # begins the key of a message that the user saved
NAME = "Name of the system message"
EDITOR_HEIGHT = 11 * GRID


class SystemBar(QFrame):
    """Shows the system message and offers others: cautious, empty, a strategy's, or the user's own.

    Those that the user saved under names are the same in every library.
    """

    changed = Signal()

    def __init__(self, desk: Desk, failed: Callable[[Exception], Any]) -> None:
        """`failed` gets what prevents saving, renaming or deleting one."""
        super().__init__()
        self._desk, self._failed = desk, failed
        self._saved: dict[str, str] = {}
        self._stamp = (0, 0)  # of the file with the saved messages when it was read
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        row = FlowRow()
        self.choice = QComboBox()
        self.choice.setAccessibleName("System message")
        self.choice.setMinimumContentsLength(20)
        self.presets = QToolButton()
        self.presets.setIconSize(icon_size(16))
        self.presets.setAccessibleName("Saved system messages")
        self.presets.setToolTip("Save this system message under a name, rename or delete one")
        self.presets.clicked.connect(self.show_menu)
        words = label("S&ystem message", tone="muted")
        words.setBuddy(self.choice)
        self.line = ElidedLabel(size="caption", tone="muted")
        self.whole = QCheckBox("Show all")
        row.addWidget(words)
        row.addWidget(self.choice)
        row.addWidget(self.presets)
        row.addWidget(self.line, 1)
        row.addWidget(self.whole)
        layout.addLayout(row)
        self.editor = QPlainTextEdit()
        self.editor.setAccessibleName("Text of the system message")
        self.editor.setFixedHeight(grown(EDITOR_HEIGHT))
        self.editor.setTabChangesFocus(True)
        self.editor.hide()
        layout.addWidget(self.editor)
        self._strategies: dict[str, Strategy] = {}
        self._read_saved()
        desk.theme.changed.connect(self._paint)
        self._paint()
        self.choice.activated.connect(self._chosen)
        self.editor.textChanged.connect(self._edited)
        self.whole.toggled.connect(self._show_all)
        self.set_text(CAUTIOUS)

    def text(self) -> str:
        """Return the system message."""
        return self.editor.toPlainText()

    def set_text(self, text: str) -> None:
        """Show a system message, under its name if it has one."""
        known = {self._text_of(key): key for key in reversed(self._keys()) if key != OWN}
        self._show(known.get(text, OWN), text)

    def set_strategies(self, strategies: Mapping[str, Strategy]) -> None:
        """Offer the instructions of these strategies."""
        if strategies != self._strategies:
            self._strategies = dict(strategies)
            self._fill()

    def save(self) -> None:
        """Ask for a name, and save the system message under it."""
        text = self.text()
        save = partial(self._save, text)
        LineDialog(self, NAME, self._own_name(), save, action="Save", is_new=True).open()

    def show_menu(self) -> None:
        """Show what can be done with saved system messages."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("&Save as…", self.save).setEnabled(bool(self.text().strip()))
        name = self._own_name()
        for words, run in (("&Rename…", self._rename), ("&Delete", self._delete)):
            menu.addAction(words, run).setEnabled(bool(name))
        menu.popup(self.presets.mapToGlobal(QPoint(0, self.presets.height())))

    def _own_name(self) -> str:
        """Return the name of the saved message that is chosen, or an empty text."""
        key = str(self.choice.currentData())
        return key.removeprefix(SAVED) if key.startswith(SAVED) else ""

    def _do(
        self,
        text: str,
        work: Callable[[], Any],
        undo: Callable[[Any], Any],
        say: Callable[[Any], str] = lambda result: "",
        asking: AskingDialog | None = None,
    ) -> None:
        def done(result: Any) -> None:
            self._read_saved()
            if said := say(result):
                self._desk.say(said, "good")
            if asking is not None:
                asking.close_saved()

        self._desk.do(
            text,
            work,
            undo,
            then=done,
            undone=self._read_saved,
            failed=self._failed if asking is None else refuse_in(asking, self._failed),
        )

    def _save(self, text: str, name: str, asking: AskingDialog) -> None:
        def undo(before: str | None) -> None:
            if before is None:
                delete_message(name)
            else:
                save_message(name, before)

        def say(before: str | None) -> str:
            what = "Saved" if before is None else "Replaced"
            return f"{what} the system message {name}. Press Ctrl+Z to undo."

        self._do("save a system message", lambda: save_message(name, text), undo, say, asking)

    def _rename(self) -> None:
        old = self._own_name()

        def rename(new: str, asking: AskingDialog) -> None:
            self._do(
                "rename a system message",
                lambda: rename_message(old, new),
                lambda _: rename_message(new, old),
                asking=asking,
            )

        if old:
            LineDialog(self, NAME, old, rename).open()

    def _delete(self) -> None:
        name = self._own_name()
        if name:
            self._do(
                "delete a system message",
                lambda: delete_message(name),
                lambda text: save_message(name, text),
                lambda _: f"Deleted {name}. Press Ctrl+Z to undo.",
            )

    def event(self, event: QEvent) -> bool:
        """Read the saved messages again when the window comes to the front, if another has changed them."""
        if event.type() in (QEvent.Type.WindowActivate, QEvent.Type.Show) and self._stamp != STORE.stamp:
            self._read_saved()
        return super().event(event)

    def _read_saved(self) -> None:
        self._stamp = STORE.stamp
        try:
            self._saved = saved_messages()
        except UserError as error:
            self._failed(error)
        self._fill()

    def _fill(self) -> None:
        text = self.text()
        self.choice.clear()
        for key in ("cautious", "empty"):
            self.choice.addItem(LISTED[key], key)
        for name, strategy in self._strategies.items():
            self.choice.addItem(f"Strategy: {strategy.title}", f"strategy {name}")
        for name in self._saved:
            self.choice.addItem(name, f"{SAVED}{name}")
        self.choice.addItem(LISTED[OWN], OWN)
        self.set_text(text)

    def _keys(self) -> list[str]:
        return [self.choice.itemData(place) for place in range(self.choice.count())]

    def _text_of(self, key: str) -> str:
        if key.startswith(SAVED):
            return self._saved[key.removeprefix(SAVED)]
        if key.startswith("strategy "):
            return self._strategies[key.removeprefix("strategy ")].instruction
        return EMPTY if key == "empty" else CAUTIOUS

    def _chosen(self) -> None:
        key = self.choice.currentData()
        self._show(key, self.text() if key == OWN else self._text_of(key))
        if key == OWN:
            self.whole.setChecked(True)
            self.editor.setFocus()
        self.changed.emit()

    def _paint(self) -> None:
        self.presets.setIcon(icon("save", self._desk.theme.colours))

    def _show_all(self, shown: bool) -> None:
        self.editor.setVisible(shown)
        self._show_line(self.text())

    def _edited(self) -> None:
        if self._own_name() and self.text() != self._text_of(self.choice.currentData()):
            self.choice.setCurrentIndex(self.choice.findData(OWN))  # the saved one stays as it was
        self._show_line(self.text())
        self.changed.emit()

    def _show(self, key: str, text: str) -> None:
        self.choice.setCurrentIndex(self.choice.findData(key))
        self.editor.setReadOnly(key != OWN and not key.startswith(SAVED))
        self.editor.blockSignals(True)
        self.editor.setPlainText(text)
        self.editor.blockSignals(False)
        self._show_line(text)

    def _show_line(self, text: str) -> None:
        line = text or "None: the model gets only the question."
        self.line.show_text("" if self.editor.isVisible() else line)
