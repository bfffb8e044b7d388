"""The form for growing tasks from documents: which ones, and what the teacher is to ask."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QListWidget,
    QVBoxLayout,
    QWidget,
)

from orca_desk.errors import UserError
from orca_desk.formats.documents import READERS
from orca_desk.method.passages import MOST_WORDS
from orca_desk.steps.grow.documents import WRITE_SAMPLING, DocumentsRequest
from orca_desk.ui.desk import Desk
from orca_desk.ui.pages.grow.fields import add_row, decimal_box, family_box, form
from orca_desk.ui.theme import GRID
from orca_desk.ui.widgets.local_files import local_files
from orca_desk.ui.widgets.settings_form import number_box
from orca_desk.ui.widgets.teacher_picker import TeacherPicker
from orca_desk.ui.widgets.text import button, label
from orca_desk.ui.words.growing import OWN_OPINION

ABOUT = (
    "Documents are cut into passages. The teacher writes questions with answers about each, and answers them"
    " again with the passage, which confirms them, and without it."
)
LIST_HEIGHT = 12 * GRID  # px


class DocumentsForm(QWidget):
    """Edits a `DocumentsRequest`. `changed` is emitted at each edit."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.setAcceptDrops(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label(ABOUT, tone="muted", wrap=True))
        self._add_places(layout)
        self._add_fields(layout)
        layout.addWidget(label(OWN_OPINION, tone="muted", size="caption", wrap=True))
        layout.addStretch(1)

    def value(self) -> DocumentsRequest:
        """Return the request. Raises UserError without a document or a family."""
        places = self._places()
        if not places:
            raise UserError("No document is chosen.", "Add files or a folder, or drop them here.")
        family = self.family.currentText().strip()
        if not family:
            raise UserError("The tasks need a family.", "Name it.")
        return DocumentsRequest(
            places=places,
            model=str(self.picker.path or ""),
            family=family,
            questions=self.questions.value(),
            most_words=self.words.value(),
            limit=self.limit.value(),
            heldout=float(self.heldout.value()),
            with_passage=self.with_passage.isChecked(),
            sampling=replace(WRITE_SAMPLING, temperature=self.temperature.value(), seed=self.seed.value()),
        )

    def set_value(self, request: DocumentsRequest) -> None:
        """Show a request."""
        self.list.clear()
        self.list.addItems(request.places)
        if request.model:
            self.picker.choose(Path(request.model))
        self.family.setCurrentText(request.family)
        self.questions.setValue(request.questions)
        self.words.setValue(request.most_words)
        self.limit.setValue(request.limit)
        self.heldout.setValue(round(request.heldout))
        self.with_passage.setChecked(request.with_passage)
        self.temperature.setValue(request.sampling.temperature)
        self.seed.setValue(request.sampling.seed)
        self._places_changed()

    def set_choices(self, families: Sequence[str], tags: Sequence[str]) -> None:
        """Offer these families; what is written stays."""
        text = self.family.currentText()
        self.family.clear()
        self.family.addItems(list(families))
        self.family.setCurrentText(text)

    def add_places(self, paths: Sequence[Path]) -> None:
        """Add files and folders to the list, each once; the first one names the family."""
        known = set(self._places())
        self.list.addItems([str(path) for path in paths if str(path) not in known])
        if paths and not self.family.currentText().strip():
            self.family.setCurrentText(paths[0].stem)
        self._places_changed()

    def remove_selected(self) -> None:
        """Take the selected ones out of the list."""
        for item in self.list.selectedItems():
            self.list.takeItem(self.list.row(item))
        self._places_changed()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Accept files and folders."""
        if local_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Add what was dropped."""
        self.add_places(local_files(event.mimeData()))
        event.acceptProposedAction()

    def choose_files(self) -> None:
        """Ask for documents."""
        kinds = " ".join(f"*{suffix}" for suffix in READERS)
        dialog = QFileDialog(self, "Add documents", "", f"Documents ({kinds});;All files (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        self._ask(dialog)

    def choose_folder(self) -> None:
        """Ask for a folder of documents."""
        dialog = QFileDialog(self, "Add a folder of documents")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        self._ask(dialog)

    def _ask(self, dialog: QFileDialog) -> None:
        dialog.filesSelected.connect(lambda names: self.add_places([Path(name) for name in names]))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _add_places(self, layout: QVBoxLayout) -> None:
        layout.addWidget(label("Documents", bold=True))
        self.list = QListWidget()
        self.list.setAccessibleName("Documents and folders")
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setFixedHeight(LIST_HEIGHT)
        self.empty = label(
            "Drop documents here, or add them: text, Markdown, HTML, PDF, Word.", tone="muted", wrap=True
        )
        row = QHBoxLayout()
        self.remove = button("Remove", self.remove_selected)
        row.addWidget(button("Add files…", self.choose_files))
        row.addWidget(button("Add folder…", self.choose_folder))
        row.addWidget(self.remove)
        row.addStretch(1)
        QShortcut(
            QKeySequence.StandardKey.Delete,
            self.list,
            self.remove_selected,
            context=Qt.ShortcutContext.WidgetShortcut,
        )
        self.list.itemSelectionChanged.connect(
            lambda: self.remove.setEnabled(bool(self.list.selectedItems()))
        )
        for widget in (self.empty, self.list):
            layout.addWidget(widget)
        layout.addLayout(row)

    def _add_fields(self, layout: QVBoxLayout) -> None:
        self.picker = TeacherPicker(self.desk)
        self.picker.setMinimumContentsLength(16)
        self.family: QComboBox = family_box()
        self.questions, self.words = number_box(1, 10), number_box(30, 1_000)
        self.limit, self.heldout = number_box(0, 10_000_000), number_box(0, 100)
        self.temperature, self.seed = decimal_box(0.0, 2.0), number_box(0, 2**31 - 1)
        self.with_passage = QCheckBox("&Keep the passage with the question")
        self.with_passage.setToolTip("Without it, the student has to know what the passage says.")
        self.limit.setSpecialValueText("all")
        self.limit.setToolTip("Ask about this many passages, spread over all documents: try a few first.")
        self.words.setToolTip("The longest passage, in words. A sentence is never cut.")
        self.heldout.setSuffix(" %")
        self.heldout.setToolTip("Hold out the questions of this share of the passages for evaluation.")
        self.temperature.setToolTip("How freely the teacher writes: 0 is always the same.")
        self.seed.setToolTip("Another seed gives other questions.")
        rows: QFormLayout = form(layout)
        add_row(rows, "&Teacher", self.picker)
        add_row(rows, "Fami&ly", self.family)
        add_row(rows, "&Questions per passage", self.questions)
        add_row(rows, "&Words per passage", self.words)
        add_row(rows, "Maximum &passages", self.limit)
        add_row(rows, "&Held out", self.heldout)
        add_row(rows, "Te&mperature", self.temperature)
        add_row(rows, "&Seed", self.seed)
        layout.addWidget(self.with_passage)
        self.set_value(DocumentsRequest(places=(), model="", family="", most_words=MOST_WORDS))
        self.family.editTextChanged.connect(lambda _: self.changed.emit())
        for box in (self.questions, self.words, self.limit, self.heldout, self.seed, self.temperature):
            box.valueChanged.connect(lambda _: self.changed.emit())
        self.with_passage.toggled.connect(lambda _: self.changed.emit())
        self.picker.chosen.connect(self.changed)

    def _places(self) -> tuple[str, ...]:
        return tuple(self.list.item(row).text() for row in range(self.list.count()))

    def _places_changed(self) -> None:
        self.empty.setVisible(not self.list.count())
        self.list.setVisible(bool(self.list.count()))
        self.remove.setEnabled(bool(self.list.selectedItems()))
        self.changed.emit()
