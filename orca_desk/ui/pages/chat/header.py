"""The buttons at the top of the Chat page."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.text import button
from orca_desk.ui.words.votes import HELP

AS_WRITTEN = "chat/as-written"  # the window's setting for whether answers are shown without Markdown


class ChatHeader(QWidget):
    """Buttons for the history, the models, the sampling, a new chat, and answers as they were written."""

    def __init__(
        self,
        desk: Desk,
        *,
        show_as_written: Callable[[bool], None],
        toggle_history: Callable[[], None],
        offer_models: Callable[[], None],
        show_sampling: Callable[[], None],
        start_anew: Callable[[], Any],
    ) -> None:
        super().__init__()
        self._desk, self._show_as_written = desk, show_as_written
        self.plain = button("Plain text", self._toggle_plain, tip="Show answers as they were written")
        self.plain.setCheckable(True)
        self.plain.setChecked(desk.view_state.value(AS_WRITTEN) == "yes")
        self.history = button("History", toggle_history)
        self.models = button("Models", offer_models)
        self.sampling = button("Sampling", show_sampling)
        self.new = button("New chat", start_anew)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        for made in (self.plain, self.history, self.models, self.sampling, self.new):
            row.addWidget(made, 0, Qt.AlignmentFlag.AlignVCenter)
        show_as_written(self.plain.isChecked())
        desk.theme.changed.connect(self._paint)
        self._paint()

    def show_votes(self, votes: int) -> None:
        """Show how often each message is asked."""
        self.sampling.setText("Sampling" if votes == 1 else f"Sampling, vote of {votes}")
        self.sampling.setToolTip("" if votes == 1 else HELP)

    def _toggle_plain(self) -> None:
        as_written = self.plain.isChecked()
        self._show_as_written(as_written)
        self._desk.view_state.setValue(AS_WRITTEN, "yes" if as_written else "no")

    def _paint(self) -> None:
        for made, image in (
            (self.plain, "file-text"),
            (self.history, "history"),
            (self.models, "box"),
            (self.sampling, "sliders-horizontal"),
            (self.new, "plus"),
        ):
            made.setIcon(icon(image, self._desk.theme.colours))
