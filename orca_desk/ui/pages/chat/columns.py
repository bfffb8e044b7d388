"""The heads of the chat's columns: which model each one is, file by file, and choosing another."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.library.trainings import Training
from orca_desk.steps.chat.models import Answerer, fingerprint, part_of
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, pixmap
from orca_desk.ui.widgets.model_picker import ModelPicker
from orca_desk.ui.pages.chat.turns import PART_ICONS, PART_ROLES, part_name
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.elided import ElidedLabel
from orca_desk.ui.widgets.text import label, safe_tip

ICON = QSize(15, 15)


class ColumnHead(QFrame):
    """Says which model a column is: its part, its file, its adapter, and the short hashes of both."""

    change = Signal()
    remove = Signal()

    def __init__(self, desk: Desk, answerer: Answerer) -> None:
        super().__init__()
        self._desk, self.answerer = desk, answerer
        self.setObjectName("head")
        name = part_name(self, answerer.part)
        self.setAccessibleName(name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID + 4, GRID // 2, GRID // 2, GRID)
        layout.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self._icon = QLabel()
        row.addWidget(self._icon)
        self.title = ElidedLabel(name, bold=True, tone=answerer.part)
        row.addWidget(self.title, 1)
        self.changer = self._tool("Choose another model for this column…", self.change)
        self.remover = self._tool("Remove this column", self.remove)
        row.addWidget(self.changer)
        row.addWidget(self.remover)
        layout.addLayout(row)
        self.model = ElidedLabel(answerer.model.name, size="caption", mode=Qt.TextElideMode.ElideMiddle)
        self.model.setToolTip(safe_tip(str(answerer.model)))
        self.detail = ElidedLabel(self._adapter(), size="caption", tone="muted")
        layout.addWidget(self.model)
        layout.addWidget(self.detail)
        desk.theme.changed.connect(self._paint)
        self._paint()
        library = desk.library
        desk.background.run(
            self, lambda: fingerprint(library, answerer), self._show_hash, failed=self._show_problem
        )

    def show_context(self, tokens: int | None) -> None:
        """Show how many tokens the model can look at, once it is known."""
        if tokens:
            self.model.setText(f"{self.answerer.model.name}  ·  {tokens:,} tokens")

    def _tool(self, tip: str, signal: object) -> QToolButton:
        made = QToolButton()
        made.setIconSize(ICON)
        made.setToolTip(tip)
        made.setAccessibleName(f"{part_name(self, self.answerer.part)}: {tip}")
        made.clicked.connect(signal)
        return made

    def _adapter(self) -> str:
        if self.answerer.adapter is None:
            return "no adapter"
        return f"adapter {self.answerer.training or self.answerer.adapter.name}"

    def _show_hash(self, text: str) -> None:
        self.detail.show_text(f"{self._adapter()}  ·  {text}")
        files = [self.answerer.model, *([self.answerer.adapter] if self.answerer.adapter else [])]
        self.detail.setToolTip(safe_tip("\n".join([*map(str, files), f"SHA-256 {text}"])))

    def _show_problem(self, error: Exception) -> None:
        if isinstance(error, UserError):
            self.detail.show_text(error.message)
        else:
            self._desk.report(error)

    def _paint(self) -> None:
        colours, role = self._desk.theme.colours, PART_ROLES[self.answerer.part]
        self.setStyleSheet(
            f"#head {{ background: {colours.tint(role, 0.1).name()};"
            f" border: 1px solid {colours.tint(role, 0.4).name()}; border-radius: 8px; }}"
        )
        self._icon.setPixmap(pixmap(PART_ICONS[self.answerer.part], colours, role, 16))
        self.changer.setIcon(icon("pencil", colours, "muted"))
        self.remover.setIcon(icon("x", colours, "muted"))


class ChooseModel(QDialog):
    """Chooses a model file and perhaps an adapter; `chosen` has the Answerer."""

    chosen = Signal(object)

    def __init__(
        self, desk: Desk, trainings: Sequence[Training], now: Answerer | None, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._trainings = list(trainings)
        self.setWindowTitle("Model of this column")
        self.setMinimumWidth(60 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        form = QFormLayout()
        form.setSpacing(GRID)
        self.model = ModelPicker(desk, "gguf")
        if now:
            self.model.choose(now.model)
        self.adapter = QComboBox()
        self.adapter.addItem("No adapter: the model as it is", None)
        for one in self._trainings:
            self.adapter.addItem(f"{one.id}, on {one.base.name}", one.adapter_gguf)
        for file in desk.models.of("adapter"):
            if file.path.suffix == ".gguf" and file.path not in self._adapters():
                self.adapter.addItem(file.name, file.path)
        if now and now.adapter:
            self.choose_adapter(now.adapter)
        form.addRow("&Model", self.model)
        form.addRow("&Adapter", self.adapter)
        layout.addLayout(form)
        layout.addWidget(
            label(
                "An adapter belongs to the model that it was trained on; with another it is refused.",
                size="caption",
                tone="muted",
                wrap=True,
            )
        )
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Use this model")
        buttons.accepted.connect(self._choose)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)

    def choose_adapter(self, path: Path) -> None:
        """Choose an adapter, if it is offered."""
        if path in self._adapters():
            self.adapter.setCurrentIndex(self._adapters().index(path))

    def _adapters(self) -> list[Path | None]:
        return [self.adapter.itemData(place) for place in range(self.adapter.count())]

    def _choose(self) -> None:
        model = self.model.model()
        if model is None:
            return
        adapter: Path | None = self.adapter.currentData()
        training = next((one.id for one in self._trainings if one.adapter_gguf == adapter), "")
        bases = [one.base for one in self._trainings]
        self.chosen.emit(
            Answerer(
                part=part_of(model.path, adapter, bases),
                model=model.path,
                adapter=adapter,
                training=training if adapter else "",
            )
        )
        self.accept()
