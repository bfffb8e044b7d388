"""The Models page: every model on this machine, its use, and a way to add more."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QItemSelection, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from orca_desk.counting import counted
from orca_desk.errors import UserError
from orca_desk.inventory.catalogue import add_path, remove_path, restore_path
from orca_desk.inventory.usage import InventoryItem, take_inventory
from orca_desk.library.database import Library
from orca_desk.models.model_file import ModelFile, NotAModel
from orca_desk.steps.export.offer import exportable_trainings
from orca_desk.ui.desk import Desk
from orca_desk.ui.icons import icon
from orca_desk.ui.page import SEARCH, Command, Page
from orca_desk.ui.pages.models.deleting import ask_to_delete
from orca_desk.ui.pages.models.detail import ModelDetail
from orca_desk.ui.pages.models.serve_strip import ServeStrip
from orca_desk.ui.pages.models.table import ModelFilter, ModelTable, UnusableTable
from orca_desk.ui.theme import GRID, grown
from orca_desk.ui.widgets.drop_sign import DropSign
from orca_desk.ui.widgets.layouts import scrolled
from orca_desk.ui.widgets.local_files import local_files
from orca_desk.ui.widgets.noting import Noting
from orca_desk.ui.widgets.page_area import WIDE_PANES
from orca_desk.ui.widgets.row_table import ROW, row_menu, row_table
from orca_desk.ui.widgets.search_line import SearchLine
from orca_desk.ui.widgets.text import button, label

WIDTHS = (160, 150, 98, 72, 100, 72, 76, 84, 126, 100, 160)
LEAST_ROWS = 5  # of the models in sight, with the heading
BAD_ROWS = 2  # of the unusable files in sight, at most
LOOKING = "Looking for models…"
# px that the table needs to show the parameters, the context, the template, the origin and the note
NEEDS = {2: 820, 5: 900, 6: 1110, 9: 1210, 10: 1360}


class ModelsPage(Page):
    """The models in a table with details of one below, and a second table of unusable files."""

    name = "models"
    title = "Models"
    widest = WIDE_PANES
    about = (
        "Models on this machine: bundled, in the folders of other tools, and added by you. Nothing is copied."
    )
    watches = frozenset({"models", "trainings", "evaluations", "chats"})
    offers = (
        Command("Add a &file…", lambda page: page.ask_for_file(), key="Ctrl+Shift+O", image="file-input"),
        Command("Add a fol&der…", lambda page: page.ask_for_folder(), image="folder-plus"),
        Command("&Use as teacher", lambda page: page.act("teach"), image="graduation-cap", on_selection=True),
        Command(
            "&Chat with the model", lambda page: page.act("chat"), image="message-circle", on_selection=True
        ),
        Command(
            "E&xport a tuned student…",
            lambda page: page.act("export"),
            key="Ctrl+Shift+E",
            image="file-output",
            on_selection=True,
        ),
        Command(
            "&Open folder", lambda page: page.detail.open_folder(), image="folder-open", on_selection=True
        ),
        Command(
            "&Remove from list", lambda page: page.act("remove"), key="Del", image="x", on_selection=True
        ),
        Command(
            "De&lete the files…",
            lambda page: page.act("delete"),
            key="Shift+Del",
            image="trash-2",
            on_selection=True,
        ),
        Command(
            "Chat &template…", lambda page: page.detail.edit_template(), image="file-text", on_selection=True
        ),
        Command("&Note…", lambda page: page.noting.note(), image="pencil", on_selection=True),
        Command("&Serve to other programs", lambda page: page.serve_strip.toggle(), image="server"),
        Command("R&efresh", lambda page: page.desk.models.read(), key="F5", image="refresh-cw"),
        SEARCH,
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._wanted: Path | None = None  # the model to select once it is listed
        self._refused: dict[Path, NotAModel] = {}  # files added in this session that are not models
        self.setAcceptDrops(True)
        self.drop_sign = DropSign(desk.theme, self, "Drop models here to add them; nothing is copied")
        self.serve_strip = ServeStrip(desk)
        self.body.addWidget(self.serve_strip)
        self._make_header()
        self._make_tables()
        desk.models.changed.connect(self._take_inventory)
        desk.theme.changed.connect(self._paint)
        self._paint()

    def refresh(self, changes: frozenset[str]) -> None:
        """Read the models the first time; afterwards the list of models announces its changes."""
        if self.desk.models.is_read:
            self._take_inventory()
        else:
            self.desk.models.read()

    def go(self, target: Mapping[str, Any]) -> None:
        """Add a model, {"add": path}; show one, {"model": path}, or the server switch, {"serving": True}."""
        if "add" in target:
            self.add([Path(target["add"])])
        if "serving" in target:
            self.serve_strip.switch.setFocus(Qt.FocusReason.OtherFocusReason)
        if "model" in target:
            self._wanted = Path(target["model"])
            self._select_wanted()

    def add(self, paths: Sequence[Path]) -> None:
        """Add those files and folders that contain models."""
        library = self.desk.library
        self.desk.background.run(self, lambda: _add_all(library, paths), self._added)

    def _make_header(self) -> None:
        self.add_folder = button("Add a folder…", self.ask_for_folder)
        self.add_file = button("Add a file…", self.ask_for_file, primary=True)
        self.from_hub = button(
            "From a hub…", lambda: self.desk.open("hub"), tip="Find and download models, once you go online"
        )
        self.header.addWidget(self.from_hub)
        self.header.addWidget(self.add_folder)
        self.header.addWidget(self.add_file)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        self.search = SearchLine(
            self.desk.theme, "Filter models", "Filter by name, type, architecture, folder"
        )
        self.search.textChanged.connect(self._filter)
        self.found = label(LOOKING, tone="muted")
        row.addWidget(self.search, 1)
        row.addWidget(self.found)
        row.addStretch(1)
        self.body.addLayout(row)

    def _make_tables(self) -> None:
        self.models = ModelTable(self.desk.theme)
        self.proxy = ModelFilter(self.models)
        self.table = row_table(self.proxy, "Models", needs=NEEDS)
        self.search.below = self.table
        self.table.set_widths(WIDTHS)
        self.table.selectionModel().selectionChanged.connect(self._picked)
        self.table.activated.connect(lambda index: self.act("teach"))
        self.noting = Noting(
            self.desk,
            self.table,
            "model",
            self._noted,
            noun="model",
            parts=("models",),
            shows=lambda path: ("models", {"model": path}),
            name=lambda path: Path(path).name,
        )
        row_menu(self.table, self.selection_actions)
        self.bad = UnusableTable(self.desk.theme)
        self.bad_title = label(bold=True)
        self.bad_table = row_table(self.bad, "Unusable files", main=1)
        self.bad_table.horizontalHeader().hide()
        self.bad_table.set_widths((30 * GRID,))
        self.bad_table.selectionModel().selectionChanged.connect(self._picked_bad)
        top = QWidget()
        tables = QVBoxLayout(top)
        tables.setContentsMargins(0, 0, 0, 0)
        tables.setSpacing(GRID)
        tables.addWidget(self.table, 1)
        self.table.setMinimumHeight(LEAST_ROWS * grown(ROW))
        self.clear_refused = button(
            "Clear", self._clear_refused, tip="Forget the refused files of this session"
        )
        row = QHBoxLayout()
        row.addWidget(self.bad_title)
        row.addWidget(self.clear_refused)
        row.addStretch(1)
        tables.addLayout(row)
        tables.addWidget(self.bad_table)
        self.detail = ModelDetail(self.desk, self.act)
        self.detail_area = scrolled(self.detail)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(GRID + 4)
        self.splitter.addWidget(top)
        self.splitter.addWidget(self.detail_area)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 2)
        self.body.addWidget(self.splitter, 1)
        self.bad_title.hide()
        self.clear_refused.hide()
        self.bad_table.hide()
        self.detail.show_model(None)
        self.keep("splitter", self.splitter)
        self.keep("columns", self.table)

    def _take_inventory(self) -> None:
        """Take the inventory in the background."""
        library, found = self.desk.library, list(self.desk.models.found)
        self.desk.background.run(
            self, lambda: take_inventory(library, found), self._show, only_newest="inventory"
        )

    def _show(self, items: list[InventoryItem]) -> None:
        chosen = self._wanted or (self.detail.item.model.path if self.detail.item else None)
        known = {one.model.path for one in items}
        refused = [
            InventoryItem(model=one, origin="added", added_path=path)
            for path, one in self._refused.items()
            if path not in known
        ]
        self.models.show([one for one in items if isinstance(one.model, ModelFile)])
        self.bad.show([one for one in items if isinstance(one.model, NotAModel)] + refused)
        self._show_bad()
        self._count()
        self._wanted = chosen
        self._select_wanted()

    def _show_bad(self) -> None:
        rows = len(self.bad.rows)
        self.bad_title.setText(f"Unusable ({rows})")
        self.bad_title.setVisible(rows > 0)
        self.clear_refused.setVisible(bool(self._refused))
        self.bad_table.setVisible(rows > 0)
        self.bad_table.setFixedHeight(min(rows, BAD_ROWS) * grown(ROW) + 6)

    def _count(self) -> None:
        if not self.desk.models.is_read:
            return
        shown, there = self.proxy.rowCount(), len(self.models.rows)
        text = counted(there, "model")
        self.found.setText(text if shown == there else f"{shown} of {text}")

    def _select_wanted(self) -> None:
        """Select the wanted model once it is listed, or the first one if no model is wanted."""
        for table, rows in ((self.table, self.models.rows), (self.bad_table, self.bad.rows)):
            for row, item in enumerate(rows):
                if item.model.path == self._wanted:
                    index = table.model().index(row, 0)
                    if table is self.table:
                        index = self.proxy.mapFromSource(self.models.index(row, 0))
                    self._wanted = None
                    table.selectRow(index.row())
                    table.scrollTo(index)
                    return
        if self.models.rows and not self._wanted:
            self.table.selectRow(0)
        elif self.models.rows and self.detail.item and self._wanted == self.detail.item.model.path:
            self._wanted = None  # the model in detail is no longer listed
            self.table.selectRow(0)

    def _picked(self, chosen: QItemSelection, before: QItemSelection) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows:
            self.bad_table.clearSelection()
            self.detail.show_model(self.models.rows[self.proxy.mapToSource(rows[0]).row()])
        elif not self.bad_table.selectionModel().hasSelection():
            self.detail.show_model(None)

    def _picked_bad(self, chosen: QItemSelection, before: QItemSelection) -> None:
        rows = self.bad_table.selectionModel().selectedRows()
        if rows:
            self.table.clearSelection()
            self.detail.show_model(self.bad.rows[rows[0].row()])

    def _noted(self) -> list[str]:
        """Return the path of the chosen model, which may have a note; that of an unusable file may not."""
        item = self.detail.item
        return [str(item.model.path)] if item and isinstance(item.model, ModelFile) else []

    def act(self, what: str) -> None:
        """Do something with the selected model."""
        if what == "hashed":
            self._take_inventory()
        item = self.detail.item
        if item is None:
            return
        model = item.model
        if what == "remove":
            self._remove(item)
        elif what == "delete":
            ask_to_delete(self, item)
        elif isinstance(model, ModelFile) and model.kind == "gguf" and what == "teach":
            self.desk.open("teacher", model=str(model.path))
        elif isinstance(model, ModelFile) and model.kind == "gguf" and what == "chat":
            self.desk.open("chat", do="new", model=str(model.path))
        elif isinstance(model, ModelFile) and model.kind != "adapter" and what == "train":
            self.desk.open("training", base=str(model.path))
        elif isinstance(model, ModelFile) and what == "export":
            self._export(model.path)

    def _export(self, path: Path) -> None:
        """Open the dialog that exports a student tuned from the model, or the one of the adapter."""
        library = self.desk.library

        def offer(trainings: list[str]) -> None:
            from orca_desk.ui.widgets.export_dialog import ExportDialog

            if not trainings:
                self.notice.show_message(
                    "No training of this model has an adapter in use.", "Train it, or resume its training."
                )
                return
            self.export_dialog = ExportDialog(self.desk, trainings, self)
            self.export_dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.export_dialog.open()

        self.desk.background.run(
            self, lambda: exportable_trainings(library, path), offer, only_newest="export"
        )

    def _remove(self, item: InventoryItem) -> None:
        path, library = item.added_path, self.desk.library
        if self._refused.pop(item.model.path, None):  # it is only a line on this page
            self._take_inventory()
            return
        if path is None:
            self.notice.show_message(
                "You can only remove models you added.",
                "This one is in a folder that Orca Desk always scans.",
            )
            return
        self.desk.do(
            f"remove {path.name}",
            lambda: remove_path(library, path),
            lambda _: restore_path(library, path),
            "models",
            then=lambda _: self.desk.say(
                f"{path.name} is no longer listed; its files are untouched. Press Ctrl+Z to undo."
            ),
        )

    def _clear_refused(self) -> None:
        self._refused.clear()
        self._take_inventory()

    def _added(self, outcome: "tuple[list[Path], list[NotAModel], list[UserError]]") -> None:
        good, refused, errors = outcome
        self._refused.update({one.path: one for one in refused})
        if errors:
            self.notice.show_error(errors[0])
        else:
            self.notice.hide()
        if good:
            self._wanted = good[0]
            self.search.clear()
            self.desk.tell("models")
            self.desk.say(f"Added {counted(len(good), 'model')}.", "good")
        elif refused:
            self._take_inventory()

    def ask_for_file(self) -> None:
        """Ask for a model's file and add it."""
        chosen, _ = QFileDialog.getOpenFileNames(
            self, "Add model files", "", "Models (*.gguf);;All files (*)"
        )
        if chosen:
            self.add([Path(one) for one in chosen])

    def ask_for_folder(self) -> None:
        """Ask for a folder and add its models."""
        chosen = QFileDialog.getExistingDirectory(self, "Add a folder with models")
        if chosen:
            self.add([Path(chosen)])

    def _filter(self, text: str) -> None:
        self.proxy.set_text(text)
        self._count()
        if self.proxy.rowCount() and not self.table.selectionModel().hasSelection():
            self.table.selectRow(0)

    def search_field(self) -> QLineEdit:
        """See Page."""
        return self.search

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Accept files and folders."""
        if local_files(event.mimeData()):
            event.acceptProposedAction()
            self.drop_sign.appear()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """Hide the sign."""
        self.drop_sign.hide()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Add the dropped files and folders."""
        event.acceptProposedAction()
        self.drop_sign.hide()
        self.add(local_files(event.mimeData()))

    def _paint(self) -> None:
        colours = self.desk.theme.colours
        self.add_file.setIcon(icon("plus", colours, "on_accent"))
        self.add_folder.setIcon(icon("folder-plus", colours))
        self.models.repaint()
        self.bad.repaint()


def _add_all(library: Library, paths: Sequence[Path]) -> tuple[list[Path], list[NotAModel], list[UserError]]:
    """Add each path; return the models of the usable ones, then the others with their errors."""
    good: list[Path] = []
    refused: list[NotAModel] = []
    errors: list[UserError] = []
    for path in paths:
        try:
            found = add_path(library, path)
        except UserError as error:
            errors.append(error)
            refused.append(NotAModel(path=path, reason=error.message))
        else:
            good += [one.path for one in found if isinstance(one, ModelFile)]
    return good, refused, errors
