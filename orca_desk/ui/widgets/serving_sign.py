"""The sign in the status bar that models are served to other programs; hidden while they are not."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, icon_size
from orca_desk.ui.theme import font
from orca_desk.ui.widgets.text import safe_tip, set_tone
from orca_desk.ui.words.serving import sign, sign_tip

SIDE = 14  # px of the icon: with usual text, the status bar stays as high as it is


class ServingSign(QToolButton):
    """Says where models are served. A click shows the switch."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.setProperty("kind", "sign")  # no higher than the text beside it
        self.setFont(font("caption"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(icon_size(SIDE, before_text=True))
        self.clicked.connect(lambda checked=False: desk.open("models", serving=True))
        desk.serving.changed.connect(self._show)
        desk.theme.changed.connect(self._show)
        self._show()

    def set_narrow(self, is_narrow: bool) -> None:
        """Show the icon alone, or the words again."""
        beside, alone = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly
        self.setToolButtonStyle(alone if is_narrow else beside)

    def _show(self) -> None:
        serving = self._desk.serving
        self.setVisible(serving.state != "off")
        text, tip = (
            sign(serving.state, serving.ready),
            sign_tip(serving.ready, serving.models, serving.activity),
        )
        exposed = serving.ready is not None and not serving.ready.is_local
        self.setText(text)
        self.setToolTip(safe_tip(f"{text}\n{tip}"))
        self.setAccessibleName(text)
        self.setIcon(icon("server", self._desk.theme.colours, "warn" if exposed else "accent"))
        set_tone(self, "warn" if exposed else "")
