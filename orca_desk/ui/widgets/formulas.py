"""Formulas on screen: set in a thread, and drawn in a text in its size and colour, on its line of writing."""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, QRect, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPyTextObject, QTextDocument, QTextFormat
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from orca_desk.ui.theme import GRID, current_colours, font
from orca_desk.ui.widgets.formula_setting import CannotSetError, SetFormula, set_formula
from orca_desk.ui.widgets.formula_text import Formula
from orca_desk.yielding import pause_for_ui

FORMULA = QTextFormat.ObjectTypes.UserObject.value + 1  # the drawing
STRUT = FORMULA + 1  # makes room below the line for the drawing before it
COPY = FORMULA + 2  # the link above code, which copies it
NUMBER = QTextFormat.Property.UserProperty.value + 1  # which formula of the text it is
LETTERS = 1.12  # the drawing's letters are smaller than those of the text
HEADINGS = {1: 1.2, 2: 1.5, 3: 2.0, 4: 2.4}  # how much larger Qt makes such text
MOST_KEPT = 2_000  # formulas
_INK = re.compile(r'(fill|stroke)="(?!none")[^"]*"')


class Formulas(QObject):
    """Sets formulas, one after the other. `ready` fires when none is left."""

    ready = Signal()
    _arrived = Signal(object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._known: dict[Formula, SetFormula | None] = {}
        self._waiting: set[Formula] = set()
        self._pool: ThreadPoolExecutor | None = None
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def look_up(self, formula: Formula) -> SetFormula | None:
        """Return the drawing. None if there is none, or none yet: then it is made."""
        if formula not in self._known and formula not in self._waiting:
            self._waiting.add(formula)
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, thread_name_prefix="formulas")
            self._pool.submit(self._work, formula)
        return self._known.get(formula)

    def is_known(self, formula: Formula) -> bool:
        """Return whether a formula was tried, and how that went is still kept."""
        return formula in self._known

    def cannot_set(self, formula: Formula) -> bool:
        """Return whether a formula was tried, and must stay as it was written."""
        return formula in self._known and self._known[formula] is None

    def end(self) -> None:
        """Wait for the formula that is being set, and drop those that wait."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
        self._waiting.clear()

    def _work(self, formula: Formula) -> None:
        pause_for_ui()
        try:
            made: SetFormula | None = set_formula(formula.latex, is_display=formula.is_display)
        except CannotSetError:
            made = None
        self._arrived.emit(formula, made)

    def _take(self, formula: Formula, made: SetFormula | None) -> None:
        while len(self._known) >= MOST_KEPT:
            del self._known[next(iter(self._known))]
        self._known[formula] = made
        self._waiting.discard(formula)
        if not self._waiting:
            if self._pool is not None:
                self._pool.shutdown(wait=False)  # no thread stays that has nothing to do
                self._pool = None
            self.ready.emit()


class FormulaDrawer(QPyTextObject):
    """Draws the formulas of a document. An object of Qt ends on the line of writing; a strut goes below."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.drawn: list[SetFormula] = []
        self.codes: list[tuple[str, str]] = []  # languages and codes

    def intrinsicSize(self, doc: QTextDocument, pos_in_document: int, format: QTextFormat) -> QSizeF:  # noqa: N802 - Qt's name
        """Return the room (px) that an object takes on its line."""
        if format.objectType() == COPY:
            metrics = QFontMetricsF(font("caption"))
            return QSizeF(metrics.horizontalAdvance(self._copy_words(format)) + GRID, metrics.height())
        formula = self.drawn[int(format.property(NUMBER))]
        em = self._em(doc, formula, format)
        if format.objectType() == FORMULA:
            return QSizeF(formula.width * em, max(1.0, formula.ascent * em))
        # Qt puts an object that is centred on the letter x so far below the line:
        half = QFontMetricsF(QFont()).xHeight() / 2
        return QSizeF(0, max(0.0, 2 * formula.descent * em + half))

    def drawObject(  # noqa: N802 - Qt's name
        self,
        painter: QPainter,
        rect: QRectF | QRect,
        doc: QTextDocument,
        pos_in_document: int,
        format: QTextFormat,
    ) -> None:
        """Draw a formula in the colour of the text around it, or the words of a link."""
        rect = QRectF(rect)
        if format.objectType() == COPY:
            painter.setFont(font("caption"))
            painter.setPen(current_colours()("accent"))
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, self._copy_words(format))
        if format.objectType() != FORMULA:
            return
        formula = self.drawn[int(format.property(NUMBER))]
        em = self._em(doc, formula, format)
        whole = QRectF(
            rect.left(),
            rect.bottom() - formula.ascent * em,
            formula.width * em,
            (formula.ascent + formula.descent) * em,
        )
        if format.hasProperty(QTextFormat.Property.BackgroundBrush):  # it is selected
            painter.fillRect(whole, format.background())
        draw(painter, whole, formula, painter.pen().color().name())

    def _copy_words(self, look: QTextFormat) -> str:
        language = self.codes[int(look.property(NUMBER))][0]
        return f"Copy {language}" if language else "Copy"

    def _em(self, doc: QTextDocument, formula: SetFormula, look: QTextFormat) -> float:
        """Return the size of an em (px); a formula that is wider than the text is drawn smaller."""
        step = int(look.property(QTextFormat.Property.FontSizeAdjustment) or 0)  # of a heading
        size = _pixels(doc.defaultFont()) * LETTERS * HEADINGS.get(step, 1.0)
        room = doc.textWidth() - 2 * doc.documentMargin()
        return min(size, room / formula.width) if room > 0 else size


def draw(painter: QPainter, place: QRectF, formula: SetFormula, colour: str) -> None:
    """Draw a formula into a place (px)."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _renderer(formula.svg, colour).render(painter, place)
    painter.restore()


def formulas() -> Formulas:
    """Return the one that sets the formulas of this app."""
    app = QApplication.instance()
    assert app is not None
    return app.findChild(Formulas) or Formulas(app)


def end_formulas() -> None:
    """Stop the threads from setting formulas, before the widgets go."""
    app = QApplication.instance()
    if app is not None and (found := app.findChild(Formulas)):
        found.end()


@lru_cache(maxsize=512)
def _renderer(svg: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_INK.sub(rf'\1="{colour}"', svg).encode()))


def _pixels(font: QFont) -> float:
    """Return the size of a font (px)."""
    screen = QApplication.primaryScreen()
    return font.pointSizeF() * (screen.logicalDotsPerInchY() if screen else 96.0) / 72.0
