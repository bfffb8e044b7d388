"""Counts by name, as a bar chart."""

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from orca_desk.ui.theme import GRID, Role, Theme, font, grown

ROW = 22  # px
MOST = 12  # rows; one more line sums up the other names


class CountBars(QWidget):
    """One row per name, largest count first: the name, a bar proportional to the count, the count."""

    def __init__(self, theme: Theme, *, role: Role = "student", most: int = MOST) -> None:
        super().__init__()
        self._theme, self._role, self._most = theme, role, most
        self._rows: list[tuple[str, int]] = []
        self._rest = ""
        self.setFont(font("caption"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show other counts."""
        ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
        self._rows, more = ranked[: self._most], ranked[self._most :]
        rest = sum(count for _, count in more)
        self._rest = f"and {len(more):,} more ({rest:,} in total)" if more else ""
        self.setAccessibleName(", ".join(f"{name}: {count:,}" for name, count in self._rows))
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of all rows."""
        return QSize(30 * GRID, grown(ROW) * (len(self._rows) + bool(self._rest)))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the rows."""
        if not self._rows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, metrics = self._theme.colours, self.fontMetrics()
        widest = max(metrics.horizontalAdvance(name) for name, _ in self._rows)
        names = min(widest + 2, self.width() * 2 // 3) + GRID
        counts = max(metrics.horizontalAdvance(f"{count:,}") for _, count in self._rows) + GRID
        space = max(1, self.width() - names - counts)
        largest = max(count for _, count in self._rows) or 1
        middle = Qt.AlignmentFlag.AlignVCenter
        for row, (name, count) in enumerate(self._rows):
            top = row * grown(ROW)
            painter.setPen(colours("text"))
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, names - GRID)
            painter.drawText(QRectF(0, top, names, grown(ROW)), middle | Qt.AlignmentFlag.AlignLeft, shown)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.tint(self._role, 0.55))
            bar = QRectF(names, top + grown(ROW) / 2 - 4, max(2.0, space * count / largest), 8)
            painter.drawRoundedRect(bar, 2, 2)
            painter.setPen(colours("muted"))
            end = QRectF(self.width() - counts, top, counts, grown(ROW))
            painter.drawText(end, middle | Qt.AlignmentFlag.AlignRight, f"{count:,}")
        if self._rest:
            painter.setPen(colours("muted"))
            painter.drawText(
                QRectF(0, len(self._rows) * grown(ROW), self.width(), grown(ROW)), middle, self._rest
            )
        painter.end()
