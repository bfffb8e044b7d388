"""The sampling settings, and how often a message is asked: a panel, and the same above the window."""

from PySide6.QtCore import QPoint, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from orca_desk.errors import UserError
from orca_desk.method.records import Sampling
from orca_desk.steps.chat.voting import MOST_VOTES
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.settings_form import SettingsForm, number_box
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.votes import HELP


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
