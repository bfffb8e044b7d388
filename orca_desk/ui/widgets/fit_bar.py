"""Whether a job fits in memory: a bar of its parts against the free memory, and what would make it fit."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from orca_desk.models.fits import Fit
from orca_desk.models.remedies import Remedy
from orca_desk.ui.icons import pixmap
from orca_desk.ui.theme import GRID, Role, Theme
from orca_desk.ui.widgets.text import button, label, set_tone
from orca_desk.ui.words.fits import fit_sentence, parts_of, remedy_text

HEIGHT = 12  # px
_FITS: tuple[str, Role] = ("circle-check", "good")
_TOO_LARGE: tuple[str, Role] = ("triangle-alert", "bad")
SHARES = (0.95, 0.65, 0.4, 0.25, 0.15)  # of the role's colour, part by part


class FitBar(QWidget):
    """Shows a `Fit`; hidden while there is none.

    Where a job does not fit, a button offers its remedy; `remedied` then has the settings to change, by name.
    """

    remedied = Signal(object)

    def __init__(self, theme: Theme, *, role: Role = "teacher") -> None:
        super().__init__()
        self._theme = theme
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        self._bar = _Bar(theme, role)
        layout.addWidget(self._bar)
        row = QHBoxLayout()
        row.setSpacing(GRID // 2 + 2)
        self._sign = QLabel()
        self.sentence = label(size="caption", wrap=True)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.sentence, 1)
        layout.addLayout(row)
        self.parts = label(size="caption", tone="muted", wrap=True)
        layout.addWidget(self.parts)
        self.remedy = button("", self._take_remedy)
        layout.addWidget(self.remedy, 0, Qt.AlignmentFlag.AlignLeft)
        self._fit: Fit | None = None
        self._remedy: Remedy | None = None
        theme.changed.connect(self._paint)
        self.show_fit(None)

    def show_fit(self, fit: Fit | None, remedy: Remedy | None = None) -> None:
        """Show another estimate, or nothing for None, with what to change if it does not fit."""
        self._fit, self._remedy = fit, remedy
        self._bar.show_fit(fit)
        self.remedy.setVisible(remedy is not None)
        if remedy is not None:
            self.remedy.setText(remedy_text(remedy))
            self.remedy.setToolTip(fit_sentence(remedy.fit))
        self.setVisible(fit is not None)
        if fit is not None:
            self.sentence.setText(fit_sentence(fit))
            self.parts.setText(parts_of(fit))
            self._bar.setAccessibleName(f"{self.sentence.text()} {self.parts.text()}")
            set_tone(self.sentence, "" if fit.fits else "bad")
        self._paint()

    def _take_remedy(self) -> None:
        if self._remedy is not None:
            self.remedied.emit(dict(self._remedy.changes))

    def _paint(self) -> None:
        fits = self._fit is None or self._fit.fits
        image, role = _FITS if fits else _TOO_LARGE
        self._sign.setPixmap(pixmap(image, self._theme.colours, role, 16))


class _Bar(QWidget):
    """The parts side by side, and a line where the free memory ends."""

    def __init__(self, theme: Theme, role: Role) -> None:
        super().__init__()
        self._theme, self._role = theme, role
        self._fit: Fit | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_fit(self, fit: Fit | None) -> None:
        """Show another estimate."""
        self._fit = fit
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of a thin bar."""
        return QSize(20 * GRID, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the parts over the free memory; whatever does not fit extends past the line."""
        if self._fit is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, whole = self._theme.colours, max(self._fit.needed, self._fit.available, 1)
        painter.setPen(colours("border"))
        painter.setBrush(colours("background"))
        painter.drawRoundedRect(QRectF(0.5, 0.5, self.width() - 1, HEIGHT - 1), 4, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        left, room = 1.5, self.width() - 3
        for place, (_, size) in enumerate(self._fit.parts):
            width = room * size / whole
            painter.setBrush(colours.tint(self._role, SHARES[min(place, len(SHARES) - 1)]))
            painter.drawRect(QRectF(left, 2, max(1.0, width - 1), HEIGHT - 4))
            left += width
        if not self._fit.fits:
            painter.setBrush(colours("bad"))
            painter.drawRect(QRectF(room * self._fit.available / whole, 0, 2, HEIGHT))
        painter.end()
