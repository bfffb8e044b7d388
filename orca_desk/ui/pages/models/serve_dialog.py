"""The dialog that asks which models to serve to other programs, and where."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.library.trainings import Training
from orca_desk.steps.chat.models import finished_trainings
from orca_desk.steps.chat.serving import HIGHEST_PORT, LOCAL, ServeSettings, new_key
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.serving import DIALOG, EXPOSED, KEY_NEEDED, KEY_TIP, NEWEST, TITLE

EVERY = "0.0.0.0"
ADDRESSES = {LOCAL: f"This machine only ({LOCAL})", EVERY: f"Every machine on the network ({EVERY})"}


class ServeDialog(QDialog):
    """Asks for a training and ServeSettings, which `chosen` carries."""

    chosen = Signal(object, object)

    def __init__(self, desk: Desk, training: str | None, settings: ServeSettings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(TITLE)
        self.setMinimumWidth(68 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(GRID + GRID // 2)
        layout.addWidget(label(TITLE, size="heading", bold=True))
        layout.addWidget(label(DIALOG, tone="muted", wrap=True))
        self._training = training
        self.training = QComboBox()
        self.training.addItem(NEWEST, None)
        self.host = QComboBox()
        for address, text in ADDRESSES.items():
            self.host.addItem(text, address)
        if settings.host not in ADDRESSES:
            self.host.addItem(settings.host, settings.host)
        self.host.setCurrentIndex(self.host.findData(settings.host))
        self.port = QSpinBox()
        self.port.setRange(0, HIGHEST_PORT)
        self.port.setValue(settings.port)
        self.port.setToolTip("0 takes any free port")
        self.key = QLineEdit(settings.key)
        self.key.setPlaceholderText("None")
        self.key.setToolTip(KEY_TIP)
        self.make_key = button("Generate", lambda: self.key.setText(new_key()), tip="Fill in a random key")
        keys = QHBoxLayout()
        keys.setSpacing(GRID)
        keys.addWidget(self.key, 1)
        keys.addWidget(self.make_key)
        form = QFormLayout()
        form.setSpacing(GRID)
        form.addRow("&Models of", self.training)
        form.addRow("&Address", self.host)
        form.addRow("&Port", self.port)
        form.addRow("API &key", keys)
        name = form.labelForField(keys)
        assert name is not None
        name.setBuddy(self.key)  # type: ignore[attr-defined]
        self.key.setAccessibleName("API key")
        layout.addLayout(form)
        self.exposed = label(EXPOSED, size="caption", tone="warn", wrap=True)
        layout.addWidget(self.exposed)
        self.notice = Notice(desk)
        layout.addWidget(self.notice)
        self.start = button("Start serving", self.accept, primary=True)
        layout.addWidget(dialog_buttons(self, self.start))
        self.host.currentIndexChanged.connect(self._check)
        self.key.textChanged.connect(self._check)
        library = desk.library
        desk.background.run(self, lambda: finished_trainings(library), self._offer)
        self._check()

    def accept(self) -> None:
        """Pass on what was chosen."""
        if not self.start.isEnabled():
            return
        try:
            settings = ServeSettings(
                host=self.host.currentData(), port=self.port.value(), key=self.key.text().strip()
            )
        except UserError as error:
            self.notice.show_error(error)
            return
        self.chosen.emit(self.training.currentData(), settings)
        super().accept()

    def _offer(self, trainings: list[Training]) -> None:
        for one in trainings:
            self.training.addItem(f"{one.id}, on {one.base.name}", one.id)
        self.training.setCurrentIndex(max(0, self.training.findData(self._training)))

    def _check(self) -> None:
        is_local = ServeSettings(host=self.host.currentData()).is_local
        lacks_key = not is_local and not self.key.text().strip()
        self.exposed.setVisible(not is_local)
        self.exposed.setText(f"{EXPOSED} {KEY_NEEDED}" if lacks_key else EXPOSED)
        self.start.setEnabled(not lacks_key)
