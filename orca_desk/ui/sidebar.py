"""The sidebar: a button for each page, on the left of the window."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout, QWidget

from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon, icon_size, room_for_icon
from orca_desk.ui.libraries import LibraryActions
from orca_desk.ui.register import PAGES
from orca_desk.ui.switcher import LibrarySwitcher
from orca_desk.ui.theme import GRID, SCROLL_BAR, Role
from orca_desk.ui.widgets.layouts import scrolled

WIDTH = 22 * GRID  # px, with titles; larger text takes more
LINE = 1  # px, at its right
CLOSER = 8  # px, by which a button is lower where all of them have too little room; see style.qss
FOLDED = "window/sidebar-folded"  # the user's choice of icons alone, also in a wide window


class Sidebar(QFrame):
    """One exclusive button with an icon per page; the arrow keys move between them.

    In a narrow window, or when the user has folded it, it shows icons alone. In a low one the buttons stand
    closer, and in a very low one it scrolls.
    """

    def __init__(
        self,
        desk: Desk,
        libraries: LibraryActions,
        *,
        show: Callable[[str], Any],
        enter: Callable[[str], Any],
    ) -> None:
        """`show` shows a page and leaves the focus here; `enter` also moves the focus to it."""
        super().__init__()
        self.desk = desk
        self.setProperty("kind", "sidebar")
        buttons = QWidget()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self._inside, self._area = buttons, scrolled(buttons)
        whole.addWidget(self._area)
        layout = QVBoxLayout(buttons)
        layout.setContentsMargins(GRID, 2 * GRID, GRID, GRID)
        layout.setSpacing(2)
        self.switcher = LibrarySwitcher(desk, libraries)
        layout.addWidget(self.switcher)
        layout.addSpacing(GRID)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        self._icons: dict[str, str] = {}
        for entry in PAGES:
            if entry is None:
                layout.addStretch(1)
                continue
            name, _, title, image = entry
            made = _PageButton()
            made.setText(title)
            made.setObjectName(f"nav-{name}")
            made.setAccessibleName(title)
            made.setCheckable(True)
            room_for_icon(made)
            made.setSizePolicy(made.sizePolicy().Policy.Expanding, made.sizePolicy().Policy.Fixed)
            made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            made.clicked.connect(lambda checked=False, name=name: show(name))
            made.released_by_mouse.connect(lambda name=name: enter(name))
            self._group.addButton(made)
            self._buttons[name], self._icons[name] = made, image
            layout.addWidget(made)
        self._is_narrow = self._has_icons_alone = self._is_close = False
        self.fold = QAction("Fold side&bar", self)
        self.fold.setCheckable(True)
        self.fold.setChecked(desk.preferences.value(FOLDED) == "yes")
        self.fold.setShortcut(QKeySequence("Ctrl+B"))
        self.fold.triggered.connect(self._keep_folded)
        desk.theme.changed.connect(self._paint)
        desk.theme.changed.connect(self._fit)
        self._show_titles()
        self._paint()

    def set_narrow(self, is_narrow: bool) -> None:
        """Show icons alone in a narrow window, whatever the user has chosen for a wide one."""
        self._is_narrow = is_narrow
        self.fold.setEnabled(not is_narrow)
        self._show_titles()

    def _keep_folded(self, is_folded: bool) -> None:
        self.desk.preferences.setValue(FOLDED, "yes" if is_folded else "no")
        self._show_titles()

    def _show_titles(self) -> None:
        """Show icons alone, with the titles in tool tips, or icons with titles."""
        self._has_icons_alone = is_narrow = self._is_narrow or self.fold.isChecked()
        for made in self._buttons.values():
            made.setIconSize(icon_size(before_text=not is_narrow))
            made.setToolButtonStyle(
                Qt.ToolButtonStyle.ToolButtonIconOnly
                if is_narrow
                else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            )
            made.setToolTip(made.text() if is_narrow else "")
        self.switcher.set_narrow(is_narrow)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Make room for the scroll bar, which a low window needs."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Put the buttons closer if they need it; take their width, and that of a scroll bar if needed."""
        whole = self._inside.minimumSizeHint().height() + (self._saved_height() if self._is_close else 0)
        self._put_closer(whole > self._area.height())
        buttons = self._inside.minimumSizeHint()
        bar = SCROLL_BAR if buttons.height() > self._area.height() else 0
        self.setFixedWidth(max(buttons.width(), 0 if self._has_icons_alone else WIDTH) + bar + LINE)

    def _saved_height(self) -> int:
        """Return by how many px the sidebar is lower with its buttons closer."""
        return CLOSER * len(self._buttons)

    def _put_closer(self, is_close: bool) -> None:
        if is_close == self._is_close:
            return
        self._is_close = is_close
        for made in self._buttons.values():
            made.setProperty("kind", "close" if is_close else "")
            made.style().unpolish(made)
            made.style().polish(made)

    def check(self, name: str) -> None:
        """Mark the current page."""
        self._buttons[name].setChecked(True)
        self._area.ensureWidgetVisible(self._buttons[name], 0, GRID)
        self._paint()

    def _paint(self) -> None:
        for name, made in self._buttons.items():
            role: Role = "accent" if made.isChecked() else "muted"
            made.setIcon(icon(self._icons[name], self.desk.theme.colours, role))


class _PageButton(QToolButton):
    """Tells the mouse from the arrow keys: Qt clicks each button that the arrow keys reach."""

    released_by_mouse = Signal()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.released_by_mouse.emit()
