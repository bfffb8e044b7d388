"""Shares of correct answers by family: one point with its interval per model.

Qt alone paints it: the Home page shows it too, and importing a plotting library there would stall the window.
The screen, PNG and SVG get the same drawing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import cos, radians, sin
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFontMetricsF,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QToolTip, QWidget

from orca_desk.errors import UserError, cannot_write
from orca_desk.files import atomic_write
from orca_desk.method.statistics import Share
from orca_desk.ui.theme import GRID, Colours, Role, Theme, font
from orca_desk.ui.widgets.symbols import RADIUS, draw_symbol
from orca_desk.ui.widgets.text import safe_tip

OVERALL = "overall"
ROLES: dict[str, Role] = {"base": "base", "tuned": "student", "student": "student", "teacher": "teacher"}
OTHER_ROLES: tuple[Role, ...] = ("accent", "text", "muted")
SYMBOLS: dict[Role, str] = {"base": "circle", "student": "square", "teacher": "triangle"}
OTHER_SYMBOLS = ("diamond", "down", "cross", "plus")
SLANT = 35  # degrees, of family names that are too wide for their slot
LONGEST_LABEL = 18 * GRID  # px; longer family names are shortened
EXPORT = QSize(960, 440)
EXPORT_RATIO = 2  # device pixels per pixel of a PNG
DPI = 96  # of an exported SVG; fonts are given in points


@dataclass(frozen=True, kw_only=True)
class PlottedModel:
    """One model in the chart."""

    name: str
    role: Role
    symbol: str
    shares: Mapping[str, Share]
    note: str = ""  # in the legend, beside the number of tasks


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """The geometry of a drawing: the plot's rectangle, the centre of each family, the width of a slot."""

    plot: QRectF
    middles: Mapping[str, float]
    slot: float
    slanted: bool

    def y(self, share: float) -> float:
        return self.plot.bottom() - share * self.plot.height()


class FamilyChart(QWidget):
    """Plots the share of each family with its 95% interval, models side by side, "overall" set apart."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._series: tuple[PlottedModel, ...] = ()
        self._families: tuple[str, ...] = ()
        self.setMinimumSize(40 * GRID, 28 * GRID)
        self.setMouseTracking(True)
        self.setAccessibleName("Correct answers by family")
        theme.changed.connect(self.update)

    @property
    def series(self) -> tuple[PlottedModel, ...]:
        """The plotted models, in the order of the legend."""
        return self._series

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return a size that keeps ten families legible."""
        return QSize(90 * GRID, 40 * GRID)

    def show_shares(
        self,
        rows: Mapping[str, Mapping[str, Share]],
        *,
        roles: Mapping[str, Role] | None = None,
        notes: Mapping[str, str] | None = None,
    ) -> None:
        """Plot `rows[model][family]`, with "overall" last.

        Models named base, tuned (or student) and teacher have their own colours; `roles` gives the roles of
        others, `notes` what the legend says beside a model's number of tasks. Shares without tasks (n = 0)
        are left out.
        """
        known = notes or {}
        self._series = tuple(replace(one, note=known.get(one.name, "")) for one in _series(rows, roles or {}))
        names = dict.fromkeys(name for one in self._series for name in one.shares)
        families = sorted(name for name in names if name != OVERALL)
        self._families = (*families, *([OVERALL] if OVERALL in names else []))
        self.setAccessibleDescription("\n".join(self._sentence(one) for one in self._series))
        self.update()

    def export(self, path: Path) -> None:
        """Write the chart as PNG or SVG, by the suffix, in the light theme, which suits paper.

        Any thread may call it: it only reads what `show_shares` stored. Raises UserError for another suffix,
        and if the file cannot be written.
        """
        suffix = path.suffix.lower()
        if suffix not in (".png", ".svg"):
            raise UserError(f"{path.name} is neither .png nor .svg.", "Give the file one of these endings.")
        data = self._png() if suffix == ".png" else self._svg()
        try:
            atomic_write(path, data)
        except OSError as error:
            raise cannot_write(path, error) from error

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the chart."""
        painter = QPainter(self)
        self._draw(painter, QRectF(self.rect()), self._theme.colours)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Show the figures of the family under the mouse."""
        text = self.numbers_at(event.position())
        if text:
            QToolTip.showText(event.globalPosition().toPoint(), safe_tip(text), self)
        else:
            QToolTip.hideText()

    def numbers_at(self, place: QPointF) -> str:
        """Return the figures of the family at a position, or "" outside the plot."""
        if not self._families:
            return ""
        frame = self._frame(QRectF(self.rect()), QFontMetricsF(font("caption"), self))
        if not frame.plot.adjusted(0, 0, 0, 4 * GRID).contains(place):
            return ""
        family = min(self._families, key=lambda name: abs(frame.middles[name] - place.x()))
        lines = [
            f"{one.name}: {_numbers(one.shares[family])}" for one in self._series if family in one.shares
        ]
        return "\n".join([family, *lines])

    def _sentence(self, one: PlottedModel) -> str:
        parts = [f"{name} {_numbers(one.shares[name])}" for name in self._families if name in one.shares]
        return f"{one.name}: {'; '.join(parts)}."

    def _draw(self, painter: QPainter, area: QRectF, colours: Colours) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font("caption"))
        if not self._families:
            painter.setPen(colours("muted"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "No results yet.")
            return
        metrics = QFontMetricsF(painter.font(), painter.device())
        frame = self._frame(area, metrics)
        self._draw_ground(painter, frame, colours, metrics)
        self._draw_families(painter, frame, colours, metrics)
        self._draw_legend(painter, area, colours, metrics)
        step = min(2.8 * RADIUS, 0.8 * frame.slot / max(1, len(self._series)))
        for place, one in enumerate(self._series):
            shift = (place - (len(self._series) - 1) / 2) * step
            for family, share in one.shares.items():
                _draw_point(painter, frame, frame.middles[family] + shift, share, one, colours)

    def _frame(self, area: QRectF, metrics: QFontMetricsF) -> _Frame:
        left = metrics.horizontalAdvance("100%") + 1.5 * GRID
        legend = self._legend_rows(area.width(), metrics) * (metrics.height() + GRID / 2) + 1.5 * GRID
        width = area.width() - left - GRID
        gap = 0.35 if OVERALL in self._families and len(self._families) > 1 else 0.0
        slot = width / (len(self._families) + gap)
        longest = min(LONGEST_LABEL, max(metrics.horizontalAdvance(name) for name in self._families) + 2)
        slanted = longest > slot - GRID
        below = metrics.height() + GRID + (longest * sin(radians(SLANT)) if slanted else 0.0)
        plot = QRectF(left, legend, width, max(40.0, area.height() - legend - below))
        middles = {
            name: left + slot * (place + 0.5 + (gap if name == OVERALL else 0.0))
            for place, name in enumerate(self._families)
        }
        return _Frame(plot=plot, middles=middles, slot=slot, slanted=slanted)

    def _draw_ground(
        self, painter: QPainter, frame: _Frame, colours: Colours, metrics: QFontMetricsF
    ) -> None:
        plot = frame.plot
        if OVERALL in self._families and len(self._families) > 1:
            middle = frame.middles[OVERALL]
            band = QRectF(middle - frame.slot / 2, plot.top(), frame.slot, plot.height())
            painter.fillRect(band, colours.tint("text", 0.05))
        for percent in range(0, 101, 20):
            y = frame.y(percent / 100)
            painter.setPen(QPen(colours.tint("border", 1.0 if percent == 0 else 0.6), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(colours("muted"))
            box = QRectF(0, y - metrics.height() / 2, plot.left() - GRID, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{percent}%")

    def _draw_families(
        self, painter: QPainter, frame: _Frame, colours: Colours, metrics: QFontMetricsF
    ) -> None:
        for name in self._families:
            room = frame.slot - 4
            if frame.slanted:  # the first ones would cross the left edge
                room = min(LONGEST_LABEL, frame.middles[name] / cos(radians(SLANT)) - GRID)
            painter.setPen(colours("text"))
            painter.setFont(font("caption", bold=name == OVERALL))
            shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)
            painter.save()
            painter.translate(frame.middles[name], frame.plot.bottom() + GRID / 2)
            if frame.slanted:
                painter.rotate(-SLANT)
                box = QRectF(-LONGEST_LABEL - 2, 0, LONGEST_LABEL + 2, metrics.height())
                painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, shown)
            else:
                box = QRectF(-frame.slot / 2, 0, frame.slot, metrics.height())
                painter.drawText(box, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, shown)
            painter.restore()
        painter.setFont(font("caption"))

    def _draw_legend(self, painter: QPainter, area: QRectF, colours: Colours, metrics: QFontMetricsF) -> None:
        for one, (x, row) in zip(self._series, self._legend_places(area.width(), metrics), strict=True):
            top = row * (metrics.height() + GRID / 2)
            middle = QPointF(x + RADIUS, top + metrics.height() / 2)
            draw_symbol(painter, middle, one.symbol, one.role, colours)
            painter.setPen(colours("text"))
            box = QRectF(x + 2 * RADIUS + 5, top, area.width(), metrics.height())
            name = legend_text(one, metrics)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def _legend_rows(self, width: float, metrics: QFontMetricsF) -> int:
        return 1 + max((row for _, row in self._legend_places(width, metrics)), default=0)

    def _legend_places(self, width: float, metrics: QFontMetricsF) -> list[tuple[float, int]]:
        """Return the left edge and the row of each entry, wrapped into as many rows as needed."""
        places: list[tuple[float, int]] = []
        start = metrics.horizontalAdvance("100%") + 1.5 * GRID
        x, row = start, 0
        for one in self._series:
            wide = 2 * RADIUS + 5 + metrics.horizontalAdvance(legend_text(one, metrics)) + 2.5 * GRID
            if x > start and x + wide > width:
                x, row = start, row + 1
            places.append((x, row))
            x += wide
        return places

    def _png(self) -> bytes:
        image = QImage(EXPORT * EXPORT_RATIO, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(EXPORT_RATIO)
        paper = Colours("light")
        image.fill(paper("surface"))
        painter = QPainter(image)
        painter.translate(GRID, GRID)
        self._draw(painter, _inner(), paper)
        painter.end()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stub says bytes, the code takes text only
        return bytes(buffer.data().data())

    def _svg(self) -> bytes:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(EXPORT)
        generator.setViewBox(QRectF(0, 0, EXPORT.width(), EXPORT.height()))
        generator.setResolution(DPI)
        generator.setTitle(self.accessibleName())
        generator.setDescription(self.accessibleDescription())
        painter = QPainter(generator)
        paper = Colours("light")
        painter.fillRect(QRectF(0, 0, EXPORT.width(), EXPORT.height()), paper("surface"))
        painter.translate(GRID, GRID)
        self._draw(painter, _inner(), paper)
        painter.end()
        return bytes(buffer.data().data())


def _inner() -> QRectF:
    return QRectF(0, 0, EXPORT.width() - 2 * GRID, EXPORT.height() - 2 * GRID)


def _series(rows: Mapping[str, Mapping[str, Share]], roles: Mapping[str, Role]) -> tuple[PlottedModel, ...]:
    """Give each model a colour and a unique symbol."""
    others, spare = iter(OTHER_ROLES * len(rows)), list(OTHER_SYMBOLS)
    taken: set[str] = set()
    made = []
    for name, shares in rows.items():
        role = roles[name] if name in roles else ROLES[name] if name in ROLES else next(others)
        symbol = SYMBOLS.get(role, "")
        if not symbol or symbol in taken:
            symbol = spare.pop(0) if spare else OTHER_SYMBOLS[-1]
        taken.add(symbol)
        measured = {family: share for family, share in shares.items() if share.n}
        made.append(PlottedModel(name=name, role=role, symbol=symbol, shares=measured))
    return tuple(made)


def legend_text(one: PlottedModel, metrics: QFontMetricsF) -> str:
    """Return the legend of a model: its name, shortened to fit, its number of tasks, and its note."""
    shown = metrics.elidedText(one.name, Qt.TextElideMode.ElideMiddle, 2 * LONGEST_LABEL)
    n = one.shares[OVERALL].n if OVERALL in one.shares else sum(share.n for share in one.shares.values())
    note = f", {one.note}" if one.note else ""
    return f"{shown} (n = {n:,} in all{note})"


def _numbers(share: Share) -> str:
    return f"{share.share:.1%} ({share.low:.1%} to {share.high:.1%}), {share.correct:,} of {share.n:,}"


def _draw_point(
    painter: QPainter, frame: _Frame, x: float, share: Share, one: PlottedModel, colours: Colours
) -> None:
    low, high = frame.y(share.low), frame.y(share.high)
    line = colours.tint(one.role, 0.75)
    painter.setPen(QPen(line, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    painter.drawLine(QPointF(x, low), QPointF(x, high))
    for y in (low, high):
        painter.drawLine(QPointF(x - 3, y), QPointF(x + 3, y))
    draw_symbol(painter, QPointF(x, frame.y(share.share)), one.symbol, one.role, colours)
