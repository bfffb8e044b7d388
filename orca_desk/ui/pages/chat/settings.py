"""How the models are asked: the system message above the conversation, and the sampling settings."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QMenu,
    QPlainTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.method.erasure import CAUTIOUS, EMPTY
from orca_desk.method.records import Sampling
from orca_desk.method.strategies import Strategy
from orca_desk.steps.chat.offer import ChatOffer, save_sampling, save_system, save_votes
from orca_desk.steps.chat.system_messages import (
    LISTED,
    STORE,
    delete_message,
    rename_message,
    save_message,
    saved_messages,
)
from orca_desk.steps.chat.voting import MOST_VOTES, check_votes
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, icon_size
from orca_desk.ui.page import Page
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.settings_form import SettingsForm, number_box
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.votes import HELP

OWN = "own"
SAVED = "saved "  # begins the key of a message that the user saved
EDITOR_HEIGHT = 11 * GRID
PANE = 60 * GRID  # px, of the sampling settings beside the conversation
TYPING_MS = 400


class ChatSettings(QObject):
    """Holds the system message and the sampling settings, and saves changes for the next chat.

    `votes_changed` carries how often each message is asked.
    """

    votes_changed = Signal(int)

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self._page = page
        self.system = SystemBar(page.desk, page.notice.show_error)
        self.sampling = Sampling()
        self.votes = 1  # how often a message is asked
        self.system.changed.connect(self._save_system)

    def make_pane(self) -> "SamplingPanel":
        """Return the panel that stands beside the conversation; what is typed there counts at once."""
        self.pane = SamplingPanel(self._page, self.sampling, self.votes)
        self.pane.setFixedWidth(PANE)
        self.pane.hide()
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(lambda: self._take_sampling(self.pane))
        self.pane.changed.connect(self._typing.start)
        return self.pane

    def show_saved(self, offer: ChatOffer) -> None:
        """Start with the settings last used."""
        self.sampling = offer.sampling
        self.votes = offer.votes if offer.sampling.temperature > 0 else 1
        self.votes_changed.emit(self.votes)
        self.pane.show_value(self.sampling, self.votes)
        if offer.system is not None:
            self.system.set_text(offer.system)

    def show_sampling(self, beside: QWidget) -> None:
        """Show the sampling settings below a button."""
        popover = SamplingPopover(self._page, self.sampling, self.votes)
        popover.closed.connect(lambda: self._take_sampling(popover))
        popover.open_below(beside)

    def show_pane(self, is_wide: bool) -> None:
        """Show the sampling settings beside the conversation, or only on demand."""
        if is_wide:
            self.pane.show_value(self.sampling, self.votes)
        self.pane.setVisible(is_wide)

    def _take_sampling(self, panel: "SamplingPanel") -> None:
        votes = panel.votes.value()
        try:
            sampling = panel.form.value()
            check_votes(votes, sampling)
        except UserError as error:
            self._page.notice.show_error(error)
            return
        self.sampling, self.votes = sampling, votes
        self.votes_changed.emit(votes)
        desk = self._page.desk
        desk.write(lambda: save_sampling(desk.library, sampling))
        desk.write(lambda: save_votes(desk.library, votes))

    def _save_system(self) -> None:
        desk, text = self._page.desk, self.system.text()
        desk.write(lambda: save_system(desk.library, text))


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
        self._ask("Save system message", self._own_name(), lambda name: self._save(name, text))

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

    def _ask(self, title: str, name: str, then: Callable[[str], Any]) -> None:
        dialog = QInputDialog(self)
        dialog.setWindowTitle(title)
        dialog.setLabelText("Name of the system message:")
        dialog.setTextValue(name)
        dialog.textValueSelected.connect(lambda given: then(" ".join(given.split())))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _do(
        self,
        text: str,
        work: Callable[[], Any],
        undo: Callable[[Any], Any],
        say: Callable[[Any], str] = lambda result: "",
    ) -> None:
        def done(result: Any) -> None:
            self._read_saved()
            if said := say(result):
                self._desk.say(said, "good")

        self._desk.do(
            text,
            work,
            undo,
            then=done,
            undone=self._read_saved,
            failed=self._failed,
        )

    def _save(self, name: str, text: str) -> None:
        def undo(before: str | None) -> None:
            if before is None:
                delete_message(name)
            else:
                save_message(name, before)

        def say(before: str | None) -> str:
            what = "Saved" if before is None else "Replaced"
            return f"{what} the system message {name}. Press Ctrl+Z to undo."

        self._do("save a system message", lambda: save_message(name, text), undo, say)

    def _rename(self) -> None:
        old = self._own_name()
        if old:
            self._ask(
                "Rename system message",
                old,
                lambda new: self._do(
                    "rename a system message",
                    lambda: rename_message(old, new),
                    lambda _: rename_message(new, old),
                ),
            )

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


class SamplingPanel(QFrame):
    """Sampling settings, and how often a message is asked. `changed` follows each edit."""

    changed = Signal()

    def __init__(
        self,
        parent: QWidget,
        value: Sampling,
        votes: int | None = None,
        *,
        title: str = "Sampling",
        usual: tuple[str, Sampling] = ("Defaults", Sampling()),
    ) -> None:
        """With `votes`, how often a message is asked is chosen too. A button sets the `usual` settings."""
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.setAccessibleName(title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(label(title, size="heading", bold=True))
        self.form = SettingsForm(Sampling, value, skip=("stop",))
        layout.addWidget(self.form)
        self.votes = number_box(1, MOST_VOTES)
        self.votes.setValue(votes or 1)
        self.warning = label(size="caption", tone="warn", wrap=True)
        self.warning.hide()
        if votes is None:
            self.votes.setParent(self)
            self.votes.hide()
        else:
            layout.addLayout(self._voting())
            layout.addWidget(self.warning)
            self.form.changed.connect(self._warn)
            self._warn()
        row = QHBoxLayout()
        self.all = QCheckBox("All settings")
        self.all.toggled.connect(self.form.show_all)
        row.addWidget(self.all)
        row.addStretch(1)
        row.addWidget(button(usual[0], lambda: self._reset(usual[1])))
        layout.addLayout(row)
        self.form.changed.connect(self.changed)
        self.votes.valueChanged.connect(self.changed)

    def show_value(self, value: Sampling, votes: int) -> None:
        """Show other settings, without `changed`."""
        with QSignalBlocker(self):
            self.form.set_value(value)
            self.votes.setValue(votes)

    def _voting(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.votes.setAccessibleName("Answers per message")
        self.votes.setToolTip(HELP)
        self.votes.valueChanged.connect(self._warn)
        words = label("&Ask each message")
        words.setBuddy(self.votes)
        self.times = label(tone="muted", wrap=True)
        row.addWidget(words)
        row.addWidget(self.votes)
        row.addWidget(self.times, 1)
        return row

    def _warn(self) -> None:
        """Say what the vote needs: at temperature 0 every answer is the same."""
        votes = self.votes.value()
        self.times.setText("time" if votes == 1 else "times, and let the answers vote")
        try:
            is_cold = self.form.value().temperature == 0
        except UserError:
            is_cold = False
        cannot = votes > 1 and is_cold
        said = "At temperature 0 all answers are the same. Raise the temperature to vote, for example to 0.7."
        self.warning.setText(said if cannot else "")
        self.warning.setVisible(cannot)

    def _reset(self, usual: Sampling) -> None:
        self.form.set_value(usual)
        self.votes.setValue(1)


class SamplingPopover(SamplingPanel):
    """The panel above the window, until the user clicks elsewhere, which emits `closed`."""

    closed = Signal()

    def open_below(self, beside: QWidget) -> None:
        """Show the panel below a button."""
        self.setWindowFlags(Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.form.setMinimumWidth(56 * GRID)
        self.all.toggled.connect(lambda _: self.adjustSize())
        self.adjustSize()
        self.move(beside.mapToGlobal(QPoint(beside.width() - self.width(), beside.height())))
        self.show()
        self.form.control("temperature").setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Emit `closed`."""
        super().closeEvent(event)
        self.closed.emit()
