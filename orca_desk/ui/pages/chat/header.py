"""The buttons at the top of the Chat page."""

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.widgets.flow_row import FlowRow
from orca_desk.ui.widgets.text import button
from orca_desk.ui.words.votes import HELP


class ChatHeader(QWidget):
    """Buttons for the history, the models, the sampling, a new chat, and answers as they were written."""

    def __init__(
        self,
        desk: Desk,
        *,
        toggle_history: Callable[[], None],
        offer_models: Callable[[], None],
        show_sampling: Callable[[], None],
        start_anew: Callable[[], Any],
    ) -> None:
        super().__init__()
        self._desk = desk
        self.plain = button(
            "Plain text", self._toggle_plain, tip="Show answers as they were written on all pages"
        )
        self.plain.setCheckable(True)
        self.history = button("History", toggle_history)
        self.models = button("Models", offer_models)
        self.sampling = button("Sampling", show_sampling)
        self.new = button("New chat", start_anew)
        self.setLayout(FlowRow(self.plain, self.history, self.models, self.sampling, self.new))
        desk.theme.changed.connect(self._paint)
        self._paint()

    def show_votes(self, votes: int) -> None:
        """Show how often each message is asked."""
        self.sampling.setText("Sampling" if votes == 1 else f"Sampling, vote of {votes}")
        self.sampling.setToolTip("" if votes == 1 else HELP)

    def _toggle_plain(self) -> None:
        self._desk.choose_as_written(self.plain.isChecked())

    def _paint(self) -> None:
        self.plain.setChecked(self._desk.theme.as_written)
        for made, image in (
            (self.plain, "file-text"),
            (self.history, "history"),
            (self.models, "box"),
            (self.sampling, "sliders-horizontal"),
            (self.new, "plus"),
        ):
            made.setIcon(icon(image, self._desk.theme.colours))
