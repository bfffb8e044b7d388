"""How a formula was written, beside a larger drawing of it: what a click on it shows."""

from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QCursor, QFontDatabase, QGuiApplication, QPainter, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from orca_desk.ui.theme import GRID, current_colours, grown
from orca_desk.ui.widgets.formula_setting import SetFormula
from orca_desk.ui.widgets.formula_text import Formula
from orca_desk.ui.widgets.formulas import draw
from orca_desk.ui.widgets.text import button

EM = 26  # px
WIDEST, HIGHEST = 64 * GRID, 24 * GRID  # px of the drawing; a larger one scrolls


class FormulaPopup(QFrame):
    """A small window that closes by Esc or a click elsewhere."""

    def __init__(self, parent: QWidget, formula: Formula, drawn: SetFormula) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("A formula as it was written")
        self.setProperty("kind", "card")
        self._formula = formula
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        picture = QLabel()
        picture.setPixmap(_picture(drawn, self.devicePixelRatioF()))
        picture.setAccessibleName("The formula")
        area = QScrollArea()
        area.setWidget(picture)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        size = picture.sizeHint()
        area.setFixedSize(min(size.width() + 4, WIDEST), min(size.height() + 4, HIGHEST))
        layout.addWidget(area, 0, Qt.AlignmentFlag.AlignHCenter)
        self.written = QPlainTextEdit(formula.written)
        self.written.setReadOnly(True)
        self.written.setAccessibleName("LaTeX")
        self.written.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.written.setMinimumWidth(grown(40 * GRID))
        lines = min(6, 1 + formula.written.count("\n") + len(formula.written) // 60)
        self.written.setFixedHeight(lines * self.written.fontMetrics().lineSpacing() + 3 * GRID)
        layout.addWidget(self.written)
        self.copy = button("&Copy LaTeX", self._copy)
        layout.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignRight)
        self.copy.setFocus()

    def show_at_cursor(self) -> None:
        """Show it below the pointer, on the screen as a whole."""
        self.adjustSize()
        at, screen = QCursor.pos() + QPoint(0, 2 * GRID), self.screen().availableGeometry()
        at.setX(max(screen.left(), min(at.x(), screen.right() - self.width())))
        at.setY(max(screen.top(), min(at.y(), screen.bottom() - self.height())))
        self.move(at)
        self.show()
        self.copy.setFocus()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._formula.latex)
        self.close()


def _picture(drawn: SetFormula, ratio: float) -> QPixmap:
    width, height = max(1, round(drawn.width * EM)), max(1, round((drawn.ascent + drawn.descent) * EM))
    made = QPixmap(round(width * ratio), round(height * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    draw(painter, QRectF(0, 0, width, height), drawn, current_colours().css("text"))
    painter.end()
    return made
