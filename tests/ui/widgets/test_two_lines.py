"""What a table cell of two lines shows where the column is narrow."""

from PySide6.QtGui import QFontMetricsF

from orca_desk.ui.theme import Theme, font
from orca_desk.ui.widgets.two_lines import SMALLEST, fitting


def test_letters_become_as_small_as_a_text_needs_and_no_smaller(theme: Theme) -> None:
    text, usual = "192/192 · 96–100%", font("caption")
    wide = QFontMetricsF(usual).horizontalAdvance(text)
    assert fitting(text, usual, wide) == usual
    smaller = fitting(text, usual, 0.9 * wide)
    assert SMALLEST * usual.pointSizeF() < smaller.pointSizeF() < usual.pointSizeF()
    assert QFontMetricsF(smaller).horizontalAdvance(text) <= 0.9 * wide
    assert abs(fitting(text, usual, 1).pointSizeF() - SMALLEST * usual.pointSizeF()) < 0.01
