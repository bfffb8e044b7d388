"""What there is, what was asked for and what was taken, by group, as a bar chart."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from orca_desk.counting import counted
from orca_desk.method.mixing import GroupMix
from orca_desk.ui.theme import GRID, Theme, font, grown

ROW = 24  # px
BAR = 8  # px
MOST = 14  # rows; one more line counts the others


class MixBars(QWidget):
    """One row per group: a pale bar for what is fit, a full one for what is taken, a line at what is asked.

    No pale bar where nobody knows what was fit.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: Sequence[GroupMix] = ()
        self._more = ""
        self.setFont(font("caption"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("Full bar: taken. Pale bar: usable. Line: asked for.")
        theme.changed.connect(self.update)

    def show_groups(self, groups: Sequence[GroupMix]) -> None:
        """Show other groups, the largest first."""
        ranked = sorted(groups, key=lambda one: (-one.available, one.name))
        self._rows = ranked[:MOST]
        more = ranked[MOST:]
        taken = sum(one.taken for one in more)
        self._more = f"and {counted(len(more), 'more group')} ({taken:,} taken)" if more else ""
        self.setAccessibleName("; ".join(f"{one.name}: {_figures(one)}" for one in self._rows))
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return the size of all rows."""
        return QSize(30 * GRID, grown(ROW) * (len(self._rows) + bool(self._more)))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the rows."""
        if not self._rows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, metrics = self._theme.colours, self.fontMetrics()
        widest = max(metrics.horizontalAdvance(one.name) for one in self._rows)
        names = min(widest + 2, self.width() * 2 // 5) + GRID
        figures = [f"{one.taken:,} / {one.available:,}" for one in self._rows]
        counts = max(map(metrics.horizontalAdvance, figures)) + GRID
        space = max(1, self.width() - names - counts)
        largest = max(max(one.available, one.asked or 0) for one in self._rows) or 1
        middle = Qt.AlignmentFlag.AlignVCenter
        for row, (one, text) in enumerate(zip(self._rows, figures, strict=True)):
            top = row * grown(ROW)
            painter.setPen(colours("text"))
            shown = metrics.elidedText(one.name, Qt.TextElideMode.ElideMiddle, names - GRID)
            painter.drawText(QRectF(0, top, names, grown(ROW)), middle | Qt.AlignmentFlag.AlignLeft, shown)
            painter.setPen(Qt.PenStyle.NoPen)
            for count, share in ((one.available, 0.2), (one.taken, 0.75)):
                painter.setBrush(colours.tint("student", share))
                bar = QRectF(names, top + (grown(ROW) - BAR) / 2, max(1.0, space * count / largest), BAR)
                if count:
                    painter.drawRoundedRect(bar, 2, 2)
            if one.asked is not None:
                painter.setPen(QPen(colours("text"), 2))
                x = names + space * one.asked / largest
                painter.drawLine(int(x), int(top + 5), int(x), int(top + grown(ROW) - 5))
            painter.setPen(colours("muted"))
            end = QRectF(self.width() - counts, top, counts, grown(ROW))
            painter.drawText(end, middle | Qt.AlignmentFlag.AlignRight, text)
        if self._more:
            painter.drawText(
                QRectF(0, len(self._rows) * grown(ROW), self.width(), grown(ROW)), middle, self._more
            )
        painter.end()


def _figures(one: GroupMix) -> str:
    asked = "" if one.asked is None else f", {one.asked:,} asked for"
    return f"{one.taken:,} of {one.available:,} taken{asked}"
