"""A model's thoughts on screen: folded into one line, which shows them on demand."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from orca_desk.counting import counted
from orca_desk.ui.pages.chat.folded import fold_button, paint_folded
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.fitting_browser import FittingBrowser

TIP = "What the model wrote before its answer. It is not graded and not sent again with the next question."


class FoldedThoughts(QWidget):
    """The line "Thought for about 120 tokens", which unfolds to the text of the thoughts."""

    def __init__(self, theme: Theme, title: str) -> None:
        super().__init__()
        self._theme = theme
        self._text = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        self.line = fold_button()
        self.line.setToolTip(TIP)
        self.line.toggled.connect(self._fold)
        column.addWidget(self.line, 0, Qt.AlignmentFlag.AlignLeft)
        self.browser = FittingBrowser()
        self.browser.setAccessibleName(f"Thoughts of {title}")
        self.browser.hide()
        column.addWidget(self.browser)
        self.hide()

    def show_thoughts(self, text: str, tokens: int, *, thinking: bool, answered: bool) -> None:
        """Show thoughts of about so many tokens. `thinking` says that more is to come."""
        self._text = text
        self.setVisible(bool(text) or thinking)
        amount = counted(tokens, "token")
        if thinking:
            said = f"Thinking… {amount}"
        else:
            said = f"Thought for about {amount}" + ("" if answered else ", without an answer")
        self.line.setText(said)
        if self.line.isChecked():
            self.browser.set_plain(text)

    def paint(self) -> None:
        """Take the colours of the theme."""
        paint_folded(self.line, self.browser, self._theme)

    def _fold(self, shown: bool) -> None:
        if shown:
            self.browser.set_plain(self._text)
        self.browser.setVisible(shown)
        self.paint()
