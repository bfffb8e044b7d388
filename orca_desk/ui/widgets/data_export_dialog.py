"""The dialog that exports any table: which rows, in which format, where to, and what it will look like."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDir, Qt, QTimer
from PySide6.QtGui import QFontDatabase, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.formats.writers.data_formats import DATA_FORMATS, FormatName
from orca_desk.steps.hand_over.hand_over import DataPreview, preview
from orca_desk.steps.hand_over.request import OFFERED, DataTable, HandOverRequest
from orca_desk.ui.desk import Desk
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.dialog_buttons import dialog_buttons
from orca_desk.ui.widgets.save_file import LAST_FOLDER
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.hand_over import FORMAT_WORDS, handed_over_notes, suggested_name

LAST_FORMAT = "window/exported_as/"  # in desk.view_state, by table: the format of the last export
TYPING_MS = 150  # between the last key and the preview
_LONGEST = 1_500  # characters of an example
PLACEHOLDER = "A file; a name without an ending makes a folder"


@dataclass(frozen=True, kw_only=True)
class DataChoice:
    """Rows that can be exported: what the user calls them, their table, and what selects them.

    `wanted` are fields of a `HandOverRequest`, `rowids` those of tasks in the order of their table. `stem`
    begins the suggested name.
    """

    name: str
    table: DataTable
    wanted: Mapping[str, Any] = field(default_factory=dict)
    rowids: Sequence[int] | None = None
    stem: str = ""


class DataExportDialog(QDialog):
    """Lets the user describe an export of one of `choices`; `start(request, rowids)` gets it."""

    def __init__(
        self,
        desk: Desk,
        parent: QWidget,
        *,
        choices: Sequence[DataChoice],
        start: Callable[[HandOverRequest, Sequence[int] | None], object],
    ) -> None:
        super().__init__(parent)
        self.desk = desk
        self._choices, self._start = list(choices), start
        self._suggested = ""
        self._replaced: Path | None = None  # the file that may be written over: the user was asked
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(TYPING_MS)
        self._typing.timeout.connect(self._read_preview)
        self.setWindowTitle("Export data")
        self.resize(112 * GRID, 78 * GRID)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(label("Export data", size="heading", bold=True))
        layout.addLayout(self._build_what())
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addWidget(self._build_formats())
        row.addLayout(self._build_preview(), 1)
        layout.addLayout(row, 1)
        layout.addLayout(self._build_place())
        layout.addWidget(self._build_buttons())
        self._show_choice()

    # What is chosen

    @property
    def choice(self) -> DataChoice:
        """The rows that are chosen."""
        return self._choices[max(0, self.what.currentIndex())]

    def format_name(self) -> FormatName:
        """Return the chosen format."""
        item = self.formats.currentItem()
        name: FormatName = item.data(Qt.ItemDataRole.UserRole) if item else "jsonl"
        return name

    def value(self) -> HandOverRequest:
        """Return the export that is described. Raises UserError if there can be none."""
        if not self.place.text().strip():
            raise UserError("There is no name for the export.", "Name a file or a new folder.")
        return HandOverRequest(
            table=self.choice.table,
            format=self.format_name(),
            path=Path(self.place.text().strip()),
            with_held_out=self.held_out.isChecked() and not self.held_out.isHidden(),
            plain=self.plain.isChecked() and not self.plain.isHidden(),
            about=self.about.isChecked(),
            asks_model=self.model.text().strip(),
            **self.choice.wanted,
        )

    def accept(self) -> None:
        """Start the export, unless something is wrong with it: that is shown here."""
        try:
            request = self.value()
            if request.in_folder and request.path.is_dir() and any(request.path.iterdir()):
                raise UserError(f"{request.path} is not empty.", "Name a new folder.")
        except UserError as error:
            self._complain(error)
            return
        if not request.in_folder and request.path.is_file() and request.path != self._replaced:
            self._replaced = request.path
            self.notes.setText(f"{request.path} already exists. Replace overwrites it.")
            self.export_button.setText("Replace")
            return
        state = self.desk.view_state
        state.setValue(LAST_FOLDER, str(request.path.parent))
        state.setValue(f"{LAST_FORMAT}{request.table}", request.format)
        self._start(request, self.choice.rowids)
        super().accept()

    def choose_place(self) -> None:
        """Let the user choose where to."""
        path = Path(self.place.text().strip() or QDir.homePath())
        dialog = QFileDialog(self, "Export to", str(path.parent))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        if DATA_FORMATS[self.format_name()].folder:
            dialog.setLabelText(QFileDialog.DialogLabel.FileName, "New folder")
        dialog.setDefaultSuffix(path.suffix[1:])
        dialog.selectFile(path.name)
        dialog.fileSelected.connect(self._place_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _place_chosen(self, path: str) -> None:
        self.place.setText(path)
        self._replaced = Path(path)  # the file dialog asked

    # Building

    def _build_what(self) -> QFormLayout:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        self.what = QComboBox()
        self.what.setAccessibleName("What to export")
        self.what.addItems([one.name for one in self._choices])
        self.what.currentIndexChanged.connect(self._show_choice)
        if len(self._choices) > 1:
            form.addRow("&What", self.what)
        else:
            self.what.hide()
            self.what.setParent(self)
            form.addRow(label(self._choices[0].name, tone="muted"))
        return form

    def _build_formats(self) -> QListWidget:
        self.formats = QListWidget()
        self.formats.setAccessibleName("Format")
        self.formats.setFixedWidth(36 * GRID)
        self.formats.currentItemChanged.connect(self._show_format)
        return self.formats

    def _build_preview(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(GRID)
        self.description = label(wrap=True)
        self.notes = label(wrap=True, tone="muted", selectable=True)
        self.notes.setAccessibleName("What the export will contain")
        self.examples = QPlainTextEdit()
        self.examples.setReadOnly(True)
        self.examples.setAccessibleName("Rows as they would be written")
        self.examples.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.examples.setTabChangesFocus(True)
        column.addWidget(self.description)
        column.addWidget(self.notes)
        column.addWidget(self.examples, 1)
        return column

    def _build_place(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(GRID)
        self.model = QLineEdit()
        self.model.setPlaceholderText("gpt-4o-mini")
        self.model.setAccessibleName("Model to name in the batch")
        self.model.setToolTip("The name of the model that answers the batch, as its server knows it")
        self.model_label = label("Model to name in the batch")
        self.model.textChanged.connect(self._ask_preview)
        asked = QHBoxLayout()
        asked.addWidget(self.model_label)
        asked.addWidget(self.model, 1)
        column.addLayout(asked)
        self.place = QLineEdit()
        self.place.setAccessibleName("Export to")
        self.place.setPlaceholderText(PLACEHOLDER)
        self.place.setToolTip(PLACEHOLDER)
        self.place.textChanged.connect(self._ask_preview)
        to = QHBoxLayout()
        to.addWidget(label("To"))
        to.addWidget(self.place, 1)
        to.addWidget(button("Choose…", self.choose_place))
        column.addLayout(to)
        self.held_out = QCheckBox("Include &held-out tasks")
        self.held_out.setToolTip("A model trained on them can no longer be tested on them")
        self.held_out.toggled.connect(self._ask_preview)
        self.plain = QCheckBox("Only the &conversation")
        self.plain.setToolTip("Without id, family, tags, split and strategy in columns beside it")
        self.plain.toggled.connect(self._ask_preview)
        self.about = QCheckBox("&Manifest and data set card beside it")
        self.about.setToolTip("What was written, its hashes, and what was left out and why")
        self.about.setChecked(True)
        options = QHBoxLayout()
        options.setSpacing(2 * GRID)
        for one in (self.about, self.plain, self.held_out):
            options.addWidget(one)
        options.addStretch(1)
        column.addLayout(options)
        return column

    def _build_buttons(self) -> QWidget:
        self.export_button = button("Export", self.accept, primary=True, tip="Ctrl+Enter")
        self.export_button.setEnabled(False)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self).activated.connect(self.export_button.click)
        return dialog_buttons(self, self.export_button)

    # Showing

    def _show_choice(self) -> None:
        choice = self.choice
        kept = self.desk.view_state.value(f"{LAST_FORMAT}{choice.table}", "")
        self.formats.blockSignals(True)
        self.formats.clear()
        for name in OFFERED[choice.table]:
            item = QListWidgetItem(FORMAT_WORDS[name].name)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setToolTip(FORMAT_WORDS[name].about)
            self.formats.addItem(item)
            if name == kept:
                self.formats.setCurrentItem(item)
        if self.formats.currentRow() < 0:
            self.formats.setCurrentRow(0)
        self.formats.blockSignals(False)
        self._show_format()

    def _show_format(self) -> None:
        name, choice = self.format_name(), self.choice
        kind = DATA_FORMATS[name]
        self.description.setText(FORMAT_WORDS[name].about)
        has_beside = kind.shape is not None and name not in ("openai-batch", "lm-eval")
        self.plain.setVisible(has_beside)
        self.held_out.setVisible(choice.table == "tasks" and kind.trains and not kind.folder)
        for one in (self.model, self.model_label):
            one.setVisible(name == "openai-batch")
        # A name that the user wrote stays, as far as it fits
        if self.place.text() in ("", self._suggested):
            folder = Path(str(self.desk.view_state.value(LAST_FOLDER, QDir.homePath())))
            self._suggested = str(suggested_name(choice.table, name, folder, choice.stem))
            self.place.setText(self._suggested)
        self._ask_preview()

    def _ask_preview(self) -> None:
        """Read the preview again once the user pauses; until then nothing can be exported."""
        self._replaced = None
        self.export_button.setText("Export")
        self.export_button.setEnabled(False)
        self._typing.start()

    def _read_preview(self) -> None:
        """Read the first rows as they would be written, and say what of them would be left out."""
        try:
            request = self.value()
        except UserError as error:
            self._complain(error)
            return
        library, rowids = self.desk.library, self.choice.rowids
        self.desk.background.run(
            self,
            lambda: preview(library, request, rowids=rowids),
            self._show_preview,
            failed=self._complain,
            only_newest="preview",
        )

    def _show_preview(self, seen: DataPreview) -> None:
        whole = seen.looked_at == seen.total
        of = f"{seen.total:,} {seen.unit}" if whole else f"the first {seen.looked_at:,} of {seen.total:,}"
        lines = [f"{seen.found.written:,} of {of} will be written.", *handed_over_notes(seen.found)]
        self.notes.setText("\n".join(lines))
        self.examples.setPlainText("\n\n".join(map(_shown, seen.examples)))
        self.export_button.setEnabled(seen.found.written > 0 or not whole)

    def _complain(self, error: Exception) -> None:
        self.desk.background.run(self, lambda: None, only_newest="preview")  # an older one comes too late
        self.notes.setText(str(error))
        self.examples.setPlainText("")
        self.export_button.setEnabled(False)


def _shown(example: Mapping[str, Any]) -> str:
    text = json.dumps(example, ensure_ascii=False, indent=2)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
