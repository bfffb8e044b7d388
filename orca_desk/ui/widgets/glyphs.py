"""Which characters no font on this system shows: they appear as boxes, and somebody should say why."""

import re

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QFontDatabase, QFontMetrics
from PySide6.QtWidgets import QApplication

from orca_desk.ui.theme import font

_SYSTEM = QFontDatabase.WritingSystem
EMOJI = "emoji"  # no writing system of its own
# Scripts that Inter lacks: Qt's names for them, and the characters by which a text has them
SCRIPTS: dict[str, tuple[tuple[QFontDatabase.WritingSystem, ...], re.Pattern[str]]] = {
    name: (systems, re.compile(f"[{ranges}]"))
    for name, systems, ranges in (
        (
            "Chinese and Japanese characters",
            (_SYSTEM.SimplifiedChinese, _SYSTEM.TraditionalChinese, _SYSTEM.Japanese),
            "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff",
        ),
        ("Korean", (_SYSTEM.Korean,), "\u1100-\u11ff\uac00-\ud7af"),
        (EMOJI, (), "\U0001f300-\U0001faff"),
        ("Arabic", (_SYSTEM.Arabic,), "\u0600-\u06ff"),
        ("Hindi", (_SYSTEM.Devanagari,), "\u0900-\u097f"),
        ("Thai", (_SYSTEM.Thai,), "\u0e00-\u0e7f"),
        ("Hebrew", (_SYSTEM.Hebrew,), "\u0590-\u05ff"),
        ("Bengali", (_SYSTEM.Bengali,), "\u0980-\u09ff"),
        ("Tamil", (_SYSTEM.Tamil,), "\u0b80-\u0bff"),
        ("Georgian", (_SYSTEM.Georgian,), "\u10a0-\u10ff"),
        ("Armenian", (_SYSTEM.Armenian,), "\u0530-\u058f"),
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
    families = QFontDatabase.families
    lacking = [name for name, (systems, _) in SCRIPTS.items() if systems and not any(map(families, systems))]
    if not QFontMetrics(font("body")).inFontUcs4(ord("\N{PARTY POPPER}")):
        lacking.append(EMOJI)
    return lacking


def glyphs() -> Glyphs:
    """Return the one that looks at the texts of this app."""
    app = QApplication.instance()
    assert app is not None
    return app.findChild(Glyphs) or Glyphs(app)
