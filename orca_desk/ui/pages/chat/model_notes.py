"""What to know of the chosen models: the bundled minis are no real ones, and together they may not fit."""

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.inventory.bundled import is_mini
from orca_desk.steps.chat.memory import ChatMemory, chat_memory
from orca_desk.steps.chat.models import ChatModel
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.models import MINI_NOTE, memory_warning


class ModelNotes(QWidget):
    """Two lines below the columns, each of them only where it applies."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._models: Sequence[ChatModel] = ()
        self._checked: tuple[object, ...] | None = None  # the choice that `memory` is about
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        self.mini = label(MINI_NOTE, size="caption", tone="muted", wrap=True)
        self.memory = label(size="caption", tone="warn", wrap=True)
        for line in (self.mini, self.memory):
            line.hide()
            layout.addWidget(line)
        self.hide()
        desk.models.changed.connect(self._check_memory)

    def show_models(self, models: Sequence[ChatModel]) -> None:
        """Say what applies to these models."""
        self._models = models
        self.mini.setVisible(any(is_mini(one.model) for one in models))
        self._hide_if_empty()
        self._check_memory()

    def _check_memory(self) -> None:
        """Warn of columns that do not fit in memory together; once for each choice, as answering fills it."""
        models, known = tuple(self._models), tuple(self._desk.models.of("gguf"))
        if (models, known) == self._checked:
            return
        self._checked = models, known

        def show(found: ChatMemory) -> None:
            self.memory.setText(memory_warning(found, len(models)))
            self.memory.setVisible(not found.fits)
            self._hide_if_empty()

        self._desk.background.run(self, lambda: chat_memory(models, known), show, only_newest="memory")

    def _hide_if_empty(self) -> None:
        """Take no room, not even that between two widgets, without a line to show."""
        self.setHidden(self.mini.isHidden() and self.memory.isHidden())
