"""A settings form for a narrow column, with each field's help text below the field."""

from typing import TypeVar

from PySide6.QtWidgets import QGridLayout, QSizePolicy

from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.settings_form import Control, SettingsForm
from orca_desk.ui.widgets.text import label
from orca_desk.ui.words.settings import title

Settings = TypeVar("Settings")
NAMES = 14 * GRID  # px, the width of the names, as in the forms above it


class NarrowForm(SettingsForm[Settings]):
    """A `SettingsForm` in two columns instead of three."""

    def _add_row(self, grid: QGridLayout, name: str, control: Control, about: dict[str, str]) -> None:
        row = grid.rowCount()
        grid.setColumnStretch(2, 0)
        grid.setColumnStretch(1, 1)
        words = label(title(name))
        words.setBuddy(control)
        words.setMinimumWidth(NAMES)
        help_text = label(about.get("help", ""), size="caption", tone="muted", wrap=True)
        control.setAccessibleName(title(name))
        control.setAccessibleDescription(about.get("help", ""))
        control.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        control.setMinimumWidth(8 * GRID)
        grid.addWidget(words, row, 0)
        grid.addWidget(control, row, 1)
        grid.addWidget(help_text, row + 1, 1)
        if about.get("level", "simple") == "all":
            self._advanced += [words, control, help_text]
