"""The button beside the filters that keeps them under names: apply one, save the present one, delete one."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QToolButton

from orca_desk.library.saved_filters import Stored, delete_filter, restore_filters, save_filter, saved_filters
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.widgets.asking import AskingDialog, LineDialog, refuse_in


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
        desk.changed.connect(lambda parts: self.read() if "settings" in parts else None)
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

    def save(self, fields: dict[str, Any], name: str, asking: AskingDialog | None = None) -> None:
        """Save a filter under `name`, for which a dialog may have asked."""
        library, page = self._desk.library, self._page
        self._do(
            f"save the filter {name}",
            lambda: save_filter(library, page, name, fields),
            f"Saved the filter “{name}”. Press Ctrl+Z to undo.",
            asking,
        )

    def _ask_name(self) -> None:
        fields = self._present()  # what is set may be another filter once the name is there
        name, save = fields.get("text") or "", partial(self.save, fields)
        LineDialog(self, "Name of the filter", name, save, action="Save", is_new=True).open()

    def _delete(self, name: str) -> None:
        library, page = self._desk.library, self._page
        self._do(
            f"delete the saved filter {name}",
            lambda: delete_filter(library, page, name),
            f"Deleted the saved filter “{name}”. Press Ctrl+Z to undo.",
        )

    def _do(
        self, change: str, work: Callable[[], Stored], said: str, asking: AskingDialog | None = None
    ) -> None:
        library, page = self._desk.library, self._page

        def done(_: Stored) -> None:
            self._desk.say(said)
            if asking is not None:
                asking.close_saved()

        self._desk.do(
            change,
            work,
            lambda before: restore_filters(library, page, before),
            "settings",
            then=done,
            failed=None if asking is None else refuse_in(asking, self._desk.report),
            shows=lambda _: (page, {}),
        )

    def _take(self, found: dict[str, dict[str, Any]]) -> None:
        self._filters = found

    def _choose(self, fields: dict[str, Any]) -> None:
        self.chosen.emit(fields)

    def _paint(self) -> None:
        self.setIcon(icon("funnel", self._desk.theme.colours, "muted"))


def _plain(name: str) -> str:
    return name.replace("&", "&&")
