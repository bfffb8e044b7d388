"""The switcher at the top of the sidebar: which library this window shows, and the way to another one."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import BEFORE_TEXT, SIZE, icon, icon_size, pixmap, room_for_icon
from orca_desk.ui.libraries import LibraryActions
from orca_desk.ui.theme import GRID, grown

ARROW = 14  # px


class LibrarySwitcher(QToolButton):
    """Shows the library's name, or an icon alone, and opens a menu of the recent ones."""

    def __init__(self, desk: Desk, libraries: LibraryActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._libraries = desk, libraries
        self.setObjectName("switcher")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(self.sizePolicy().Policy.Expanding, self.sizePolicy().Policy.Fixed)
        room_for_icon(self)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self.fill)
        self.setMenu(self._menu)
        self.fill()
        desk.name.changed.connect(self._show_name)
        desk.theme.changed.connect(self._paint)
        self.set_narrow(False)
        self._paint()

    def set_narrow(self, is_narrow: bool) -> None:
        """Show the icon alone, or with the name."""
        self.setIconSize(icon_size(before_text=not is_narrow))
        self.setToolButtonStyle(
            Qt.ToolButtonStyle.ToolButtonIconOnly
            if is_narrow
            else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        )
        self._show_name()

    def fill(self) -> None:
        """Fill the menu: the library of this window, the recent ones, and what can be done with libraries."""
        menu, libraries = self._menu, self._libraries
        menu.clear()
        here = menu.addAction(self._desk.name.text.replace("&", "&&"))
        here.setCheckable(True)
        here.setChecked(True)
        here.setToolTip(f"This window: {self._desk.library.folder}")
        libraries.add_recent(menu)
        menu.addSeparator()
        menu.addAction("New library…", libraries.new)
        menu.addAction("Open library…", libraries.open)
        menu.addAction("Open bundle…", libraries.open_bundle)
        menu.addSeparator()
        menu.addAction("Rename library…", libraries.rename)
        menu.addAction("Move library…", libraries.move)
        menu.addAction("Show library in folder", libraries.reveal)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the arrow of a menu beside the name."""
        super().paintEvent(event)
        if self.toolButtonStyle() != Qt.ToolButtonStyle.ToolButtonIconOnly:
            image = pixmap("chevron-down", self._desk.theme.colours, "muted", ARROW)
            painter = QPainter(self)
            painter.drawPixmap(self.width() - ARROW - GRID, (self.height() - ARROW) // 2, image)
            painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Cut a name to the room that there is."""
        super().resizeEvent(event)
        self._show_name()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Return no more than the pages' buttons need: a long name is cut."""
        return QSize(grown(SIZE) + 2 * GRID, super().minimumSizeHint().height())

    def _show_name(self) -> None:
        name = self._desk.name.text
        room = self.width() - grown(SIZE) - BEFORE_TEXT - ARROW - 5 * GRID
        shown = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, max(room, 6 * GRID))
        self.setText(shown.replace("&", "&&"))
        self.setAccessibleName(f"Library: {name}")
        self.setToolTip(f"{name}: {self._desk.library.folder}".replace("<", "‹"))

    def _paint(self) -> None:
        self.setIcon(icon("library", self._desk.theme.colours))
