"""Text beside an answer that is folded into one line: a button, which shows it on demand in a quiet form."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from orca_desk.ui.icons import icon
from orca_desk.ui.theme import GRID, Theme
from orca_desk.ui.widgets.fitting_browser import FittingBrowser


def fold_button() -> QToolButton:
    """Return the button that folds and unfolds: it is checked while the text is shown."""
    button = QToolButton()
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setCheckable(True)
    button.setAutoRaise(True)
    return button


def paint_folded(button: QToolButton, browser: FittingBrowser, theme: Theme) -> None:
    """Give the button and its text the colours of the theme, and the arrow of what is shown."""
    css = theme.colours.css
    browser.setStyleSheet(
        f"QTextBrowser {{ color: {css('muted')}; background: transparent; border: none;"
        f" border-left: 2px solid {css('border')}; padding: 0 0 0 {GRID}px; margin: 0; }}"
        f"QTextBrowser:focus {{ border-left: 2px solid {css('accent')}; }}"
    )
    name = "chevron-down" if button.isChecked() else "chevron-right"
    button.setIcon(icon(name, theme.colours, "muted"))
