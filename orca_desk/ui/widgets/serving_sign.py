"""The sign in the status bar that models are served to other programs; hidden while they are not."""

from PySide6.QtWidgets import QToolButton

from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, room_for_icon
from orca_desk.ui.theme import font
from orca_desk.ui.widgets.text import safe_tip, set_tone
from orca_desk.ui.words.serving import sign, sign_tip


class ServingSign(QToolButton):
    """Says where models are served. A click shows the switch."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setProperty("kind", "sign")  # no higher than the text beside it
        self.setFont(font("caption"))
        room_for_icon(self)
        self.clicked.connect(lambda checked=False: desk.open("models", serving=True))
        desk.serving.changed.connect(self._show)
        desk.theme.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        serving = self._desk.serving
        self.setVisible(serving.state != "off")
        text, tip = (
            sign(serving.state, serving.ready),
            sign_tip(serving.ready, serving.models, serving.activity),
        )
        exposed = serving.ready is not None and not serving.ready.is_local
        self.setText(text)
        self.setToolTip(safe_tip(tip))
        self.setAccessibleName(text)
        self.setIcon(icon("server", self._desk.theme.colours, "warn" if exposed else "accent"))
        set_tone(self, "warn" if exposed else "")
