"""The button beside the filters that keeps them under names: apply one, save the present one, delete one."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QInputDialog, QLineEdit, QMenu, QToolButton

from orca_desk.library.saved_filters import delete_filter, save_filter, saved_filters
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon

LONGEST = 60  # characters of a name


class SavedFilters(QToolButton):
    """A menu of the saved filters of one page. `chosen` carries the fields of the one to apply."""

    chosen = Signal(dict)

    def __init__(self, desk: Desk, page: str, present: Callable[[], dict[str, Any]]) -> None:
        """`present` returns the fields of the filter that is set; empty while none is."""
        super().__init__()
        self._desk, self._page, self._present = desk, page, present
        self._filters: dict[str, dict[str, Any]] = {}
        self.setText("Saved")
        self.setToolTip("Saved filters of this library")
        self.setAccessibleName("Saved filters")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.aboutToShow.connect(self.fill)
        self.setMenu(menu)
        desk.theme.changed.connect(self._paint)
        self._paint()
        self.read()

    def read(self) -> None:
        """Read what is saved."""
        library, page = self._desk.library, self._page
        self._desk.background.run(
            self, lambda: saved_filters(library, page), self._take, only_newest="saved filters"
        )

    def fill(self) -> None:
        """Put the saved filters into the menu."""
        menu = self.menu()
        menu.clear()
        for name, fields in self._filters.items():
            menu.addAction(_plain(name)).triggered.connect(partial(self._choose, fields))
        if self._filters:
            menu.addSeparator()
        else:
            menu.addAction("No saved filters yet").setEnabled(False)
        save = menu.addAction("Save this filter…")
        save.setEnabled(bool(self._present()))
        save.triggered.connect(self._ask_name)
        if self._filters:
            gone = menu.addMenu("Delete")
            for name in self._filters:
                gone.addAction(_plain(name)).triggered.connect(partial(self._delete, name))

    def save(self, name: str) -> None:
        """Save the filter that is set under `name`."""
        name, fields, library, page = name.strip()[:LONGEST], self._present(), self._desk.library, self._page
        if name and fields:
            self._desk.background.run(
                self,
                lambda: save_filter(library, page, name, fields),
                lambda _: self._tell(f"Saved the filter “{name}”."),
                failed=self._desk.report,
            )

    def _ask_name(self) -> None:
        name, given = QInputDialog.getText(
            self, "Save this filter", "Name", QLineEdit.EchoMode.Normal, self._present().get("text") or ""
        )
        if given:
            self.save(name)

    def _delete(self, name: str) -> None:
        library, page = self._desk.library, self._page
        self._desk.background.run(
            self,
            lambda: delete_filter(library, page, name),
            lambda _: self._tell(f"Deleted the saved filter “{name}”."),
            failed=self._desk.report,
        )

    def _tell(self, text: str) -> None:
        self._desk.say(text)
        self.read()

    def _take(self, found: dict[str, dict[str, Any]]) -> None:
        self._filters = found

    def _choose(self, fields: dict[str, Any]) -> None:
        self.chosen.emit(fields)

    def _paint(self) -> None:
        self.setIcon(icon("funnel", self._desk.theme.colours, "muted"))


def _plain(name: str) -> str:
    return name.replace("&", "&&")
