"""What every plot offers on a right click: its picture and its values, copied or saved.

A picture is what the screen shows, in the theme in use, on a card with a margin: PNG at twice the size, or
SVG with text as text.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QEvent, QIODevice, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from orca_desk.counting import counted
from orca_desk.errors import UserError, cannot_write
from orca_desk.files import atomic_write
from orca_desk.formats.csv_file import inert, write_csv
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, icon_size
from orca_desk.ui.theme import GRID, current_colours
from orca_desk.ui.widgets.copy_rows import as_lines
from orca_desk.ui.widgets.notice import Notice
from orca_desk.ui.widgets.save_file import ask_for_file, saved

PlotTable = tuple[Sequence[str], Sequence[Sequence[Any]]]
PICTURES = "Pictures (*.png *.svg)"
TABLES = "CSV (*.csv)"
PNG_RATIO = 2  # device pixels per pixel
DPI = 96  # of an SVG: fonts are given in points
ICON = 16  # px, as SIZE


class PlotMenu(QObject):
    """The menu of one plot: right click, or the button that `make_button` returns, which keys reach too.

    `name` is the beginning of the files' names; `table` returns the plotted values as headers and rows, and
    is asked when the user wants them. Without it, the menu offers the picture alone. Without a `notice`, the
    status bar shows what was saved.
    """

    def __init__(
        self,
        desk: Desk,
        plot: QWidget,
        notice: Notice | None,
        *,
        name: str,
        table: Callable[[], PlotTable] | None = None,
        write: Callable[[Path], None] | None = None,
    ) -> None:
        """`write` writes the picture of a plot that has a form for paper; by default it is the screen's."""
        super().__init__(plot)
        self._write = write or (lambda path: save_picture(plot, path))
        self._desk, self._plot, self._notice = desk, plot, notice
        self.name, self._table = name, table
        self.button: QToolButton | None = None
        for widget in (plot, *plot.findChildren(QWidget)):
            widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            widget.customContextMenuRequested.connect(partial(self._show_at, widget))

    def make_button(self) -> QToolButton:
        """Return a button that opens the menu, for a place beside the plot; it is there while the plot is."""
        self.button = made = QToolButton()
        made.setIconSize(icon_size(ICON))
        made.setAccessibleName(f"Save: {self._plot.accessibleName() or self.name}")
        made.setToolTip(f"Copy or save the picture{', or its values' if self._table else ''}")
        made.clicked.connect(lambda: self.show_below(made))
        if self._plot.isHidden():  # not `setHidden(False)`: without a parent it would open as a window
            made.hide()
        self._plot.installEventFilter(self)
        self._desk.theme.changed.connect(self._paint)
        self._paint()
        return made

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Show and hide the button with the plot."""
        shown = event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent)
        if shown and watched is self._plot and self.button is not None:
            self.button.setHidden(self._plot.isHidden())
        return super().eventFilter(watched, event)

    def show_below(self, button: QToolButton) -> None:
        """Show the menu below a button."""
        self._menu().popup(button.mapToGlobal(QPoint(0, button.height())))

    def copy_picture(self) -> None:
        """Put the picture on the clipboard."""
        QGuiApplication.clipboard().setImage(picture_of(self._plot))
        self._desk.say("Picture copied.", "good")

    def save_picture(self) -> None:
        """Ask for a file, and save the picture there as PNG or SVG."""
        ask_for_file(
            self._plot.window(),
            self._desk,
            title="Save picture",
            name=f"{self.name}.png",
            kinds=PICTURES,
            then=self.write_picture,
        )

    def copy_values(self) -> None:
        """Put the values on the clipboard, separated by tabs, as spreadsheets paste them."""
        if self._table is not None:
            headers, rows = self._table()
            cells = [["" if cell is None else str(inert(cell)) for cell in row] for row in (headers, *rows)]
            QGuiApplication.clipboard().setText(as_lines(cells))
            self._desk.say(f"{counted(len(rows), 'row')} copied.", "good")

    def save_values(self) -> None:
        """Ask for a file, and save the values there as CSV."""
        if self._table is not None:
            ask_for_file(
                self._plot.window(),
                self._desk,
                title="Save values as CSV",
                name=f"{self.name}.csv",
                kinds=TABLES,
                then=partial(self._write_values, self._table()),
            )

    def write_picture(self, path: Path) -> None:
        """Write the picture to a file, and say so or why not in the notice."""
        try:
            self._write(path)
        except UserError as error:
            self._show_error(error)
        else:
            self._tell(path, "Picture saved to")

    def _write_values(self, table: PlotTable, path: Path) -> None:
        self._desk.background.run(
            self,
            lambda: write_csv(path, *table),
            lambda count: self._tell(path, f"{counted(count, 'row')} saved to"),
            failed=self._show_error,
        )

    def _tell(self, path: Path, what: str) -> None:
        if self._notice is not None:
            saved(self._notice, path, what)
        else:
            self._desk.say(f"{what} {path}", "good")

    def _show_error(self, error: Exception) -> None:
        (self._desk.report if self._notice is None else self._notice.show_error)(error)

    def _show_at(self, widget: QWidget, place: QPoint) -> None:
        self._menu().popup(widget.mapToGlobal(place))

    def _paint(self) -> None:
        if self.button is not None:
            self.button.setIcon(icon("image-down", self._desk.theme.colours))

    def _menu(self) -> QMenu:
        menu = QMenu(self._plot)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("&Copy picture", self.copy_picture)
        menu.addAction("&Save picture…", self.save_picture)
        if self._table is not None:
            menu.addSeparator()
            menu.addAction("Copy &values", self.copy_values)
            menu.addAction("Save values &as CSV…", self.save_values)
        return menu


def picture_of(plot: QWidget) -> QImage:
    """Return what a plot shows, at twice its size."""
    image = QImage(_frame(plot).size() * PNG_RATIO, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(PNG_RATIO)
    painter = QPainter(image)
    _draw(plot, painter)
    painter.end()
    return image


def save_picture(plot: QWidget, path: Path) -> None:
    """Write what a plot shows as PNG or SVG, by the suffix.

    Raises UserError for another suffix, and if the file cannot be written; an existing one then stays.
    """
    suffix = path.suffix.lower()
    if suffix not in (".png", ".svg"):
        raise UserError(f"{path.name} is neither .png nor .svg.", "Give the file one of these endings.")
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if suffix == ".png":
        picture_of(plot).save(buffer, "PNG")  # type: ignore[call-overload]
    else:
        _draw_svg(plot, buffer)
    try:
        atomic_write(path, bytes(buffer.data().data()))
    except OSError as error:
        raise cannot_write(path, error) from error


def _draw_svg(plot: QWidget, buffer: QBuffer) -> None:
    drawing = QSvgGenerator()
    drawing.setOutputDevice(buffer)
    drawing.setSize(_frame(plot).size())
    drawing.setViewBox(_frame(plot))
    drawing.setResolution(DPI)
    drawing.setTitle(plot.accessibleName())
    drawing.setDescription(plot.accessibleDescription())
    painter = QPainter(drawing)
    _draw(plot, painter)
    painter.end()


def _frame(plot: QWidget) -> QRect:
    """Return the picture's rectangle: the plot with a margin."""
    return QRect(0, 0, plot.width() + 2 * GRID, plot.height() + 2 * GRID)


def _draw(plot: QWidget, painter: QPainter) -> None:
    painter.fillRect(_frame(plot), current_colours()("surface"))
    plot.render(painter, QPoint(GRID, GRID), QRegion(), QWidget.RenderFlag.DrawChildren)
