"""Which characters no font on this system shows: they appear as boxes, and somebody should say why."""

import re

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication

from orca_desk.ui.theme import font

# Scripts that Inter lacks: a character to try, and how to find the script in a text
SCRIPTS = {
    name: (sample, re.compile(f"[{ranges}]"))
    for name, sample, ranges in (
        ("Chinese and Japanese characters", "中", "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"),
        ("Korean", "한", "\u1100-\u11ff\uac00-\ud7af"),
        ("emoji", "😀", "\U0001f300-\U0001faff"),
        ("Arabic", "ع", "\u0600-\u06ff"),
        ("Hindi", "ह", "\u0900-\u097f"),
        ("Thai", "ก", "\u0e00-\u0e7f"),
    )
}


class Glyphs(QObject):
    """Looks at texts that are shown. `missing` fires once for each script that no font has."""

    missing = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._lacking = set(lacking_scripts())

    def look(self, text: str) -> None:
        """Report the scripts in a text that appear as boxes."""
        if self._lacking and not text.isascii():
            for name in [name for name in self._lacking if SCRIPTS[name][1].search(text)]:
                self._lacking.remove(name)
                self.missing.emit(name)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to report."""
        return not self._lacking


def lacking_scripts() -> list[str]:
    """Return the scripts that no font on this system has."""
    metrics = QFontMetrics(font("body"))
    return [name for name, (sample, _) in SCRIPTS.items() if not metrics.inFontUcs4(ord(sample))]


def glyphs() -> Glyphs:
    """Return the one that looks at the texts of this app."""
    app = QApplication.instance()
    assert app is not None
    return app.findChild(Glyphs) or Glyphs(app)
